/** What is wrong with a body of Sourcery's surface, and where. */

import { Problem } from "../problem.ts";

/** @param path the place in the body */
export function refuse(path: string, message: string): never {
  throw new Problem("invalid-request", path === "" ? message : `${path}: ${message}`, { issues: [{ path, message }] });
}

/** The value, if it is an object. */
export function objectIn(value: unknown, path: string, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(path, `must be ${what}`);
  return value as Readonly<Record<string, unknown>>;
}

/** The value, if it is a string with something in it. */
export function stringIn(value: unknown, path: string, what: string): string {
  if (typeof value !== "string" || value === "") refuse(path, `must be ${what}`);
  return value;
}

/** Refuses members that the body does not take. */
export function requireKnown(body: Readonly<Record<string, unknown>>, known: readonly string[], path = ""): void {
  const name = Object.keys(body).find((one) => !known.includes(one));
  if (name !== undefined) refuse(path === "" ? name : `${path}.${name}`, `it is none of ${known.join(", ")}`);
}
