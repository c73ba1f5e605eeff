/** What is sent to a consumer: the message that wakes it, and the actions of operators. Fields may be added as optional, never renamed or removed. */

import * as z from "zod";

/** The message in the queue. Losing, repeating or reordering it is harmless: it only says "look". */
export interface WakeUp {
  readonly store: string;
  readonly consumer: string;
  readonly head: number;
  /** The trace of a write that the consumer is woken for: that of the last write that had one, since a wake-up may be for many. */
  readonly trace?: string;
  /** The log's name for the moment when it sent this: what the consumer then reports is as of that moment. Absent: unknown. */
  readonly asOf?: number;
}

export const ConsumerStatus = z.enum(["live", "catching-up", "paused", "failed", "rebuilding"]);
export type ConsumerStatus = z.infer<typeof ConsumerStatus>;

/** The actions that an operator has on a consumer. */
export type ConsumerAction = "pause" | "resume" | "retry" | "skip" | "reset";
