/** Sources, as their own routes show them. */

import * as z from "zod";
import { Json, Name, StreamName } from "../../../core/answer.ts";
import { Span } from "../../../core/issue.ts";
import { SourceProgress } from "../../../store/source-protocol.ts";
import { definitionDryRun } from "./dry-runs.ts";
import { declared } from "./consumers.ts";

export const sourceReport = z.object({
  name: Name,
  kind: z.string().describe("What kind of source it is, such as `postgres`."),
  origin: z.enum(["code", "api"]),
  description: z.string().optional(),
  to: Name.describe("The plain category that it feeds."),
  everyMs: z
    .int()
    .optional()
    .describe("Milliseconds between two connections when there is nothing new. Absent: the platform brings its changes."),
  ...declared,
  problem: z
    .string()
    .optional()
    .describe("Why it cannot work, or why its progress is missing: this worker has no such kind, or its object has not answered."),
  ...SourceProgress.omit({ name: true }).partial().shape,
});

export const declaredSource = z.union([sourceReport, definitionDryRun]);

export const sourcePreviewAnswer = z.object({
  source: z.string(),
  previews: z
    .array(
      z.object({
        outcome: z.enum(["appended", "passed", "failed"]).describe("`passed`: the source appends nothing, because `where` is false."),
        why: z.string().optional(),
        event: z.object({ stream: StreamName, type: z.string(), data: Json, schemaVersion: z.int() }).optional(),
        error: z
          .object({
            path: z.string().describe("The place in the definition. Empty: what it gives does not fit the category."),
            message: z.string(),
            at: Span.optional().describe("The part of the expression that fails, in UTF-16 units."),
          })
          .optional(),
      }),
    )
    .describe("One for each change, in their order."),
});
