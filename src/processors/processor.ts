/** Every kind of processor, and how it follows the log. */

import type { App } from "../app.ts";
import type { Consumer } from "../delivery/consumer.ts";
import type { Effect } from "./effect.ts";
import { effectConsumer } from "./perform.ts";
import { reactorConsumer } from "./react.ts";
import type { Reactor } from "./reactor.ts";

export type Processor = Reactor | Effect;

/** The processor as a consumer of its store's log. */
export function processorConsumer(app: App, env: Env, store: string, processor: Processor): Consumer {
  return processor.kind === "effect" ? effectConsumer(app, env, store, processor) : reactorConsumer(app, env, store, processor);
}
