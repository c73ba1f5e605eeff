/** What declarations answer with `dryRun=true`: what they would do. */

import * as z from "zod";
import { Issue } from "../../../core/issue.ts";
import { Json, Name, Position, StreamName, Version, Whole } from "../../../core/answer.ts";
import { categoryDefinition } from "./streams.ts";

const DryRun = z.literal(true).describe("Nothing was declared.");
const Outcome = z
  .enum(["created", "changed", "same"])
  .describe("What the declaration would be: a new one, a change, or what is declared already.");

export const categoryDryRun = z.object({
  dryRun: DryRun,
  outcome: Outcome,
  ...categoryDefinition.shape,
  fit: z
    .object({
      checked: Whole.describe("How many of the latest events were checked."),
      fit: Whole.describe("How many of them the new schemas accept."),
      from: Position.describe("The position from which on they were checked."),
      misfits: z
        .array(
          z.object({
            id: z.string(),
            stream: StreamName,
            version: Version,
            position: Position,
            type: z.string(),
            schemaVersion: z.int(),
            issues: z.array(Issue),
          }),
        )
        .describe("The latest events that do not fit, at most 20."),
    })
    .optional()
    .describe("Absent for a new category."),
});

export const definitionDryRun = z.object({
  dryRun: DryRun,
  name: Name,
  kind: z.enum(["view", "processor", "source"]),
  outcome: Outcome,
  revision: z.int().describe("The revision that it would have."),
  definition: Json,
  builds: z.boolean().optional().describe("For a view: whether the store would build a table for it."),
});
