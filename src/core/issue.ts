/** One thing that is wrong with a body, and several of them in a sentence. */

import * as z from "zod";

/** A part of an expression: offsets in its text, in UTF-16 units as JavaScript counts. */
export const Span = z.object({ start: z.int(), end: z.int() });
export type Span = Readonly<z.infer<typeof Span>>;

export const Issue = z.object({
  path: z.string().describe("The place in the body or the query, such as `lines.0.sku`. Empty: all of it."),
  message: z.string(),
  at: Span.optional().describe(
    "The part of an expression that is wrong: offsets in its text, in UTF-16 units. Absent: the issue is not about an expression.",
  ),
});
export type Issue = Readonly<z.infer<typeof Issue>>;

/** What is wrong, each with its place. */
export function listed(issues: readonly Issue[]): string {
  return issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
}
