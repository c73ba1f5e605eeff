#!/bin/sh
# Brings a backup into an empty store, and compares.
#
#   TOKEN=hs_… sh scripts/restore.sh backup.ndjson https://headspring.example.workers.dev/stores/restored
#
# Processors and webhooks are paused first and go on at the end of what was imported: they have reacted to it in the old store.
# If it breaks off, run it again: events that are there are skipped. The token needs the rights read and admin.
set -eu
file=$1
store=$2

call() { curl --silent --show-error --fail-with-body --retry 5 ${TOKEN:+-H "Authorization: Bearer $TOKEN"} "$@"; }
post() { call -X POST "$@" > /dev/null; }
# Which event is where: id, stream, version and position.
places() { sed -n -E 's/^(\{"id":"[0-9a-f-]+","stream":"([^"\\]|\\.)*","version":[0-9]+,"position":[0-9]+),.*/\1/p'; }

parts=$(mktemp -d)
trap 'rm -rf "$parts"' EXIT
consumers=$(call "$store/consumers" | grep -oE '"name":"[^"]+","kind":"(processor|webhook)"' | sed -E 's/^"name":"([^"]+)".*/\1/' || true)
for consumer in $consumers; do post "$store/consumers/$consumer/pause"; done

# Some at a time: a request's body may have 100 MB on the platform's smallest plan.
split -a 6 -l 500 "$file" "$parts/part-"
for part in "$parts"/part-*; do
  [ -e "$part" ] || continue
  post -H "Content-Type: application/x-ndjson" --data-binary "@$part" "$store/import"
done

places < "$file" > "$parts/expected"
call -H "Accept: application/x-ndjson" "$store/log" | places > "$parts/there"
cmp "$parts/expected" "$parts/there" || { echo "the store is not what the backup says; its processors and webhooks stay paused" >&2; exit 1; }

head=$(wc -l < "$parts/there" | tr -d ' ')
for consumer in $consumers; do
  post -H "Content-Type: application/json" --data "{\"position\": $head}" "$store/consumers/$consumer/reset"
  post "$store/consumers/$consumer/resume"
done
echo "$store has all $head events, at the positions that the backup says"
