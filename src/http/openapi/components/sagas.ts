/** Sagas and their steps. */

import { z } from "zod";
import type { SagaStatus, StepStatus } from "../../../definitions/processors/saga-state.ts";
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
    .object({ step: z.string().optional(), reason: z.string(), detail: z.string().optional() })
    .optional()
    .describe("Why the saga fails or has failed: the first cause."),
  undoFailed: z.array(z.string()).optional().describe("Steps that could not be undone: a person has to decide what to do."),
  parent: z
    .object({ saga: Name, id: z.string(), step: z.string(), undo: z.literal(true).optional() })
    .optional()
    .describe("The saga and the step that started this one, either to do the step or to undo it."),
  input: z.unknown(),
  steps: z.array(
    z.object({
      name: z.string(),
      after: z.array(z.string()).describe("Steps that must end before this one begins."),
      status: stepStatus,
      attempts: Whole,
      undoAttempts: Whole,
      reason: z.string().optional(),
      detail: z.string().optional(),
      until: Time.optional().describe("When the step is tried again, or stops waiting."),
      version: Version.optional().describe("The target's version after the action."),
      result: z.unknown().optional(),
      signal: z
        .object({ result: z.unknown().optional(), reason: z.string().optional() })
        .optional()
        .describe("How the step will end as soon as it waits: the event that decides it has already arrived."),
      child: StreamName.optional().describe("The saga that the step's last command started."),
      accepted: z.literal(true).optional().describe("The step has failed, but its command was carried out, so it will be undone."),
    }),
  ),
});
