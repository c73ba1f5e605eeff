/**
 * The message for a value that code made and that does not fit its schema: the part of the app, the path, what the schema wants there, and
 * the kind of value it got. Never the value itself: it may be a secret, and messages go to logs.
 */

import * as z from "zod";

/** Paths that one message lists. Ours. */
const PLACES = 5;

/** A value that code made does not fit the schema that code gave. */
export class Misfit extends TypeError {
  override readonly name = "Misfit";
}

/**
 * The value as its schema outputs it.
 *
 * @param part what the value is: ``event `Booked` of aggregate `room` ``
 * @param root what the path begins with: `data`
 * @throws {Misfit} ``event `Booked` of aggregate `room`: `data.from` must be a string, got a number``
 */
export function fitting<Schema extends z.ZodType>(part: string, root: string, schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Misfit(`${part}: ${misfits(root, value, parsed.error)}`);
}

/** The paths that do not fit, in a sentence. */
export function misfits(root: string, value: unknown, { issues }: z.ZodError): string {
  // The first issue of each path is enough: the others follow from it.
  const first = [...new Map(issues.toReversed().map((issue) => [issue.path.join("."), issue])).values()].toReversed();
  const said = first.slice(0, PLACES).map((issue) => sentenceOf(root, value, issue));
  const more = first.length - said.length;
  return said.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function sentenceOf(root: string, value: unknown, issue: z.core.$ZodIssue): string {
  const path = [root, ...issue.path.map(String)].filter(Boolean).join(".");
  const place = path === "" ? "it" : `\`${path}\``;
  const there = issue.path.reduce<unknown>((outer, key) => (outer as Record<PropertyKey, unknown> | null | undefined)?.[key], value);
  switch (issue.code) {
    case "invalid_type":
      // "got a number" would not help where a whole number is wanted.
      return `${place} must be ${wanted(issue.expected)}, ${issue.expected === "int" && Number.isFinite(there) ? "got a fraction" : came(there)}`;
    case "invalid_value":
      return `${place} must be ${oneOf(issue.values)}, ${came(there)}`;
    case "unrecognized_keys":
      return `${place} has no ${issue.keys.map((key) => `\`${key}\``).join(", ")}`;
    default:
      // zod's own words: "Too small: expected number to be >0".
      return `${place}: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}, ${came(there)}`;
  }
}

function wanted(expected: string): string {
  if (expected === "int") return "a whole number";
  if (expected === "null" || expected === "undefined") return expected;
  return withArticle(expected);
}

function oneOf(values: readonly unknown[]): string {
  const texts = values.map((value) => JSON.stringify(value) ?? String(value));
  return texts.length === 1 ? String(texts[0]) : `one of ${texts.join(", ")}`;
}

function came(value: unknown): string {
  return value === undefined ? "and is missing" : `got ${kindOf(value)}`;
}

/** What kind of value it is, for people. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined || (typeof value === "number" && !Number.isFinite(value))) return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value !== "object") return withArticle(typeof value);
  const { constructor } = (Object.getPrototypeOf(value) ?? Object.prototype) as { constructor?: unknown };
  return constructor === Object || typeof constructor !== "function" ? "an object" : withArticle(constructor.name);
}

export function withArticle(noun: string): string {
  return `${/^[aeio]/i.test(noun) ? "an" : "a"} ${noun}`;
}

/** The functions that make the parts of a handler's answer, by their kind. */
const MAKERS: Readonly<Record<string, string>> = {
  event: "`event`",
  after: "`after`",
  cancel: "`cancel`",
  send: "`send`",
  append: "`append`",
  complete: "`complete`",
  nothing: "`nothing`",
  refusal: "`refuse`",
};
/** The whole of an answer, and not an item of a list. */
const ALONE = new Set(["nothing", "refusal"]);

/**
 * The parts of a handler's answer: one, or a list of them.
 *
 * @param answered who answered, for the error: ``command `Book` of aggregate `room`: `decide` ``
 * @param kinds what it may answer
 * @param mayBeAbsent whether `undefined` is an answer too
 * @throws {Misfit} when anything else is in it: ``… must answer with `event` or `nothing`, got a Promise``
 */
export function partsOf<Part extends { readonly kind: string }>(
  answered: string,
  answer: unknown,
  kinds: readonly Part["kind"][],
  mayBeAbsent = false,
): readonly Part[] {
  if (answer === undefined && mayBeAbsent) return [];
  if (!Array.isArray(answer)) return [partOf(answered, answer, kinds)];
  const inLists = kinds.filter((kind) => !ALONE.has(kind));
  return answer.map((part: unknown, index) => partOf<Part>(`item ${index} of the answer of ${answered}`, part, inLists, "come from"));
}

/** The same for an answer that is not a list. */
export function partOf<Part extends { readonly kind: string }>(
  answered: string,
  part: unknown,
  kinds: readonly Part["kind"][],
  verb = "answer with",
): Part {
  const kind: unknown = typeof part === "object" && part !== null && "kind" in part ? part.kind : undefined;
  // Its type was checked where it was written; only its kind may have got past the compiler.
  if (typeof kind === "string" && kinds.includes(kind)) return part as Part;
  const makers = kinds.flatMap((one) => MAKERS[one] ?? []);
  const allowed = makers.length === 1 ? makers.join("") : `${makers.slice(0, -1).join(", ")} or ${makers.at(-1)}`;
  throw new Misfit(`${answered} must ${verb} ${allowed}, got ${(typeof kind === "string" && MAKERS[kind]) || kindOf(part)}`);
}
