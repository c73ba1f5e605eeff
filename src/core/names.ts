/** The names that users choose: what is allowed, and the error when a name is not. */

import { kindOf } from "./misfit.ts";
import { STREAM_ID_BYTES } from "./limits.ts";

/** Stores. Their names appear in paths and in the names of objects. */
export const STORE_NAME = /^[a-z0-9-]{1,64}$/;
/** Categories, aggregates, views, processors, webhooks in code, and commands. */
export const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
/** Event types: wide enough for other systems' type names. Those that begin with `$` are ours. */
export const EVENT_TYPE = /^[A-Za-z0-9_.:/#+$-]{1,128}$/;
/** Event ids: a UUID of any version. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A date with a time that has seconds: RFC 3339 requires them, and zod's check of ISO 8601 does not. */
export const WITH_SECONDS = /T\d\d:\d\d:\d\d/;

export const DEFAULT_STORE = "default";

// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** What most ids look like: these need no closer check. */
const PLAIN_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** What is wrong with a stream's id, or undefined. */
export function streamIdProblem(id: string): string | undefined {
  if (typeof (id as unknown) !== "string") return `a stream id must be a string, not ${kindOf(id)}`;
  if (PLAIN_ID.test(id)) return undefined;
  if (id === "") return "a stream id must not be empty";
  if (id === "." || id === "..") return "a stream id must not be `.` or `..`, which URLs cannot carry";
  if (id.includes("/")) return "a stream id must not contain `/`";
  if (CONTROL.test(id)) return "a stream id must not contain control characters";
  if (!id.isWellFormed()) return "a stream id must be well-formed Unicode";
  if (new TextEncoder().encode(id).length > STREAM_ID_BYTES) return `a stream id has at most ${STREAM_ID_BYTES} bytes of UTF-8`;
  return undefined;
}

/** @throws {TypeError} at start-up, when code declares a name that cannot be part of a route */
export function requireName(what: string, name: string, pattern: RegExp = NAME): void {
  if (typeof (name as unknown) !== "string") throw new TypeError(`the name of the ${what} must be a string, not ${kindOf(name)}`);
  if (!pattern.test(name)) throw new TypeError(`${what} "${name}" is not a valid name: it must match ${pattern.source}`);
}
