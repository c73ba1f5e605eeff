# What backup.sh, restore.sh and compare.sh share: calls to a store, its log in pieces, and the comparison of both. They set `store` and `file`.
#
# PIECE (50000) is how many events go into one request. A piece of events as large as they may be ends earlier, at 32 MiB of an
# import and 64 MiB of an export: a request's body may have 100 MB on the platform's smallest plan, and a request 30 s of CPU.

LC_ALL=C # a character is a byte
export LC_ALL
PIECE=${PIECE:-50000}
PIECE_BYTES=33554432
# Seconds before a call is made again that had no answer, or one that says to try again.
PAUSES=${PAUSES:-"1 2 4 8 16"}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  [ ! -t 2 ] || printf '\r\033[K' >&2
  echo "$1" >&2
  exit 1
}

# Only for somebody who watches.
progress() { [ ! -t 2 ] || printf '\r\033[K%s %s of %s events' "$1" "$2" "$3" >&2; }
progress_ends() { [ ! -t 2 ] || printf '\r\033[K' >&2; }

# The token stands in no list of processes: curl reads it as a line of its configuration.
one_call() { { [ -z "${TOKEN:-}" ] || printf 'header = "Authorization: Bearer %s"\n' "$TOKEN"; } | curl --config - --silent --show-error --connect-timeout 30 --speed-limit 1 --speed-time 300 "$@"; }

# fetch ANSWER [curl's arguments]…: also takes a 503 that says where an import is to go on. `passing` is one more status that passes.
fetch() {
  answer=$1
  shift
  for pause in $PAUSES ""; do
    : > "$answer"
    failure=0
    status=$(one_call --output "$answer" --write-out '%{http_code}' "$@" 2> "$work/why") || failure=$?
    case $failure:$status in
      0:2??) return ;;
      0:503) ! grep -q '"next":' "$answer" || return 0 ;;
      # Not reached, broken off, too late, hung up.
      0:5?? | 0:429 | "0:${passing:-}" | 7:* | 18:* | 28:* | 35:* | 52:* | 55:* | 56:* | 92:*) ;;
      *) break ;;
    esac
    [ -z "$pause" ] || sleep "$pause"
  done
  fail "${about:-}$(cat "$work/why" "$answer")"
}

head_of_log() {
  fetch "$work/head" "$store/log/head"
  sed -n -E 's/^\{"head":([0-9]+)\}$/\1/p' "$work/head"
}

# export_piece AFTER TO: the events go to $work/there, and `next` is the last one's position. A piece without its last line broke off.
export_piece() {
  for later in $PAUSES ""; do
    fetch "$work/piece" -H "Accept: application/x-ndjson" "$store/log?after=$1&to=$2&limit=$PIECE"
    next=$(tail -n 1 "$work/piece" | sed -n -E 's/^\{"hasMore":(true|false),"next":([0-9]+),"head":[0-9]+\}$/\2/p')
    [ -z "$next" ] || break
    [ -z "$later" ] || sleep "$later"
  done
  [ -n "$next" ] || fail "the export after position $1 breaks off, again and again"
  sed '$d' "$work/piece" > "$work/there"
  came=$(wc -l < "$work/there" | tr -d ' ')
  [ "$came" -gt 0 ] && [ "$came" -eq $((next - $1)) ] || fail "$came events came after position $1, up to $next; positions have no holes"
}

# definitions_of POSITION: what the store has declared goes to $work/declared, a line each.
definitions_of() {
  fetch "$work/definitions" -H "Accept: application/x-ndjson" "$store/log?definitions=true&after=$1&to=$1&limit=1"
  tail -n 1 "$work/definitions" | grep -q '^{"hasMore":false,' || fail "the export of definitions breaks off; run it again"
  sed '$d' "$work/definitions" > "$work/declared"
}

