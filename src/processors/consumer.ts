/** Any processor as a consumer of its store's log. */

import type { App, Processor } from "../app.ts";
import type { Consumer } from "../delivery/consumer.ts";
import { processConsumer } from "./process-consumer.ts";
import { reactorConsumer } from "./react.ts";

export function processorConsumer(app: App, env: Env, store: string, processor: Processor): Consumer {
  return processor.kind === "processor" ? reactorConsumer(app, env, store, processor) : processConsumer(app, env, store, processor);
}
