/**
 * A hash over code: what was computed by functions and is kept, a view's table or a snapshot, is named by it, so that it is not
 * mistaken for what the functions of today would compute.
 *
 * A function counts by its source text. So what it calls elsewhere, or has closed over, is not seen; for that there is `revision`.
 * A build that writes the same code differently makes another hash, which costs a rebuild and nothing else.
 */

import { createHash } from "node:crypto";
import { canonical } from "./json.ts";

/** Functions, and plain data that says how they are used. */
// oxlint-disable-next-line typescript/no-unsafe-function-type -- any function: it is not called here
export type Code = string | number | boolean | null | undefined | Function | readonly Code[] | { readonly [name: string]: Code };

/** Characters of a hash: 48 bits, for a handful of versions of one thing. */
const LENGTH = 12;

/** The hash: lower-case hex, the same for the same code whatever the order of members. */
export function codeHash(code: Code): string {
  return createHash("sha256")
    .update(canonical(textsOf(code)))
    .digest("hex")
    .slice(0, LENGTH);
}

/** The code with every function as its source text. One that is text already differs from a function of that text. */
function textsOf(code: Code): unknown {
  if (typeof code === "function") return { function: code.toString() };
  if (Array.isArray(code)) return code.map(textsOf);
  if (typeof code !== "object" || code === null) return code;
  return Object.fromEntries(Object.entries(code).map(([name, part]) => [name, textsOf(part)]));
}
