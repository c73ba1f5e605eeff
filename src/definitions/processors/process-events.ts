/**
 * What a process stores besides its own events, and what reaches it: the commands that it has sent, and their outcomes. Names and shapes
 * are stored: add optional fields, change nothing.
 */

import * as z from "zod";
import type { NewEvent } from "../../core/event.ts";
import type { Expected } from "../../core/expected.ts";

/** The event by which a process sends a command. */
export const COMMAND_SENT = "$CommandSent";
/** The command that passes an event of the log to an instance. */
export const INPUT = "$Input";
/** The command that brings an instance the outcome of a command that it sent. */
export const OUTCOME = "$Outcome";
/** The command by which a saga starts another one, whose end it will hear of. Only sagas send it. */
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
  /** By the sender's code, the data has no member that the command's schema does not declare. */
  exact: z.literal(true).optional(),
  /** The sender's own name for it: a saga's step. */
  label: z.string().optional(),
  /** The state that the target's stream must be in. */
  expected: ExpectedSchema.optional(),
});
export type CommandSent = z.infer<typeof CommandSent>;

/** The events that every process may store besides its own. */
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
    /** The event that could not be processed; absent if it was a timer. */
    event: z.object({ id: z.string(), stream: z.string(), version: z.int(), type: z.string() }).optional(),
  }),
};

/** Why an instance has failed. */
export const Failing = PROCESS_EVENTS.$Failed;
export type Failing = z.infer<typeof Failing>;

/** The data of an event that is stored: its own schema has checked it. A record would refuse a member called `__proto__`, which another's schema may allow. */
const EventData = z.custom<Readonly<Record<string, unknown>>>((data) => typeof data === "object" && data !== null);

/** The outcome of a command. */
export const Outcome = z.discriminatedUnion("outcome", [
  z.object({
    outcome: z.literal("accepted"),
    commandId: CommandId,
    version: z.int(),
    events: z.array(z.object({ type: z.string(), version: z.int(), data: EventData.optional() })),
  }),
  z.object({ outcome: z.literal("refused"), commandId: CommandId, reason: z.string(), details: z.unknown().optional() }),
  z.object({ outcome: z.literal("failed"), commandId: CommandId, reason: z.string(), detail: z.string().optional() }),
]);
export type Outcome = z.infer<typeof Outcome>;

/** The outcome as the instance's stream keeps it: without the content of the target's events, which is in the log. */
export function eventOf(outcome: Outcome): NewEvent<string, object, never> {
  const { commandId } = outcome;
  switch (outcome.outcome) {
    case "accepted": {
      const events = outcome.events.map(({ type, version }) => ({ type, version }));
      return { kind: "event", type: "$CommandAccepted", data: { commandId, version: outcome.version, events } };
    }
    case "refused": {
      const { reason, details } = outcome;
      return { kind: "event", type: "$CommandRefused", data: { commandId, reason, ...(details === undefined ? {} : { details }) } };
    }
    case "failed": {
      const { reason, detail } = outcome;
      return { kind: "event", type: "$CommandFailed", data: { commandId, reason, ...(detail === undefined ? {} : { detail }) } };
    }
  }
}
