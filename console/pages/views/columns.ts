/** The columns of a view, as its row's schema has them, and the conditions that they take. */

import { type Schema, choicesOf, membersOf, typeOf } from "../../parts/schema.ts";

export interface Column {
  readonly name: string;
  readonly kind: "text" | "number" | "boolean" | "json";
}

export function columnsOf(row: Schema): Column[] {
  if (typeof row !== "object") return [];
  return membersOf(row, row).map(({ name, schema }) => {
    const types = (choicesOf(schema, row) ?? [schema]).map(typeOf).filter((type) => type !== "null");
    return {
      name,
      kind: new Set(types).size === 1 || types.every((type) => NUMBERS.has(type)) ? (KINDS[types[0] ?? ""] ?? ofEnum(schema.enum)) : "json",
    };
  });
}

const NUMBERS = new Set(["number", "integer"]);
const KINDS: Readonly<Record<string, Column["kind"]>> = { string: "text", number: "number", integer: "number", boolean: "boolean" };

function ofEnum(values: unknown): Column["kind"] {
  return Array.isArray(values) && values.every((value) => typeof value === "string") ? "text" : "json";
}

const ALL = ["=", ".ne=", ".lt=", ".lte=", ".gt=", ".gte=", ".in=", ".is="] as const;
/** What people read for each operator of a condition. */
export const OPERATORS: Readonly<Record<(typeof ALL)[number], string>> = {
  "=": "is",
  ".ne=": "is not",
  ".lt=": "is less than",
  ".lte=": "is at most",
  ".gt=": "is more than",
  ".gte=": "is at least",
  ".in=": "is one of",
  ".is=": "has a value",
};

export function operatorsOf(kind: Column["kind"]): readonly (typeof ALL)[number][] {
  if (kind === "json") return [".is="];
  return kind === "boolean" ? ["=", ".ne=", ".is="] : ALL;
}

/** Conditions as the API's parameters: `total.gt=5` becomes `{"total.gt": ["5"]}`. */
export function conditionsOf(where: readonly string[]): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  for (const one of where) {
    const equals = one.indexOf("=");
    (all[one.slice(0, equals)] ??= []).push(one.slice(equals + 1));
  }
  return all;
}
