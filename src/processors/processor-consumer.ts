/** How every kind of processor follows the log. */

import type { App } from "../definitions/app.ts";
import type { Consumer } from "../consumers/consumer.ts";
import { effectConsumer } from "./perform.ts";
import { processConsumer } from "./process-consumer.ts";
import type { Processor } from "../definitions/processors/processor.ts";
import { reactorConsumer } from "./react.ts";

/** The processor as a consumer of its store's log. */
export function processorConsumer(app: App, env: Env, store: string, processor: Processor): Consumer {
  switch (processor.kind) {
    case "effect":
      return effectConsumer(app, env, store, processor);
    case "aggregate":
      return processConsumer(app, env, store, processor);
    default:
      return reactorConsumer(app, env, store, processor);
  }
}
