/** An operator's action on any consumer: finds the consumer, carries the action out, and wakes it. */

import type { ControlOutcome, CountedAction, NotPossible } from "../consumers/kind.ts";
import type { RunCount } from "../consumers/run-count.ts";
import type { ConsumerAction } from "../store/consumer-protocol.ts";
import type { Store } from "../store/store.ts";
import { kindOf } from "./kinds.ts";

/**
 * Carries out an action on the consumer with that name.
 *
 * @param position `skip`: the position of the event to skip; `reset`: the position after which to begin again
 * @returns undefined when there is no such consumer
 */
export async function operate(store: Store, name: string, action: ConsumerAction, position?: number): Promise<ControlOutcome | undefined> {
  const outcome = await (await kindOf(store, name))?.control(store, name, action, position);
  // The log wakes it at once, and until it has done its work.
  if (outcome?.outcome === "done") await store.log.sweep(name);
  return outcome;
}

/**
 * Counts what an action would make the consumer process.
 *
 * @param position as that of the action
 * @returns undefined when there is no such consumer
 */
export async function countAction(
  store: Store,
  name: string,
  action: CountedAction,
  position?: number,
): Promise<RunCount | NotPossible | undefined> {
  return (await kindOf(store, name))?.count(store, name, action, position);
}
