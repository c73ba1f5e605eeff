/** The public API, in the order of the flow. */

// ① Streams: what can happen, and the rules
export { aggregate } from "./streams/aggregate.ts";
export { category } from "./streams/category.ts";
export { event, streamIdOf } from "./event.ts";
export { nothing, refuse } from "./command.ts";

// ④ Views: data out
export { view } from "./views/view.ts";

// ⑤ Processors: events become commands
export { reactor } from "./processors/reactor.ts";
export { append, send } from "./command.ts";

// ⑥ Webhooks: tell the outside
export { webhook } from "./webhooks/webhook.ts";

// The app
export { defineApp } from "./app.ts";

// The worker and its objects: what `src/worker.ts` exports
export { createWorker } from "./http/worker.ts";
export { streamObject } from "./streams/stream-object.ts";
export { logObject } from "./log/log-object.ts";
export { webhookObject } from "./webhooks/webhook-object.ts";

// Types
export type { App } from "./app.ts";
export type { NewEvent, RecordedEvent } from "./event.ts";
export type { DecideContext, Decision } from "./command.ts";
