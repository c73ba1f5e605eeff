/** Random rows and random queries of the view `specimens`, and what they must answer, worked out in memory. */

import fc from "fast-check";
import type { SpecimenRow } from "./parts.ts";

/** Strings that sort differently by UTF-16 and by UTF-8, and those that mean something to SQL or to a URL. */
const TEXTS = [
  "",
  "a",
  "A",
  "aa",
  "b",
  "é",
  "e\u0301",
  "茶",
  "\u{e000}",
  "\u{ffff}",
  "😀",
  "𐀀",
  "'",
  '"',
  "%",
  "+",
  "a b",
  "null",
  "\n",
  "0",
  "10",
  "9",
  "\0",
  "a\0",
  "a\0b",
];
const text = fc.constantFrom(...TEXTS);
const whole = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER));
const real = fc.oneof(
  fc.integer({ min: -6, max: 6 }).map((n) => n / 4),
  fc.constantFrom(1e21, -1e-7, 5e300),
);

export const specimenOf = (id: fc.Arbitrary<string>): fc.Arbitrary<SpecimenRow> =>
  fc.record(
    {
      id,
      text: fc.option(text),
      word: text,
      whole,
      maybe: fc.option(whole),
      real,
      flag: fc.option(fc.boolean()),
      list: fc.array(fc.constantFrom("x", "y"), { maxLength: 2 }),
    },
    { requiredKeys: ["id", "text", "whole", "maybe", "flag", "list"] },
  );

/** Keys of all kinds, few enough to meet again. */
export const anyId = fc.oneof(
  fc.constantFrom(...TEXTS.filter((one) => one !== "")),
  fc.integer({ min: 0, max: 20 }).map((n) => `k${n}`),
);

type Column = Exclude<keyof SpecimenRow, "list">;
const COLUMNS = ["id", "text", "word", "whole", "maybe", "real", "flag"] as const satisfies Column[];
type Value = string | number | boolean;

const valueOf = (column: Column): fc.Arbitrary<Value> =>
  column === "flag" ? fc.boolean() : column === "whole" || column === "maybe" ? whole : column === "real" ? real : text;

/** A condition as a query string says it, and as a test of a row. */
export interface Asked {
  readonly parameters: readonly (readonly [name: string, value: string])[];
  readonly holds: (row: SpecimenRow) => boolean;
}

const valueIn = (row: SpecimenRow, column: Column): Value | null => row[column] ?? null;

/** Strings by their UTF-8; nothing before everything. */
function compareValues(a: Value | null, b: Value | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (typeof a !== "string" || typeof b !== "string") return Number(a) - Number(b);
  return Buffer.from(a).compare(Buffer.from(b));
}

const asked: fc.Arbitrary<Asked> = fc.constantFrom(...COLUMNS).chain((column): fc.Arbitrary<Asked> => {
  const values = fc.array(valueOf(column), { minLength: 1, maxLength: 3 });
  const among = (list: readonly Value[], row: SpecimenRow) => {
    const value = valueIn(row, column);
    return value !== null && list.some((one) => compareValues(one, value) === 0);
  };
  const isNull = fc.boolean().map((wanted): Asked => ({
    parameters: [[`${column}.is`, wanted ? "null" : "not-null"]],
    holds: (row) => (valueIn(row, column) === null) === wanted,
  }));
  const equal = values.map((list): Asked => ({ parameters: list.map((one) => [column, String(one)]), holds: (row) => among(list, row) }));
  const inList = values
    .filter((list) => !list.some((one) => String(one).includes(",")))
    .map((list): Asked => ({ parameters: [[`${column}.in`, list.join(",")]], holds: (row) => among(list, row) }));
  const other = values.map((list): Asked => ({
    parameters: list.map((one) => [`${column}.ne`, String(one)]),
    holds: (row) => !among(list, row),
  }));
  const range = fc.tuple(fc.constantFrom("gt", "gte", "lt", "lte"), valueOf(column)).map(([operator, bound]): Asked => ({
    parameters: [[`${column}.${operator}`, String(bound)]],
    holds: (row) => {
      const value = valueIn(row, column);
      if (value === null) return false;
      const order = compareValues(value, bound);
      return { gt: order > 0, gte: order >= 0, lt: order < 0, lte: order <= 0 }[operator] ?? false;
    },
  }));
  return column === "flag" ? fc.oneof(isNull, equal, inList, other) : fc.oneof(isNull, equal, inList, other, range);
});

/** Conditions that all hold. One name said twice would be one condition. */
export const conditions = (maxLength: number) => fc.uniqueArray(asked, { selector: ({ parameters }) => parameters[0]?.[0], maxLength });

export interface Sorted {
  readonly parameter: string | undefined;
  readonly compare: (a: SpecimenRow, b: SpecimenRow) => number;
}

export const sorted: fc.Arbitrary<Sorted> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...COLUMNS), fc.boolean()), { selector: ([column]) => column, maxLength: 4 })
  .map((sort) => ({
    parameter: sort.length === 0 ? undefined : sort.map(([column, descending]) => (descending ? "-" : "") + column).join(","),
    compare: (a, b) => {
      for (const [column, descending] of [...sort, ["id", sort.at(-1)?.[1] ?? false] as const]) {
        const order = compareValues(valueIn(a, column), valueIn(b, column));
        if (order !== 0) return descending ? -order : order;
      }
      return 0;
    },
  }));

/** The path of a query. */
export function pathOf(asked: readonly Asked[], sort: Sorted, more: Readonly<Record<string, string>>): string {
  const parameters = new URLSearchParams(asked.flatMap((one) => one.parameters.map(([name, value]) => [name, value])));
  if (sort.parameter !== undefined) parameters.set("sort", sort.parameter);
  for (const [name, value] of Object.entries(more)) parameters.set(name, value);
  return `/views/specimens?${parameters.toString()}`;
}
