/** What an app is told of its consumers: why one does not go on. */

import { z } from "zod";
import { type Answer, Position, StreamName, Time, Version } from "../core/answer.ts";

/** Why a consumer does not go on, and the event it could not process. */
export const ConsumerError = z.object({
  message: z.string(),
  at: Time,
  event: z.object({ position: Position, stream: StreamName, version: Version, type: z.string() }).optional(),
});
export type ConsumerError = Answer<typeof ConsumerError>;

/** What an app's hooks are told. */
export interface ConsumerFailure extends ConsumerError {
  readonly store: string;
  readonly consumer: string;
  /** Attempts made so far, this one included. */
  readonly attempts: number;
  /** Milliseconds until the next attempt; undefined: it has stopped, and somebody has to act. */
  readonly retryInMs?: number;
}

/** What an app may want to know of its consumers. A hook that throws changes nothing but a line in the logs. */
export interface ConsumerHooks {
  /** An attempt failed; there will be another. */
  readonly onConsumerError?: (failure: ConsumerFailure) => void | Promise<void>;
  /** The attempts are used up: the consumer has stopped. */
  readonly onConsumerFailed?: (failure: ConsumerFailure) => void | Promise<void>;
}
