/**
 * What a process stores besides its own events, and what reaches it: commands that it has asked for, and what became of them.
 * Names and shapes are stored: add optional fields, change nothing.
 */

import { z } from "zod";
import type { Expected } from "../../core/expected.ts";

/** The event that asks for a command to be carried out. */
export const COMMAND_SENT = "$CommandSent";
/** The command that hands an event of the log to an instance. */
export const INPUT = "$Input";
/** The command that tells an instance what became of a command that it sent. */
export const OUTCOME = "$Outcome";
/** The command by which a saga starts another one, and hears of its end. Only sagas send it. */
export const START_SAGA = "$Start";

const CommandId = z.string();

const ExpectedSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("any") }),
  z.object({ kind: z.literal("exists") }),
  z.object({ kind: z.literal("absent") }),
  z.object({ kind: z.literal("version"), version: z.int().nonnegative() }),
]) satisfies z.ZodType<Expected>;

/** A command that was sent. Stored. */
export const CommandSent = z.object({
  /** The idempotency key under which its target takes it. */
  commandId: CommandId,
  aggregate: z.string(),
  id: z.string(),
  command: z.string(),
  data: z.record(z.string(), z.unknown()),
  /** The data has no member that the command's schema does not know, as the sender's code has it. */
  exact: z.literal(true).optional(),
  /** What the sender remembers it by: a saga's step. */
  label: z.string().optional(),
  /** What the target's stream must be like. */
  expected: ExpectedSchema.optional(),
});
export type CommandSent = z.infer<typeof CommandSent>;

/** The events that every process may store, besides its own. */
export const PROCESS_EVENTS = {
  [COMMAND_SENT]: CommandSent,
  $CommandAccepted: z.object({
    commandId: CommandId,
    /** The target's version after it. */
    version: z.int(),
    events: z.array(z.object({ type: z.string(), version: z.int() })),
  }),
  $CommandRefused: z.object({ commandId: CommandId, reason: z.string(), details: z.unknown().optional() }),
  $CommandFailed: z.object({ commandId: CommandId, reason: z.string(), detail: z.string().optional() }),
  $Completed: z.object({}),
  /** The instance has ended because an input could not be processed. */
  $Failed: z.object({
    reason: z.string(),
    detail: z.string().optional(),
    /** The event that could not be processed; absent: it was a timer. */
    event: z.object({ id: z.string(), stream: z.string(), version: z.int(), type: z.string() }).optional(),
  }),
};

/** Why an instance has failed. */
export const Failing = PROCESS_EVENTS.$Failed;
export type Failing = z.infer<typeof Failing>;

/** What became of a command. */
export const Outcome = z.discriminatedUnion("outcome", [
  z.object({
    outcome: z.literal("accepted"),
    commandId: CommandId,
    version: z.int(),
    events: z.array(z.object({ type: z.string(), version: z.int(), data: z.record(z.string(), z.unknown()).optional() })),
  }),
  z.object({ outcome: z.literal("refused"), commandId: CommandId, reason: z.string(), details: z.unknown().optional() }),
  z.object({ outcome: z.literal("failed"), commandId: CommandId, reason: z.string(), detail: z.string().optional() }),
]);
export type Outcome = z.infer<typeof Outcome>;
