/** How every kind of processor follows the log. */

import type { Store } from "../store/store.ts";
import type { Consumer } from "../consumers/consumer.ts";
import { effectConsumer } from "./effect-consumer.ts";
import { processConsumer } from "./process-consumer.ts";
import type { Processor } from "../definitions/processors/processor.ts";
import { reactorConsumer } from "./reactor-consumer.ts";
import { rulesConsumer } from "./rules-consumer.ts";

/** The processor as a consumer of its store's log. */
export function processorConsumer(store: Store, processor: Processor): Consumer {
  switch (processor.kind) {
    case "effect":
      return effectConsumer(store, processor);
    case "aggregate":
      return processConsumer(store, processor);
    case "rules":
      return rulesConsumer(store, processor);
    case "processor":
      return reactorConsumer(store, processor);
  }
}
