/**
 * A hash over code. What functions have computed and a store keeps (a view's table, a snapshot) has it in its name, so that it is not
 * mistaken for what today's functions would compute.
 *
 * A function counts by its source code. So the hash does not see what the function calls elsewhere, or has closed over; `revision` is for
 * that. A build that writes the same code differently makes another hash, which costs a rebuild and nothing else.
 */

import { createHash } from "node:crypto";
import { canonical } from "./json.ts";

/** Functions, and plain data that controls how they are used. */
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

/** The code with every function as its source. A function differs from a string with the same source. */
function textsOf(code: Code): unknown {
  if (typeof code === "function") return { function: code.toString() };
  if (Array.isArray(code)) return code.map(textsOf);
  if (typeof code !== "object" || code === null) return code;
  return Object.fromEntries(Object.entries(code).map(([name, part]) => [name, textsOf(part)]));
}
