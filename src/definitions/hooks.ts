/** What an app is told of its consumers: why one does not go on. */

/** Why a consumer does not go on. */
export interface ConsumerError {
  readonly message: string;
  /** RFC 3339. */
  readonly at: string;
  /** The event it could not process. */
  readonly event?: { readonly position: number; readonly stream: string; readonly version: number; readonly type: string };
}

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
