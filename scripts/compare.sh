#!/bin/sh
# Compares a backup with a store: every event whole, but for the time of its recording, and what it has declared over HTTP. Says the first difference, with status 1.
#
#   TOKEN=hs_… sh scripts/compare.sh backup.ndjson https://headspring.example.workers.dev/stores/restored
#
# It asks for a piece at a time. If it breaks off, run it again: backup.ndjson.compared says how far it came. The token needs the right read.
set -eu
file=$1
store=$2
. "$(dirname "$0")/pieces.sh"

lifted=0
compare_lifted() { lifted=$((lifted + $1)); }

total=$(wc -l < "$file" | tr -d ' ')
head=$(head_of_log)
go_on_comparing "$head"
compare_up_to "$((head < total ? head : total))"
[ "$head" -ge "$total" ] || different "position $((head + 1)) is missing"
[ "$head" -le "$total" ] || different "it has events behind those of the backup, from position $((total + 1)) on"
compare_definitions "$total"
rm -f "$file.compared"
progress_ends
[ "$lifted" -eq 0 ] || echo "of $lifted events, which newer code has lifted, only id, stream, version, position and type were compared" >&2
echo "$store has all $total events, with the content and at the positions that the backup says"
