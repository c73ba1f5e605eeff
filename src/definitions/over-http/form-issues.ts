/** What is wrong with the form of a definition over HTTP. Pure. */

import type * as z from "zod";
import type { Issue } from "../../core/issue.ts";

/** @param at the place of what was parsed */
export function issuesOf({ issues }: z.ZodError, at: string): Issue[] {
  return issues.map(({ path, message }) => ({ path: [at, ...path.map(String)].filter((part) => part !== "").join("."), message }));
}

/** A name that no object may have: schemas would drop it silently, and other code would take it for the object's prototype. */
export function forbiddenIn(value: unknown, path: string): Issue | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const at = path === "" ? name : `${path}.${name}`;
    if (name.split(".").includes("__proto__")) return { path: at, message: "`__proto__` cannot be the name of a member" };
    const found = forbiddenIn(member, at);
    if (found) return found;
  }
  return undefined;
}
