/** What happens when an event or a database stops a consumer: it is recorded and logged, and the app's hooks are called. */

import type { RecordedEvent } from "../core/event.ts";
import { within } from "../core/within.ts";
import type { ConsumerError, ConsumerFailure, ConsumerHooks } from "../definitions/hooks.ts";
import { causeInLine } from "../telemetry/trace.ts";
import type { Consumer, Failure, Progress } from "./consumer.ts";
import { OtherCode, isTransient, thrown } from "../core/platform-errors.ts";
import { HOOK_MS, OTHER_CODE_RETRY_MS } from "./limits.ts";
import { CodeMistake } from "../core/mistake.ts";
import { DEFAULT_RETRY, type RetryPolicy, delayAfter } from "../definitions/retry.ts";
import { logger } from "../telemetry/logger.ts";

/** The error as it is kept and shown: what went wrong at an event, and when. */
export function errorAt({ position, stream, version, type }: RecordedEvent, message: string, now = Date.now()): ConsumerError {
  return { message, at: new Date(now).toISOString(), event: { position, stream, version, type } };
}

/** Records a failed attempt at the event after `position`, and returns when the next one is due. */
export async function fail(consumer: Consumer, position: number, earlierAttempts: number, failure: Failure): Promise<Progress> {
  const { event } = failure;
  const error = thrown(failure.error);
  const { attempts, retryInMs } = nextAttempt(consumer.retry ?? DEFAULT_RETRY, earlierAttempts, failure.error);
  const isFirst = earlierAttempts === 0;
  const now = Date.now();
  const report = errorAt(event, error instanceof Error ? error.message : String(error), now);
  // One line when it begins and one when the consumer gives up, not one per retry.
  if (isFirst || retryInMs === undefined) {
    logger.error(
      {
        message: retryInMs === undefined ? "a consumer has failed and stopped" : "a consumer could not process an event and will retry",
        store: consumer.store.name,
        consumer: consumer.name,
        attempts,
        ...report.event,
        ...causeInLine(event),
      },
      error,
    );
  }
  await consumer.checkpoint.recordFailure(position, attempts, retryInMs === undefined ? undefined : now + retryInMs, report);
  const { store, name } = consumer;
  if (isFirst || !(error instanceof OtherCode))
    await tell(consumer.hooks ?? {}, {
      store: store.name,
      consumer: name,
      attempts,
      ...report,
      ...(retryInMs === undefined ? {} : { retryInMs }),
    });
  return retryInMs === undefined ? { position, outcome: "resting" } : { position, outcome: "backing-off", retryInMs };
}

/** The number of this attempt, and milliseconds until the next one; undefined: none is left. */
function nextAttempt(policy: RetryPolicy, earlier: number, error: unknown): { attempts: number; retryInMs: number | undefined } {
  // This usually takes seconds, and is not counted as an attempt: the consumer's newer code takes over the record of the older one.
  if (error instanceof OtherCode) return { attempts: Math.max(earlier, 1), retryInMs: OTHER_CODE_RETRY_MS };
  // Trying again does not help if the code lacks something: only a deployment does.
  if (thrown(error) instanceof CodeMistake) return { attempts: earlier + 1, retryInMs: undefined };
  if (!isTransient(error)) return { attempts: earlier + 1, retryInMs: delayAfter(policy, earlier + 1, Math.random()) };
  // Transient errors keep the longest delay, and never use up the last attempt.
  const attempts = Math.min(earlier + 1, Math.max(policy.attempts - 1, 1));
  return { attempts, retryInMs: delayAfter(policy, attempts, Math.random()) ?? policy.maxDelayMs };
}

async function tell({ onConsumerError, onConsumerFailed }: ConsumerHooks, failure: ConsumerFailure): Promise<void> {
  try {
    const told = (failure.retryInMs === undefined ? onConsumerFailed : onConsumerError)?.(failure);
    if (!told) return;
    await within(HOOK_MS, told, () => {
      throw new Error(`the hook took more than ${HOOK_MS} ms; the store no longer waits for it`);
    });
  } catch (error) {
    logger.error({ message: "a hook threw", store: failure.store, consumer: failure.consumer }, error);
  }
}
