/**
 * Predicates: `{"status": "pending", "qty": {"$lte": 10}}`, as one expression. All conditions must hold. A record that lacks a field, or has a
 * value of another kind than the one that it is compared with, does not fulfil a condition; it never fails the processor.
 */

import type { JsonValue } from "../../core/event.ts";
import { type Operand, type RecordForm, fieldOf, operandOf } from "./record.ts";
import { objectIn, refuse } from "./refuse.ts";
import { literal } from "./text.ts";

const ORDERED: Readonly<Record<string, string>> = { $gt: ">", $gte: ">=", $lt: "<", $lte: "<=" };
const OPERATORS = ["$eq", "$ne", ...Object.keys(ORDERED), "$in"];

/** The predicate, as an expression that gives true or false. */
export function predicate(value: unknown, form: RecordForm, path: string): string {
  const fields = objectIn(value, path, "an object of conditions by field");
  const conditions = Object.entries(fields).flatMap(([field, asked]) => {
    const at = `${path}.${field}`;
    if (field.startsWith("$")) refuse(at, "an operator belongs to a field: {field: {operator: value}}");
    const subject = fieldOf(field, form, at);
    if (!isOperators(asked)) return [compared(subject, "$eq", asked, form, at)];
    return Object.entries(asked).map(([operator, operand]) => compared(subject, operator, operand, form, `${at}.${operator}`));
  });
  return conditions.length === 0 ? "true" : conditions.map((one) => `(${one})`).join(" && ");
}

/** Whether the value has operators, so that it is a condition of one field. */
export function isOperators(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.keys(value).some((name) => name.startsWith("$"));
}

function compared(subject: string, operator: string, value: unknown, form: RecordForm, path: string): string {
  if (operator === "$in") {
    if (!Array.isArray(value)) refuse(path, "must be a list of values");
    return `has(${subject}) && ${subject} in ${literal(value.map((one, index) => scalarIn(one, `${path}.${index}`)))}`;
  }
  if (!OPERATORS.includes(operator)) refuse(path, `unknown operator; there are ${OPERATORS.join(", ")}`);
  const operand = operandOf(scalarIn(value, path), form);
  if (operand.kind !== "either") return comparedWith(subject, operator, operand, path);
  const string: Operand = { text: literal(operand.value), kind: "literal", value: operand.value };
  const field: Operand = { ...operand, kind: "field" };
  return `has(${field.text}) ? ${comparedWith(subject, operator, field, path)} : ${comparedWith(subject, operator, string, path)}`;
}

function comparedWith(subject: string, operator: string, { text, kind, value }: Operand, path: string): string {
  const isThere = kind === "field" ? `has(${subject}) && has(${text})` : `has(${subject})`;
  if (operator === "$eq") return `${isThere} && ${subject} == ${text}`;
  if (operator === "$ne") return `!(${isThere} && ${subject} == ${text})`;
  const sign = ORDERED[operator] as string; // all others have been refused
  if (kind === "field")
    return `${isThere} && type(${subject}) == type(${text}) && type(${subject}) in ["number", "string"] && ${subject} ${sign} ${text}`;
  if (typeof value !== "number" && typeof value !== "string") refuse(path, "must be a number or a string");
  return `${isThere} && type(${subject}) == ${literal(typeof value)} && ${subject} ${sign} ${text}`;
}

function scalarIn(value: unknown, path: string): JsonValue {
  if (typeof value === "object" && value !== null) refuse(path, "must be a string, a number, true, false or null");
  return value as JsonValue;
}
