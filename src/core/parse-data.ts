/** Data against its zod schema: its output, or what is wrong with it. Pure. */

import type * as z from "zod";
import type { Issue } from "./issue.ts";
import { droppedMembers, strictly } from "./strict-schema.ts";

/**
 * The data of a command or a fact as its schema outputs it, or what is wrong with it.
 *
 * @param strict members that the schema does not declare are errors: the data came from a client, where no compiler has checked it
 */
export function parseData(schema: z.ZodType, body: unknown, strict = false): { data: unknown } | { issues: Issue[] } {
  const parsed = (strict ? strictly(schema) : schema).safeParse(body);
  if (!parsed.success) return { issues: issuesOf(parsed.error) };
  const issues = droppedMembers(body, parsed.data);
  return issues.length > 0 ? { issues } : { data: parsed.data };
}

/** What zod found, in the form of the problem documents. Each unknown member is an issue of its own. */
export function issuesOf(error: z.ZodError): Issue[] {
  return error.issues.flatMap((issue) => {
    const { path, message } = issue;
    if (issue.code !== "unrecognized_keys") return [{ path: path.map(String).join("."), message }];
    return issue.keys.map((key) => ({ path: [...path, key].map(String).join("."), message: `Unrecognized key: "${key}"` }));
  });
}
