/** Pieces of expressions. What a client sends becomes a literal or a name in brackets, never text of an expression. Pure. */

import type { JsonValue } from "../../core/event.ts";

/** The value, as an expression. */
export function literal(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "number") return numeral(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}: ${literal(member)}`)
    .join(", ")}}`;
}

/** Beyond what a literal of a whole number may be, it is written with an exponent. */
export function numeral(value: number): string {
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : JSON.stringify(value);
}

/** The member of `data` that these names lead to. */
export function member(names: readonly string[], root = "data"): string {
  return root + names.map((name) => `[${JSON.stringify(name)}]`).join("");
}
