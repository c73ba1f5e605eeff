/** What an operator can do with a consumer that keeps its checkpoint in D1. */

import type { ConsumerAction } from "../store/consumer-protocol.ts";
import { beginning, beginsAfter } from "./beginning.ts";
import { CheckpointMoved } from "./checkpoint.ts";
import type { Checkpoint } from "./checkpoint-row.ts";
import type { Consumer } from "./consumer.ts";
import { type ControlOutcome, type CountedAction, DONE, type NotPossible, notPossible } from "./kind.ts";
import { activate, jump, passOver, pause } from "./override.ts";
import { NEW } from "./report.ts";
import { type RunCount, countEvents } from "./run-count.ts";
import { logger } from "../telemetry/logger.ts";

/**
 * Carries out an action. The caller wakes the consumer afterwards.
 *
 * @param position `skip`: the position of the event to skip, if the operator named it; `reset`: the position after which to begin again
 */
export async function control(consumer: Consumer, action: ConsumerAction, position?: number): Promise<ControlOutcome> {
  const { checkpoint, store } = consumer;
  const current = await checkpoint.load(() => beginning(consumer, store.log));
  const reason = whyNot(current, action, position);
  if (reason !== undefined) return notPossible(reason);
  switch (action) {
    case "pause":
      await pause(checkpoint);
      return DONE;
    case "resume":
      if (current.status === "paused") await activate(checkpoint);
      return DONE;
    case "retry":
      await activate(checkpoint);
      return DONE;
    case "skip":
      return skip(consumer, current);
    case "reset": {
      const to = position ?? 0;
      // Otherwise events still to come would be passed over, and nobody would notice.
      const head = await store.log.head();
      if (to > head) return notPossible(`the log is at position ${head}`);
      return moved(jump(checkpoint, current.position, to));
    }
  }
}

/**
 * Counts the events that an action makes the consumer process, and changes nothing.
 *
 * @param counted the consumer with the filter to count by, if that is another one than it reads the log with
 */
export async function countControl(
  consumer: Consumer,
  action: Exclude<CountedAction, "reset">,
  position?: number,
  counted: Consumer = consumer,
): Promise<RunCount | NotPossible> {
  const current = (await consumer.checkpoint.look()) ?? { ...NEW, position: await beginsAfter(consumer, consumer.store.log) };
  const reason = whyNot(current, action, position);
  if (reason !== undefined) return notPossible(reason);
  const failed = current.error?.event;
  if (action !== "skip" || !failed) return countEvents(counted, current.position);
  return { ...(await countEvents(counted, failed.position)), skips: failed };
}

/** Why the consumer's state does not allow the action; undefined: it does. */
function whyNot({ status, error, position: at }: Checkpoint, action: ConsumerAction, position?: number): string | undefined {
  switch (action) {
    case "resume":
      return status === "failed" ? "it has failed and is not paused: `retry` tries the event again, `skip` skips it" : undefined;
    case "retry":
      if (status === "paused") return "it is paused: `resume` starts it again";
      return error ? undefined : "nothing has failed";
    case "skip": {
      const failed = error?.event;
      if (!failed) return "no event has failed";
      if (failed.position <= at) return `a view that it joins failed at position ${failed.position}; skip the event there`;
      return position === undefined || position === failed.position ? undefined : `the event that failed is at position ${failed.position}`;
    }
    default:
      return undefined;
  }
}

async function skip(consumer: Consumer, current: Checkpoint): Promise<ControlOutcome> {
  const { name, store, checkpoint } = consumer;
  const { error } = current;
  const failed = error?.event;
  if (!failed) return notPossible("no event has failed");
  // Before the checkpoint moves: a process that waits for the event's outcome must get it, even if this is cut short.
  await consumer.skips?.(failed.position);
  const outcome = await moved(passOver(checkpoint, current.position, failed.position, error));
  if (outcome.outcome === "done")
    logger.warn({ message: "an operator made a consumer skip an event", store: store.name, consumer: name, ...failed });
  return outcome;
}

async function moved(jump: Promise<void>): Promise<ControlOutcome> {
  try {
    await jump;
    return DONE;
  } catch (error) {
    if (error instanceof CheckpointMoved) return notPossible("it has moved since it was read; read it again and repeat the action");
    throw error;
  }
}
