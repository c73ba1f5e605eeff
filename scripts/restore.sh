#!/bin/sh
# Brings a backup into an empty store, and compares: every event whole, but for the time of its recording.
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
# All of an event but the time of its recording, and why this code cannot lift it, both of which stand behind what it says.
content() { sed -E 's/,"recordedAt":"[^"]+"(,"schemaVersion":[0-9]+(,"erased":true)?)(,"unlifted":"([^"\\]|\\.)*")?\}$/\1}/'; }
# The first difference between two files of events. Events that newer code has lifted are compared by id, stream, version,
# position and type only; if there are any, it says how many.
compare() {
  awk -v there="$2" '
    function schema(event) { return match(event, /"schemaVersion":[0-9]+(,"erased":true)?\}$/) ? substr(event, RSTART + 16) + 0 : 0 }
    function place(event) { return match(event, /^\{"id":"[0-9a-f-]+","stream":"([^"\\]|\\.)*","version":[0-9]+,"position":[0-9]+,"type":"[^"]*"/) ? substr(event, 1, RLENGTH) : event }
    { if ((getline other < there) <= 0) { print "line " NR " is missing"; wrong = 1; exit }
      if ($0 == other) next
      if (schema(other) > schema($0) && place(other) == place($0)) { lifted++; next }
      print "line " NR " is another event there: " place(other); wrong = 1; exit }
    END { if (!wrong && (getline other < there) > 0) { print "it has events behind those of the backup"; wrong = 1 }
      if (!wrong && lifted) print "lifted " lifted
      exit wrong }' "$1"
}
different() { echo "the store is not what the backup says: $1; its processors and webhooks stay paused" >&2; exit 1; }

parts=$(mktemp -d)
trap 'rm -rf "$parts"' EXIT
consumers=$(call "$store/consumers" | grep -oE '"name":"[^"]+","kind":"(processor|webhook)"' | sed -E 's/^"name":"([^"]+)".*/\1/' || true)
for consumer in $consumers; do post "$store/consumers/$consumer/pause"; done

# Some at a time: a request's body may have 100 MB on the platform's smallest plan.
split -a 6 -l 500 "$file" "$parts/part-"
import_parts() {
  for part in "$parts"/part-*; do
    [ -e "$part" ] || continue
    call -X POST -H "Content-Type: application/x-ndjson" --data-binary "@$part" "$store/import"
    echo
  done
}
import_parts > /dev/null

content < "$file" > "$parts/expected"
call -H "Accept: application/x-ndjson" "$store/log" > "$parts/exported"
content < "$parts/exported" > "$parts/there"
compared=$(compare "$parts/expected" "$parts/there") || different "$compared"
# An export shows what was lifted, and only the store knows what it was: it compares that itself when it is sent again.
if [ -n "$compared" ]; then
  import_parts > "$parts/again"
  if grep -vE '"imported":0,' "$parts/again" > /dev/null; then different "events that newer code has lifted were not there"; fi
fi

head=$(wc -l < "$parts/there" | tr -d ' ')
for consumer in $consumers; do
  post -H "Content-Type: application/json" --data "{\"position\": $head}" "$store/consumers/$consumer/reset"
  post "$store/consumers/$consumer/resume"
done
echo "$store has all $head events, with the content and at the positions that the backup says"
