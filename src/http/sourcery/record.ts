/** What is known of the records that a processor or a view gets: plain ones, or joined ones with several parts. Pure. */

import type { JsonValue } from "../../core/event.ts";
import { RULES_NAMES } from "../../definitions/limits.ts";
import { refuse } from "./refuse.ts";
import { literal, member } from "./text.ts";

/** One part of a joined record. */
export interface Part {
  readonly name: string;
  /** The stream or view that it came from. */
  readonly source: string;
}

export interface RecordForm {
  /** What a joined record consists of, in this order; undefined: it is a plain one. */
  readonly parts?: readonly Part[] | undefined;
  /** No schema names its members, so that they may be objects with members of their own. */
  readonly isOpen: boolean;
}

/** The part's name: without `-view`, and without the plural's s. */
export function partNameOf(source: string): string {
  return source.replace(/-view$/, "").replace(/(?<=.)s$/, "");
}

function hasPart({ parts = [] }: RecordForm, name: string | undefined): boolean {
  return parts.some((part) => part.name === name);
}

/** The names that lead to a field. A name that no part of a joined record has is one of its first part. */
export function namesOf(field: string, form: RecordForm, path: string): readonly string[] {
  const names = field.split(".");
  if (names.includes("")) refuse(path, "a field is a name, or names with dots between them");
  if (names.length > RULES_NAMES) refuse(path, `a field has at most ${RULES_NAMES} names with dots between them`);
  const [first] = form.parts ?? [];
  return first && !hasPart(form, names[0]) ? [first.name, ...names] : names;
}

/** The field, as an expression. */
export function fieldOf(field: string, form: RecordForm, path: string): string {
  return member(namesOf(field, form, path));
}

/** What a predicate compares with. */
export interface Operand {
  readonly text: string;
  /** `either`: the field if the record has it, else the string itself. */
  readonly kind: "literal" | "field" | "either";
  readonly value: JsonValue;
}

/** A string with a dot is a field if its first name is a part of the record. Whether a record without a schema has it is seen at each. */
export function operandOf(value: JsonValue, form: RecordForm): Operand {
  const names = typeof value === "string" ? value.split(".") : [];
  if (names.length < 2 || names.length > RULES_NAMES || names.includes("")) return { text: literal(value), kind: "literal", value };
  if (form.parts)
    return hasPart(form, names[0]) ? { text: member(names), kind: "field", value } : { text: literal(value), kind: "literal", value };
  return { text: form.isOpen ? member(names) : literal(value), kind: form.isOpen ? "either" : "literal", value };
}
