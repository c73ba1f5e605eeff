/** What may follow at a place of an expression that is being written. Pure, and without the engine: a page has it. */

import { type Completion, EVENT_COMPLETIONS, FUNCTION_COMPLETIONS, MACRO_COMPLETIONS, METHOD_COMPLETIONS } from "./completions.ts";

/** What is known where an expression stands. */
export interface Around {
  /** See `NAME_COMPLETIONS`; and the names of joins. */
  readonly names: readonly Completion[];
  /** JSON Schemas of the values that names may have: of `data` those of the events that the definition handles. */
  readonly schemas?: Readonly<Record<string, readonly unknown[]>>;
}

export interface Completing {
  /** Where the word begins that is being written: offsets in the text. */
  readonly from: number;
  readonly to: number;
  readonly items: readonly Completion[];
}

/** A path, and the word after its last dot. `.?` counts as a dot. */
const PATH = /((?:[A-Za-z_]\w*\.\??)*)([A-Za-z_]\w*)?$/;
/** What begins like the word at an offset. Within a string or a comment: nothing. */
export function completeAt(text: string, offset: number, { names, schemas = {} }: Around): Completing {
  const before = text.slice(0, offset);
  const [, path = "", word = ""] = PATH.exec(before) ?? [];
  const from = offset - word.length;
  const to = offset + (/^\w*/.exec(text.slice(offset))?.[0].length ?? 0);
  const none = { from, to, items: [] };
  if (isInside(before)) return none;
  const isAfterDot = path !== "" || /\.\??$/.test(before.slice(0, from));
  const candidates = isAfterDot ? membersOf(path, schemas) : [...names, ...FUNCTION_COMPLETIONS];
  const asWritten = isAfterDot && path === "math." ? `math.${word}` : word;
  const items = candidates.filter(({ name }) => name.toLowerCase().startsWith(asWritten.toLowerCase()));
  return { from: path === "math." ? from - path.length : from, to, items };
}

/** Whether what is written so far ends within a string or a comment. */
function isInside(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const [quote = ""] = /^(?:"""|'''|["']|\/\/)/.exec(text.slice(at, at + 3)) ?? [];
    if (quote === "") continue;
    const isRaw = /(?:^|\W)[rR]$/.test(text.slice(Math.max(0, at - 2), at));
    const close = quote === "//" ? "\n" : quote;
    let end = at + quote.length;
    while (end < text.length && !text.startsWith(close, end)) end += text[end] === "\\" && quote !== "//" && !isRaw ? 2 : 1;
    if (end >= text.length) return true;
    at = end + close.length - 1;
  }
  return false;
}

function membersOf(path: string, schemas: Readonly<Record<string, readonly unknown[]>>): readonly Completion[] {
  const [first = "", ...rest] = path.split(/\.\??/).slice(0, -1);
  if (first === "math" && rest.length === 0) return FUNCTION_COMPLETIONS.filter(({ name }) => name.startsWith("math."));
  const after = [...METHOD_COMPLETIONS, ...MACRO_COMPLETIONS];
  if (first === "event" && rest.length === 0) return [...EVENT_COMPLETIONS, ...after];
  // What an event's data has, its `event.data` has.
  const [root, inner] = first === "event" && rest[0] === "data" ? ["data", rest.slice(1)] : [first, rest];
  const known = Object.hasOwn(schemas, root) ? (schemas[root] ?? []) : [];
  return [...membersIn(known, [root, ...inner].join("."), inner), ...after];
}

/** Parts of a schema that are looked at. Ours: far above what anybody writes by hand. */
const PARTS = 500;

type Schema = Readonly<Record<string, unknown>>;
/** A schema, with the document that its references are in. */
type Placed = readonly [schema: Schema, document: Schema];

/** The members that values of these schemas may have under a path. */
export function membersIn(schemas: readonly unknown[], path: string, names: readonly string[]): Completion[] {
  let at = schemas.filter(isSchema).map((schema): Placed => [schema, schema]);
  for (const name of names)
    at = at.flatMap((one) =>
      propertiesOf(one)
        .filter(([own]) => own === name)
        .map(([, member]) => member),
    );
  const found = new Map<string, Completion>();
  for (const [name, member] of at.flatMap((one) => propertiesOf(one))) {
    // Only what can be written after a dot.
    if (!/^[A-Za-z_]\w*$/.test(name) || found.has(name)) continue;
    const [{ description }] = member;
    const what = typeof description === "string" ? description : "";
    found.set(name, { name, kind: "member", shown: `${path}.${name}`, gives: kindOf(member), what });
  }
  return [...found.values()];
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The parts that say what members an object has, each once: they may refer to each other. */
function partsOf([schema, document]: Placed, seen = new Set<Schema>()): Placed[] {
  if (seen.has(schema) || seen.size > PARTS) return [];
  seen.add(schema);
  const { $ref } = schema;
  const target = typeof $ref === "string" ? referred($ref, document) : undefined;
  const others = ["allOf", "anyOf", "oneOf"].flatMap((keyword) => (Array.isArray(schema[keyword]) ? (schema[keyword] as unknown[]) : []));
  const inner = [...(target ? [target] : []), ...others.filter(isSchema)];
  return [[schema, document], ...inner.flatMap((one) => partsOf([one, document], seen))];
}

function referred(reference: string, document: Schema): Schema | undefined {
  if (!reference.startsWith("#")) return undefined;
  let at: unknown = document;
  for (const part of reference.slice(1).split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    at = isSchema(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return isSchema(at) ? at : undefined;
}

function propertiesOf(placed: Placed): [name: string, member: Placed][] {
  return partsOf(placed).flatMap(([{ properties }, document]) =>
    isSchema(properties)
      ? Object.entries(properties).flatMap(([name, member]): [string, Placed][] => (isSchema(member) ? [[name, [member, document]]] : []))
      : [],
  );
}

/** What expressions call the JSON types. */
const KINDS: Readonly<Record<string, string>> = { integer: "number", array: "list", object: "map" };

function kindOf(member: Placed): string {
  const types = partsOf(member)
    .flatMap(([{ type }]) => (type === undefined ? [] : [type].flat()))
    .filter((one) => typeof one === "string");
  return [...new Set(types.map((type) => KINDS[type] ?? type))].join(" | ") || "any";
}
