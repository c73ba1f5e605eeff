/**
 * What an expression may contain, for people who write one: the names in scope, functions and members, with a line about each. It imports
 * nothing, so that a page can have it without the engine; a test compares it with the engine's tables and with docs/expressions.md.
 */

/** Something to write at a place. */
export interface Completion {
  /** What is inserted: without parentheses. */
  readonly name: string;
  readonly kind: "name" | "member" | "function" | "method" | "macro";
  /** As documentation and messages show it. */
  readonly shown: string;
  /** The kind of its value: a JSON type, `any`, or several with `|`. */
  readonly gives: string;
  readonly what: string;
}

type Line = readonly [name: string, shown: string, gives: string, what: string];

const completions = (kind: Completion["kind"], lines: readonly Line[]): readonly Completion[] =>
  lines.map(([name, shown, gives, what]) => ({ name, kind, shown, gives, what }));

/** Functions. `math` is the part before the dot of some. */
export const FUNCTION_COMPLETIONS: readonly Completion[] = completions("function", [
  ["has", "has(data.note)", "boolean", "whether the path leads to a value; nothing on the way needs to exist"],
  ["size", "size(string, list or map)", "number", "characters, elements, members"],
  ["type", "type(value)", "string", "`'number'`, `'string'`, `'boolean'`, `'null'`, `'list'` or `'map'`"],
  ["string", "string(number, boolean or string)", "string", "a string"],
  ["int", "int(number or string)", "number", "a whole number: a fraction is cut off"],
  ["double", "double(number or string)", "number", "a number"],
  ["bool", "bool(boolean or string)", "boolean", "of the strings, `'true'` and `'false'`"],
  ["dyn", "dyn(value)", "any", "the value, without what is known of it: types are not checked"],
  ["math.greatest", "math.greatest(number, …)", "number", "the greatest of them"],
  ["math.least", "math.least(number, …)", "number", "the least of them"],
  ["math.abs", "math.abs(number)", "number", "without its sign"],
  ["math.sign", "math.sign(number)", "number", "-1, 0 or 1"],
  ["math.ceil", "math.ceil(number)", "number", "the whole number above"],
  ["math.floor", "math.floor(number)", "number", "the whole number below"],
  ["math.trunc", "math.trunc(number)", "number", "the whole number towards 0"],
  ["math.round", "math.round(number)", "number", "the nearest whole number, a half away from 0"],
]);

/** Methods: after a dot. */
export const METHOD_COMPLETIONS: readonly Completion[] = completions("method", [
  ["size", "value.size()", "number", "characters, elements, members"],
  ["contains", "string.contains(part)", "boolean", "whether the part is in it"],
  ["startsWith", "string.startsWith(part)", "boolean", "whether it begins with the part"],
  ["endsWith", "string.endsWith(part)", "boolean", "whether it ends with the part"],
  ["indexOf", "string.indexOf(part)", "number", "where the part begins first, from 0; -1 if nowhere"],
  ["lastIndexOf", "string.lastIndexOf(part)", "number", "where the part begins last, from 0; -1 if nowhere"],
  ["substring", "string.substring(from, to?)", "string", "from one place to before another"],
  ["lowerAscii", "string.lowerAscii()", "string", "the letters A to Z as a to z, nothing else changed"],
  ["upperAscii", "string.upperAscii()", "string", "the letters a to z as A to Z, nothing else changed"],
  ["trim", "string.trim()", "string", "without white space at both ends"],
  ["replace", "string.replace(part, by)", "string", "with all of the parts replaced"],
  ["split", "string.split(separator)", "list", "a list of strings"],
  ["join", "list.join(separator?)", "string", "the strings of the list in one"],
  ["sum", "list.sum()", "number", "the sum of the numbers; of no elements it is 0"],
  ["min", "list.min()", "number", "the smallest number; the list must have one"],
  ["max", "list.max()", "number", "the largest number; the list must have one"],
  ["orValue", "data.?note.orValue(value)", "any", "the value that is after `.?`, or another one where it is missing"],
  ["hasValue", "data.?note.hasValue()", "boolean", "whether what is after `.?` is there"],
]);

/** Macros: after a dot, one in an expression. The first argument is a name for the element. */
export const MACRO_COMPLETIONS: readonly Completion[] = completions("macro", [
  ["all", "list.all(x, condition)", "boolean", "whether it holds for each element"],
  ["exists", "list.exists(x, condition)", "boolean", "whether it holds for at least one"],
  ["exists_one", "list.exists_one(x, condition)", "boolean", "whether it holds for exactly one"],
  ["filter", "list.filter(x, condition)", "list", "the elements that it holds for"],
  ["map", "list.map(x, value)", "list", "a list of values, one for each element"],
]);

export const EVENT_COMPLETIONS: readonly Completion[] = completions("member", [
  ["id", "event.id", "string", "its UUID"],
  ["stream", "event.stream", "string", "its stream, such as `orders/42`"],
  ["streamId", "event.streamId", "string", "the part of the stream's name after the category, such as `42`"],
  ["category", "event.category", "string", "its category, such as `orders`"],
  ["version", "event.version", "number", "its number in its stream, from 1"],
  ["position", "event.position", "number", "its number in the log, from 1"],
  ["type", "event.type", "string", "its event type"],
  ["data", "event.data", "map", "its data as it is stored"],
  ["meta", "event.meta", "map", "what its writer says about it, with `correlationId` and `causationId`"],
  ["time", "event.time", "string", "when it happened (RFC 3339)"],
]);

const EVENT: Line = ["event", "event", "map", "the event that is processed"];
const ROW: Line = ["row", "row", "map", "the whole row before this event"];

/** The names in scope, by the place of an expression in a definition. The names of joins are in addition. */
export const NAME_COMPLETIONS: Readonly<Record<"where" | "value" | "fold" | "step", readonly Completion[]>> = {
  /** `where`, `key` and `remove` of a view. */
  where: completions("name", [["data", "data", "map", "the event's data"], EVENT]),
  /** `value` of a column. */
  value: completions("name", [["data", "data", "map", "the event's data"], EVENT, ROW]),
  /** `fold` of a column. */
  fold: completions("name", [
    ["acc", "acc", "any", "the column before this event"],
    ["data", "data", "map", "the event's data"],
    EVENT,
    ROW,
  ]),
  /** Everything in the steps of a processor. */
  step: completions("name", [["data", "data", "map", "the event's data as the steps so far left it"], EVENT]),
};
