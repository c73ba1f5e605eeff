/** What an operator can do with a consumer that keeps its checkpoint in D1. */

import type { ConsumerAction } from "../store/consumer-protocol.ts";
import { beginning } from "./beginning.ts";
import { CheckpointMoved } from "./checkpoint.ts";
import type { Checkpoint } from "./checkpoint-row.ts";
import type { Consumer } from "./consumer.ts";
import { type ControlOutcome, DONE, notPossible } from "./kind.ts";
import { activate, jump, passOver, pause } from "./override.ts";
import { logger } from "../telemetry/logger.ts";

/**
 * Carries out an action. The caller wakes the consumer afterwards.
 *
 * @param position `skip`: the position of the event to skip, if the operator named it; `reset`: the position after which to begin again
 */
export async function control(consumer: Consumer, action: ConsumerAction, position?: number): Promise<ControlOutcome> {
  const { checkpoint, store } = consumer;
  const current = await checkpoint.load(() => beginning(consumer, store.log));
  switch (action) {
    case "pause":
      await pause(checkpoint);
      return DONE;
    case "resume":
      if (current.status === "failed")
        return notPossible("it has failed and is not paused: `retry` tries the event again, `skip` skips it");
      if (current.status === "paused") await activate(checkpoint);
      return DONE;
    case "retry":
      if (current.status === "paused") return notPossible("it is paused: `resume` starts it again");
      if (!current.error) return notPossible("nothing has failed");
      await activate(checkpoint);
      return DONE;
    case "skip":
      return skip(consumer, current, position);
    case "reset": {
      const to = position ?? 0;
      // Otherwise events still to come would be passed over, and nobody would notice.
      const head = await store.log.head();
      if (to > head) return notPossible(`the log is at position ${head}`);
      return moved(jump(checkpoint, current.position, to));
    }
  }
}

async function skip(consumer: Consumer, current: Checkpoint, position?: number): Promise<ControlOutcome> {
  const { name, store, checkpoint } = consumer;
  const failed = current.error?.event;
  if (!current.error || !failed || failed.position <= current.position) return notPossible("no event has failed");
  if (position !== undefined && position !== failed.position) return notPossible(`the event that failed is at position ${failed.position}`);
  // Before the checkpoint moves: a process that waits for the event's outcome must get it, even if this is cut short.
  await consumer.skips?.(failed.position);
  const outcome = await moved(passOver(checkpoint, current.position, failed.position, current.error));
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
