/** The hooks by which an app learns why one of its consumers has stopped or is trying again. */

import * as z from "zod";
import { type Answer, Position, StreamName, Time, Version } from "../core/answer.ts";

/** Why a consumer is stuck, and the event that it could not process. */
export const ConsumerError = z.object({
  message: z.string(),
  at: Time,
  event: z.object({ position: Position, stream: StreamName, version: Version, type: z.string() }).optional(),
});
export type ConsumerError = Answer<typeof ConsumerError>;

/** What an app's hooks receive. */
export interface ConsumerFailure extends ConsumerError {
  readonly store: string;
  readonly consumer: string;
  /** Attempts made so far, this one included. */
  readonly attempts: number;
  /** Milliseconds until the next attempt; undefined: it has stopped, and a person has to act. */
  readonly retryInMs?: number;
}

/** What an app can learn about its consumers. A hook that throws only causes a line in the logs. */
export interface ConsumerHooks {
  /** An attempt failed; there will be another. */
  readonly onConsumerError?: (failure: ConsumerFailure) => void | Promise<void>;
  /** The attempts are used up: the consumer has stopped. */
  readonly onConsumerFailed?: (failure: ConsumerFailure) => void | Promise<void>;
}
