#!/bin/sh
# Brings a backup into an empty store, and compares: every event whole, but for the time of its recording.
#
#   TOKEN=hs_… sh scripts/restore.sh backup.ndjson https://headspring.example.workers.dev/stores/restored
#
# Processors and webhooks are paused first and go on at the end of what was imported: they have reacted to it in the old store.
# What the old store had declared over HTTP is in backup.ndjson.definitions: categories come before the events; views and processors after
# them, which go on where they were.
#
# It sends a piece at a time and compares it. If it breaks off, run it again: it goes on at the store's head. The token needs the
# rights read and admin.
set -eu
file=$1
store=$2
. "$(dirname "$0")/pieces.sh"

post() { fetch "$work/posted" -X POST "$@"; }

# import_lines FILE: all of them, in as many requests as the store wants.
import_lines() {
  imported=0
  about="of the lines from $((at + 1)) on: "
  cp "$1" "$work/rest"
  while :; do
    fetch "$work/imported" -X POST -H "Content-Type: application/x-ndjson" --data-binary "@$work/rest" "$store/import"
    grep -q '"imported":0[,}]' "$work/imported" || imported=1
    taken=$(sed -n -E 's/.*"next":([0-9]+).*/\1/p' "$work/imported")
    [ -n "$taken" ] || break
    about="of the lines behind the last one that was taken: "
    tail -n +$((taken + 1)) "$work/rest" > "$work/behind"
    mv "$work/behind" "$work/rest"
  done
  about=
}

# An export shows what was lifted, and only the store knows what it was: it compares that itself when it is sent again.
compare_lifted() {
  import_lines "$work/here"
  [ "$imported" -eq 0 ] || different "events that newer code has lifted were not there"
}

# The last line may have been cut when the backup was: it is no event.
total=$(wc -l < "$file" | tr -d ' ')
[ ! -s "$file" ] || [ "$(tail -c 1 "$file" | wc -l)" -eq 1 ] || echo "the last line of $file was cut and is left out" >&2
head -n "$total" "$file" | position > "$work/positions"
wrong=$(awk '$1 != NR { print NR; found = 1; exit } END { if (!found) print NR + 1 }' "$work/positions")
[ "$wrong" -gt "$total" ] || fail "$file is damaged: line $wrong is not the event at position $wrong; nothing was imported"

head=$(head_of_log)
[ "$head" -le "$total" ] || different "it has events behind those of the backup, from position $((total + 1)) on"
go_on_comparing "$head"
compare_up_to "$head"

fetch "$work/consumers" "$store/consumers"
# A processor that was declared over HTTP, by an earlier run of this, goes on where it was.
consumers=$(grep -oE '"name":"[^"]+","kind":"(processor|webhook)"(,"origin":"[a-z]+")?' "$work/consumers" |
  grep -v '"kind":"processor","origin":"api"' | sed -E 's/^"name":"([^"]+)".*/\1/' || true)
for consumer in $consumers; do post "$store/consumers/$consumer/pause"; done
paused=yes

DECLARES_CATEGORY='^\{"definition":\{"kind":"category","name":"[^"]*","definition":'
if [ -f "$file.definitions" ]; then
  grep -E "$DECLARES_CATEGORY" "$file.definitions" > "$work/categories" || true
  grep -vE "$DECLARES_CATEGORY" "$file.definitions" > "$work/others" || true
  [ ! -s "$work/categories" ] || import_lines "$work/categories"
fi

while [ "$at" -lt "$total" ]; do
  progress imported "$at" "$total"
  from "$bytes_before" "$file" | head -n $((total - at)) |
    awk -v lines="$PIECE" -v bytes="$PIECE_BYTES" '(sum += length($0) + 1) > bytes && NR > 1 || NR > lines { exit } { print }' > "$work/sent"
  import_lines "$work/sent"
  head=$(head_of_log)
  [ "$head" -gt "$at" ] || different "it has the event at position $((at + 1)) of the backup at another position"
  [ "$head" -le "$total" ] || different "it has events behind those of the backup, from position $((total + 1)) on"
  compare_up_to "$head"
done

# One that was at work when it was paused may still move: 409.
passing=409
for consumer in $consumers; do
  post -H "Content-Type: application/json" --data "{\"position\": $total}" "$store/consumers/$consumer/reset"
  post "$store/consumers/$consumer/resume"
done
# After the events, so that a processor stores nothing that these have, too.
[ ! -s "$work/others" ] || import_lines "$work/others"
compare_definitions "$total"
rm -f "$file.compared"
progress_ends
echo "$store has all $total events, with the content and at the positions that the backup says"
