/** What expressions have besides data, for completion. The reference is docs/expressions.md. */

import type { Name } from "../../parts/completion.ts";

export const EVENT: readonly Name[] = [
  "event|the event",
  "event.id|its id",
  "event.stream|orders/42",
  "event.streamId|42",
  "event.category|orders",
  "event.version|number, in its stream",
  "event.position|number, in the log",
  "event.type|its type",
  "event.data|its data",
  "event.meta|its meta",
  "event.time|string, RFC 3339",
].map(named);

export const FUNCTIONS: readonly Name[] = [
  "size(|characters, elements or members",
  "has(|whether a path leads to a value",
  "string(|a number or boolean as a string",
  "int(|a whole number: a fraction is cut off",
  "double(|a string as a number",
  "bool(|'true' and 'false' as booleans",
  "type(|'number', 'string', 'boolean', 'null', 'list' or 'map'",
  "dyn(|the value, its type not checked",
  "math.greatest(|the largest number",
  "math.least(|the smallest number",
  "math.abs(|without its sign",
  "math.sign(|-1, 0 or 1",
  "math.ceil(|the whole number above",
  "math.floor(|the whole number below",
  "math.trunc(|the whole number towards 0",
  "math.round(|the nearest whole number",
  ".contains(|string: has this part",
  ".startsWith(|string",
  ".endsWith(|string",
  ".indexOf(|string: where it begins, from 0; -1 if nowhere",
  ".substring(|string: from, to",
  ".lowerAscii()|string",
  ".upperAscii()|string",
  ".trim()|string: without white space at both ends",
  ".replace(|string: part, by",
  ".split(|string: a list",
  ".join(|list: a string",
  ".sum()|list of numbers",
  ".min()|list of numbers",
  ".max()|list of numbers",
  ".size()|characters, elements or members",
  ".all(x, |list: whether it holds for each",
  ".exists(x, |list: whether it holds for one at least",
  ".exists_one(x, |list: whether it holds for exactly one",
  ".filter(x, |list: those that it holds for",
  ".map(x, |list: other values",
  ".orValue(|after .?: another value, where it is missing",
  ".hasValue()|after .?: whether it is there",
].map(named);

function named(line: string): Name {
  const bar = line.indexOf("|");
  return { text: line.slice(0, bar), about: line.slice(bar + 1) };
}
