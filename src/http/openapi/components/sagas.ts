/** Sagas and their steps. */

import { z } from "zod";
import type { SagaStatus, StepStatus } from "../../../processors/saga-state.ts";
import { Name, Whole, Version, Time, StreamName } from "./parts.ts";

const stepStatus = z.enum([
  "pending",
  "in-progress",
  "waiting",
  "retry-awaiting",
  "completed",
  "failed",
  "timed-out",
  "undo-in-progress",
  "undo-retry-awaiting",
  "undone",
  "undo-bypassed",
  "undo-failed",
]) satisfies z.ZodType<StepStatus>;

export const saga = z.object({
  saga: Name,
  id: z.string(),
  stream: StreamName,
  version: Version,
  status: z.enum(["not-started", "in-progress", "failure-pending", "in-failure", "completed", "failed"]) satisfies z.ZodType<SagaStatus>,
  failure: z
    .object({ step: z.string(), reason: z.string(), detail: z.string().optional() })
    .optional()
    .describe("Why it fails or has failed: what happened first."),
  undoFailed: z.array(z.string()).optional().describe("Steps that could not be undone: somebody has to look."),
  parent: z.object({ saga: Name, id: z.string(), step: z.string() }).optional().describe("The saga and step that started it."),
  input: z.unknown(),
  steps: z.array(
    z.object({
      name: z.string(),
      after: z.array(z.string()).describe("Steps that it comes after."),
      status: stepStatus,
      attempts: Whole,
      undoAttempts: Whole,
      reason: z.string().optional(),
      detail: z.string().optional(),
      until: Time.optional().describe("When it is tried again, or has waited long enough."),
      version: Version.optional().describe("The target's version after the action."),
      result: z.unknown().optional(),
    }),
  ),
});
