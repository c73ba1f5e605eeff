#!/bin/sh
# Adds to a file what a store's log has taken since the last time: an event a line, as POST /import takes them.
#
#   TOKEN=hs_… sh scripts/backup.sh https://headspring.example.workers.dev/stores/default backup.ndjson
#
# What the store has declared over HTTP (categories, views, processors) goes to a file beside it, backup.ndjson.definitions, whole each time.
#
# Positions have no holes, so the number of lines says whether all came. It asks for a piece at a time, and may be killed at any
# moment: the next run takes off a line that was cut, and goes on behind the last whole one.
set -eu
store=$1
file=$2
. "$(dirname "$0")/pieces.sh"

# A process that the one before has left may still be writing: until it is still, nothing is taken off.
repair() {
  while [ -s "$file" ] && [ "$(tail -c 1 "$file" | wc -l)" -eq 0 ]; do
    before=$(size "$file")
    sleep "${PAUSES%% *}"
    [ "$(size "$file")" -eq "$before" ] || continue
    dd if=/dev/null of="$file" bs=1 seek=$((before - $(tail -n 1 "$file" | wc -c))) count=0 2> /dev/null
  done
}

touch "$file"
repair
last=$(tail -n 1 "$file" | position)
have=${last:-0}
lines=$(wc -l < "$file" | tr -d ' ')
[ "$lines" -eq "$have" ] || fail "$file is no backup, or damaged: it has $lines lines, and the last one's position is ${last:-missing}"

head=$(head_of_log)
[ "$head" -ge "$have" ] || fail "the file has position $have, the log only $head: this is another store"
if [ "$have" -gt 0 ]; then
  export_piece $((have - 1)) "$have"
  [ "$(place < "$work/there")" = "$(tail -n 1 "$file" | place)" ] || fail "the log has another event at position $have: this is another store"
fi

added=0
while [ "$have" -lt "$head" ]; do
  progress "backed up" "$have" "$head"
  before=$(size "$file")
  export_piece "$have" "$head"
  [ "$(size "$file")" -eq "$before" ] || fail "somebody else adds to $file; run it again when that has ended"
  cat "$work/there" >> "$file"
  added=$((added + next - have))
  have=$next
done
definitions_of "$head"
cp "$work/declared" "$file.definitions.new"
mv "$file.definitions.new" "$file.definitions"
progress_ends
echo "$file has the log up to position $head, $added of it new"
