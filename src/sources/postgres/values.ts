/**
 * Values as JSON has them, from the text that the server writes of them. Rows of a snapshot and changes of the log go through here alike:
 * the same value is the same JSON.
 */

import type { JsonValue } from "../../core/event.ts";

export type ReadValue = (text: string) => JsonValue;

/** What the text depends on, for the transaction that reads it. */
export const TEXT_SETTINGS =
  "SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'iso_8601'; SET LOCAL timezone = 'UTC'; SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'";

const asText: ReadValue = (text) => text;

/** By the numbers of `pg_type`, which are the same in every database. Every other type is text: a double would lie about int8 and numeric. */
const BUILT_IN: ReadonlyMap<number, ReadValue> = new Map<number, ReadValue>([
  [16, (text) => text === "t"], // bool
  [17, (text) => Buffer.from(text.slice(2), "hex").toString("base64")], // bytea
  [21, number], // int2
  [23, number], // int4
  [26, number], // oid
  [114, json],
  [700, number], // float4
  [701, number], // float8
  [1114, timestamp],
  [1184, timestamp], // with time zone
  [3802, json], // jsonb
  ...[18, 19, 20, 25, 1042, 1043, 1082, 1083, 1186, 1266, 1700, 2950].map((oid) => [oid, asText] as const),
]);

/** Infinity and NaN stay text: JSON has neither. And 0 has one form there. */
function number(text: string): JsonValue {
  const value = Number(text);
  return Number.isFinite(value) ? value + 0 : text;
}

/** Years that RFC 3339 has. Infinity, and years before 1 or after 9999, stay as the server writes them. */
const TIMESTAMP = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(\+00)?$/;

function timestamp(text: string): JsonValue {
  const [, date, time, zone] = TIMESTAMP.exec(text) ?? [];
  return date === undefined ? text : `${date}T${time}${zone === undefined ? "" : "Z"}`;
}

/** Digits so long, or an exponent so large, that a double may be another number. */
const MAY_LIE = /[\d.]{16}|\d[eE]/;

/** A number that a double cannot hold stays its digits, as a string. */
function json(text: string): JsonValue {
  if (!MAY_LIE.test(text)) return JSON.parse(text, plainZero) as JsonValue;
  // The third argument is what JSON.parse has read (ES2025): the types do not know it yet.
  const exact = (_key: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value !== "number" || context?.source === undefined || isSame(String(value), context.source)
      ? plainZero(_key, value)
      : context.source;
  return JSON.parse(text, exact) as JsonValue;
}

function plainZero(_key: string, value: unknown): unknown {
  return value === 0 ? 0 : value;
}

/** Whether two spellings are the same decimal number. */
function isSame(a: string, b: string): boolean {
  return decimal(a) === decimal(b);
}

function decimal(text: string): string {
  const [, sign, whole = "", fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  if (sign === undefined) return text;
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/** A type of `pg_type`, as far as its text depends on it. */
export interface KnownType {
  readonly oid: number;
  /** If it is a domain: the type that it restricts. */
  readonly base?: number;
  /** If it is an array: the type of its elements, and what stands between them. */
  readonly element?: number;
  readonly delimiter: string;
}

/** Asks for types, and for those that they are made of. */
export function typesQuery(oids: readonly number[]): string {
  return `WITH RECURSIVE asked AS (
  SELECT oid, typtype, typbasetype, typelem, typdelim, typoutput FROM pg_catalog.pg_type WHERE oid IN (${oids.map(Number).join(", ")})
  UNION SELECT type.oid, type.typtype, type.typbasetype, type.typelem, type.typdelim, type.typoutput FROM pg_catalog.pg_type AS type, asked
    WHERE type.oid = CASE WHEN asked.typtype = 'd' THEN asked.typbasetype WHEN asked.typoutput = 'array_out'::regproc THEN asked.typelem END
) SELECT oid, CASE WHEN typtype = 'd' THEN typbasetype END, CASE WHEN typtype <> 'd' AND typoutput = 'array_out'::regproc THEN typelem END, typdelim FROM asked`;
}

/** How the values of each type are read, as far as it has been learned. */
export class Types {
  readonly #readers = new Map<number, ReadValue>(BUILT_IN);

  unknownOf(oids: Iterable<number>): readonly number[] {
    return [...new Set(oids)].filter((oid) => !this.#readers.has(oid));
  }

  /** @param rows the answer to {@link typesQuery} */
  learn(asked: readonly number[], rows: readonly (readonly (string | null)[])[]): void {
    const known = new Map<number, KnownType>();
    for (const [oid, base, element, delimiter] of rows)
      known.set(Number(oid), {
        oid: Number(oid),
        delimiter: delimiter ?? ",",
        ...(base === null ? {} : { base: Number(base) }),
        ...(element === null ? {} : { element: Number(element) }),
      });
    // A type that was dropped since is text, as one that only its own program reads.
    for (const oid of asked) this.#readers.set(oid, this.#readerOf(oid, known));
  }

  reader(oid: number): ReadValue {
    return this.#readers.get(oid) ?? asText;
  }

  #readerOf(oid: number, known: ReadonlyMap<number, KnownType>): ReadValue {
    const ready = this.#readers.get(oid);
    const type = known.get(oid);
    if (ready || !type) return ready ?? asText;
    if (type.base !== undefined) return this.#readerOf(type.base, known);
    if (type.element === undefined) return asText;
    const readElement = this.#readerOf(type.element, known);
    const delimiter = known.get(type.element)?.delimiter ?? ",";
    return (text) => array(text, delimiter, readElement);
  }
}

/** Reads what `array_out` writes: `{1,NULL,"a \"b\""}`, nested, perhaps with its bounds before it (`[0:1]={1,2}`), which JSON cannot have. */
function array(text: string, delimiter: string, readElement: ReadValue): JsonValue {
  let at = text.startsWith("[") ? text.indexOf("=") + 1 : 0;
  const level = (): JsonValue[] => {
    const values: JsonValue[] = [];
    at++;
    while (text[at] !== "}") {
      if (at >= text.length) throw new Error("an array of the database ends too early");
      if (text[at] === delimiter) at++;
      values.push(text[at] === "{" ? level() : element());
    }
    at++;
    return values;
  };
  const element = (): JsonValue => {
    if (text[at] !== '"') {
      const begin = at;
      while (at < text.length && text[at] !== delimiter && text[at] !== "}") at++;
      const plain = text.slice(begin, at);
      return plain === "NULL" ? null : readElement(plain);
    }
    let value = "";
    for (at++; text[at] !== '"'; at++) {
      if (at >= text.length) throw new Error("an array of the database ends too early");
      if (text[at] === "\\") at++;
      value += text[at];
    }
    at++;
    return readElement(value);
  };
  return level();
}
