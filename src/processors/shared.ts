/** What the consumers of all processors have in common. */

import { CheckpointStore } from "../consumers/checkpoint.ts";
import type { Consumer } from "../consumers/consumer.ts";
import { incarnationOfProcessor } from "../definitions/incarnation.ts";
import { filterOfProcessor } from "../definitions/processors/filter.ts";
import type { Processor } from "../definitions/processors/processor.ts";
import type { Store } from "../store/store.ts";

/** The generation of its checkpoint: a processor that is declared again after its deletion begins from scratch. */
export function generationOf(processor: Processor): string {
  return processor.kind === "rules" ? processor.generation : "";
}

export function checkpointOf(store: Store, processor: Processor): CheckpointStore {
  return new CheckpointStore(store.database(), store.name, processor.name, generationOf(processor), [], incarnationOfProcessor(processor));
}

/** A consumer of the store's log, except for how it processes events. */
export function sharedOf(store: Store, processor: Processor) {
  const { name, start } = processor;
  return {
    name,
    store,
    ...filterOfProcessor(processor),
    followed: processor.followed,
    checkpoint: checkpointOf(store, processor),
    start,
    hooks: store.app.hooks,
    budget: store.budget,
  } satisfies Omit<Consumer, "apply">;
}
