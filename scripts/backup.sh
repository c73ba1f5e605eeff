#!/bin/sh
# Adds to a file what a store's log has taken since the last time: an event a line, as POST /import takes them.
#
#   TOKEN=hs_… sh scripts/backup.sh https://headspring.example.workers.dev/stores/default backup.ndjson
#
# Positions have no holes, so the number of lines says whether all came. A run that fails leaves the file as it was.
set -eu
store=$1
file=$2

call() { curl --silent --show-error --fail-with-body --retry 5 ${TOKEN:+-H "Authorization: Bearer $TOKEN"} "$@"; }
# The position stands right behind stream and version; what the event says comes after it.
position() { sed -n -E 's/^\{"id":"[0-9a-f-]+","stream":"([^"\\]|\\.)*","version":[0-9]+,"position":([0-9]+),.*/\2/p'; }

touch "$file"
have=$(tail -n 1 "$file" | position)
have=${have:-0}
head=$(call "$store/log/head" | sed -n -E 's/^\{"head":([0-9]+)\}$/\1/p')
[ "$head" -ge "$have" ] || { echo "the file has position $have, the log only $head: this is another store" >&2; exit 1; }

trap 'rm -f "$file.part"' EXIT
call -H "Accept: application/x-ndjson" "$store/log?after=$have&to=$head" > "$file.part"
lines=$(wc -l < "$file.part" | tr -d ' ')
[ "$lines" -eq $((head - have)) ] || { echo "$lines lines came instead of $((head - have)); nothing was added" >&2; exit 1; }
cat "$file.part" >> "$file"
echo "$file has the log up to position $head, $lines of it new"
