/** The conditions of a request, `If-Match` and `If-None-Match`, and the tags that they name: made, parsed and compared here. */

import { createHash } from "node:crypto";
import type { Expected } from "../core/expected.ts";
import type { AnyAggregate } from "../definitions/aggregate.ts";
import { Problem } from "./problem.ts";
import type { HttpContext } from "./request.ts";

/** Characters of the hash in a tag: 96 bits. */
const TAG_CHARACTERS = 16;

/** The tag of an answer that depends on the version of a stream only. */
export function versionTag(version: number): string {
  return `"${version}"`;
}

/**
 * The tag of an answer that depends on more than the stream's version, such as timers, positions or the code that folds and lifts. It
 * begins with the version, which is what `If-Match` goes by.
 *
 * @param rest everything that the answer contains beyond the version
 */
export function tagOf(version: number, rest: string): string {
  return `"${version}-${hashTag(rest)}"`;
}

/** The tag of an answer that belongs to no stream. */
export function textTag(text: string): string {
  return `"${hashTag(text)}"`;
}

function hashTag(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, TAG_CHARACTERS);
}

/** The values of a condition: tags in their quotes, or `*`. Proxies weaken tags: W/"3" counts like "3". Undefined: it is not sent. */
function named(context: HttpContext, header: "if-match" | "if-none-match"): string[] | undefined {
  return context.req
    .header(header)
    ?.split(",")
    .map((tag) => tag.trim().replace(/^W\//, ""));
}

/** The state of the stream that the conditions of a write require. */
export function expectedOf(context: HttpContext): Expected {
  const [match, noneMatch] = [named(context, "if-match"), named(context, "if-none-match")];
  if (match && noneMatch) throw new Problem("invalid-request", "send If-Match or If-None-Match, not both");
  const [tag = "", ...more] = match ?? noneMatch ?? [];
  if (noneMatch) {
    if (tag === "*" && more.length === 0) return { kind: "absent" };
    throw new Problem("invalid-request", "the only If-None-Match of a write is `*`: the stream must not exist");
  }
  if (!match) return { kind: "any" };
  if (tag === "*" && more.length === 0) return { kind: "exists" };
  // After a hyphen, the tag of a read has what else the answer depends on.
  const version = /^"(\d{1,16})(?:-[\w-]{1,64})?"$/.exec(tag)?.[1];
  if (version !== undefined && more.length === 0) return { kind: "version", version: Number(version) };
  throw new Problem("invalid-request", 'If-Match must be one version in quotes, such as "3", or `*`');
}

/** The same for a command: what the aggregate demands of it, it must have. */
export function expectedOfCommand(context: HttpContext, { name, ifMatch }: AnyAggregate): Expected {
  const expected = expectedOf(context);
  if (ifMatch !== "required" || expected.kind === "version" || expected.kind === "absent") return expected;
  throw new Problem(
    "precondition-required",
    `a command to ${name} must say which version of the stream it was decided on: If-Match: "3", or If-None-Match: * for a new stream`,
  );
}

/** Whether the client of a read has the answer with this tag already. */
export function hasTag(context: HttpContext, etag: string): boolean {
  return named(context, "if-none-match")?.some((tag) => tag === "*" || tag === etag) ?? false;
}