# compare_definitions POSITION: with those of the backup, but for how far processors are.
compare_definitions() {
  [ -f "$file.definitions" ] || return 0
  definitions_of "$1"
  without_positions "$file.definitions" > "$work/expected"
  without_positions "$work/declared" > "$work/found"
  wrong=$(awk -v there="$work/found" '{ if ((getline other < there) <= 0) other = "nothing"; if ($0 != other) { print NR; exit } }
    END { if ((getline other < there) > 0) print NR + 1 }' "$work/expected" | head -n 1)
  [ -z "$wrong" ] || different "line $wrong of $file.definitions declares something else than it does: $(sed -n "${wrong}p" "$work/found" | head -c 200)"
}
without_positions() { sed -E 's/,"position":[0-9]+\}\}$/}}/' "$1"; }

# The position stands right behind stream and version; what the event says comes after it.
position() { sed -n -E 's/^\{"id":"[0-9a-f-]+","stream":"([^"\\]|\\.)*","version":[0-9]+,"position":([0-9]+),.*/\2/p'; }
place() { sed -n -E 's/^(\{"id":"[0-9a-f-]+","stream":"([^"\\]|\\.)*","version":[0-9]+,"position":[0-9]+,"type":"[^"]*").*/\1/p'; }
size() { wc -c < "$1" | tr -d ' '; }
# from BYTE FILE: what stands behind so many bytes.
from() { tail -c +"$(($1 + 1))" "$2"; }

# All of an event but the time of its recording, and why this code cannot lift it, both of which stand behind what it says.
content() { sed -E 's/,"recordedAt":"[^"]+"(,"schemaVersion":[0-9]+(,"erased":true)?)(,"unlifted":"([^"\\]|\\.)*")?\}$/\1}/' "$1"; }

# first_difference AFTER HERE THERE: of two files with as many events. Events that newer code has lifted are compared by id, stream,
# version, position and type only; if there are any, it says how many.
first_difference() {
  awk -v after="$1" -v there="$3" '
    function schema(event) { return match(event, /"schemaVersion":[0-9]+(,"erased":true)?\}$/) ? substr(event, RSTART + 16) + 0 : 0 }
    function place(event) { return match(event, /^\{"id":"[0-9a-f-]+","stream":"([^"\\]|\\.)*","version":[0-9]+,"position":[0-9]+,"type":"[^"]*"/) ? substr(event, 1, RLENGTH) : event }
    # The member of the event in which the byte stands.
    function member(event, byte,   i, c, depth, quoted, name, text) {
      for (i = 1; i <= byte && i <= length(event); i++) {
        c = substr(event, i, 1)
        if (quoted) {
          if (c == "\\") { i++; text = text c }
          else if (c == "\"") quoted = 0
          else if (depth == 1) text = text c
        } else if (c == "\"") { quoted = 1; text = "" }
        else if (c == "{" || c == "[") depth++
        else if (c == "}" || c == "]") depth--
        else if (c == ":" && depth == 1) name = text
        else if (c == "," && depth == 1) name = ""
      }
      return name == "" ? "its members" : name
    }
    function differs(a, b,   low, high, middle) {
      low = 0; high = length(a) < length(b) ? length(a) : length(b)
      while (low < high) { middle = int((low + high + 1) / 2); if (substr(a, 1, middle) == substr(b, 1, middle)) low = middle; else high = middle - 1 }
      return low + 1
    }
    { if ((getline other < there) <= 0) { print "position " after + NR " is missing"; wrong = 1; exit }
      if ($0 == other) next
      if (schema(other) > schema($0) && place(other) == place($0)) { lifted++; next }
      byte = differs($0, other)
      print "position " after + NR " is another event there, from " member($0, byte) " on (byte " byte "): " place(other) "; in the backup it is " place($0)
      wrong = 1; exit }
    END { if (!wrong && lifted) print lifted; exit wrong }' "$2"
}

different() { fail "the store is not what the backup says: $1${paused:+; its processors and webhooks stay paused}"; }

# Up to where both were compared in a run before this one: `at`, with as many bytes before it in the file. What stands there is still the same file.
go_on_comparing() {
  at=0 bytes_before=0
  [ -f "$file.compared" ] || return 0
  while read -r of to bytes sum; do
    [ "$of" = "$store" ] && [ "$(from "$bytes_before" "$file" | head -c "${bytes:-0}" | cksum | tr -d ' ')" = "$sum" ] || break
    at=$to bytes_before=$((bytes_before + bytes))
    echo "$of $to $bytes $sum"
  done < "$file.compared" > "$work/compared"
  if [ "$at" -gt "$1" ]; then # the store was emptied
    at=0 bytes_before=0
    : > "$work/compared"
  fi
  cp "$work/compared" "$file.compared.new" && mv "$file.compared.new" "$file.compared" || true
}

# compare_up_to POSITION: what both have. Notes each piece in a file beside the backup, so that the next run goes on behind it.
compare_up_to() {
  while [ "$at" -lt "$1" ]; do
    progress compared "$at" "$total"
    export_piece "$at" "$1"
    from "$bytes_before" "$file" | head -n $((next - at)) > "$work/here"
    content "$work/here" > "$work/expected"
    content "$work/there" > "$work/found"
    found=$(first_difference "$at" "$work/expected" "$work/found") || different "$found"
    [ -z "$found" ] || compare_lifted "$found"
    bytes=$(size "$work/here")
    { echo "$store $next $bytes $(cksum < "$work/here" | tr -d ' ')" >> "$file.compared"; } 2> /dev/null || true
    at=$next bytes_before=$((bytes_before + bytes))
  done
}
