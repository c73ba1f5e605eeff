/** What is sent to a consumer: the message that wakes it, and the actions of operators. Fields may be added as optional, never renamed or removed. */

import * as z from "zod";

/** What a wake-up says besides who is woken. */
export interface Occasion {
  readonly head: number;
  /** The trace of a write that the consumers are woken for: that of the last write that had one, since a wake-up may be for many. */
  readonly trace?: string;
  /** The log's name for the moment when it sent this: what a consumer then reports is as of that moment. Absent: unknown. */
  readonly asOf?: number;
}

/**
 * The message in the queue. Losing, repeating or reordering it is harmless: it only says "look". One message for several consumers costs as
 * much as for one.
 */
export interface WakeUp extends Occasion {
  readonly store: string;
  readonly consumers: readonly string[];
  /** One of them. A worker of version 0.1 knows no other; the log wakes the rest again. */
  readonly consumer: string;
}

/** @param consumers at least one */
export function wakeUpFor(store: string, consumers: readonly string[], occasion: Occasion): WakeUp {
  // Another one each time, so that under version 0.1 all of them get their turn.
  return { store, consumers, consumer: consumers[Math.abs(occasion.head) % consumers.length] ?? "", ...occasion };
}

export const ConsumerStatus = z.enum(["live", "catching-up", "paused", "failed", "rebuilding"]);
export type ConsumerStatus = z.infer<typeof ConsumerStatus>;

/** The actions that an operator has on a consumer. */
export type ConsumerAction = "pause" | "resume" | "retry" | "skip" | "reset";
