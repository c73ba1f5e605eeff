/** What previews answer with: what a definition would do, and nothing is stored. */

import * as z from "zod";
import { Json, Position, StreamName, Version, Whole } from "../../../core/answer.ts";
import { Span } from "../../../core/issue.ts";
import { event } from "./streams.ts";

/** An event of a preview may be one that was never written, or one of which only the position is left. */
const previewed = event.partial();
const From = Position.describe("The position from which on the log was read. 1: no earlier event concerns the definition.");
const Left = Whole.describe("Events that were not tried: those before them took as long as a preview may take.");
const At = Span.optional().describe("The part of the expression that fails, in UTF-16 units.");

export const viewPreview = z.object({
  view: z.string(),
  outcome: z
    .enum(["done", "failed", "cut"])
    .describe("`failed`: the view would stop at an event. `cut`: the events took as much work as a preview may take."),
  error: z
    .object({
      event: previewed,
      path: z.string().optional().describe("The place in the definition."),
      message: z.string(),
      at: At,
    })
    .optional(),
  from: From.optional(),
  to: Position.optional().describe("The log's head."),
  exact: z
    .boolean()
    .optional()
    .describe("With `last`: whether these are all the rows that the view would have now, because the log has no earlier event for it."),
  events: z.array(
    z.object({
      id: z.string(),
      stream: StreamName,
      version: Version,
      position: Position,
      type: z.string(),
      outcome: z.enum(["changed", "removed", "passed", "failed"]),
      why: z.string().optional().describe("Why it changes no row."),
      keys: z.array(z.string()).optional().describe("The rows that it changes or removes."),
    }),
  ),
  left: Left,
  rows: z.array(Json).describe("In the order of their keys, as a query answers them."),
  rowCount: Whole,
  hasMore: z.boolean().describe("Whether there are more rows than `limit`."),
});

const processorPreview = z.object({
  processor: z.string(),
  event: previewed,
  outcome: z.enum(["done", "failed", "passed"]),
  why: z.string().optional().describe("Why the processor passes the event by."),
  steps: z.array(z.looseObject({ path: z.string(), step: z.string().optional(), data: Json })),
  emits: z.array(
    z.object({
      path: z.string(),
      to: z.string(),
      stream: StreamName.optional(),
      id: z.string().optional(),
      type: z.string(),
      data: Json,
      schemaVersion: z.int().optional(),
      accepted: z.boolean(),
      problem: z.string().optional().describe("Why the category would not accept it."),
    }),
  ),
  error: z.object({ path: z.string(), message: z.string(), at: At }).optional(),
});

const processorPreviews = z.object({
  processor: z.string(),
  previews: z.array(processorPreview).describe("The latest event first."),
  left: Left,
  from: From,
  to: Position,
});

export const processorPreviewAnswer = z.union([processorPreview, processorPreviews]);
