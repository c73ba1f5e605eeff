/** Every kind of processor, and how it follows the log. */

import type { App } from "../app.ts";
import type { Consumer } from "../delivery/consumer.ts";
import type { Effect } from "./effect.ts";
import { effectConsumer } from "./perform.ts";
import type { Process } from "./process.ts";
import { processConsumer } from "./process-consumer.ts";
import { reactorConsumer } from "./react.ts";
import type { Reactor } from "./reactor.ts";

export type Processor = Reactor | Effect | Process;

/** Whether it is a process manager or a saga: those are aggregates too, each instance a stream. */
export function isProcess(processor: Processor): processor is Process {
  return processor.kind === "aggregate";
}

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
