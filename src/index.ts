/** The public API, in the order of the flow: all that definitions need, and pure, so that their tests run anywhere. */

// ① Streams: what can happen, and the rules
export { aggregate } from "./streams/aggregate.ts";
export { category } from "./streams/category.ts";
export { event, streamIdOf } from "./event.ts";
export { upcast } from "./upcast.ts";
export { after, at, cancel, nothing, refuse } from "./command.ts";

// ④ Views: data out
export { view } from "./views/view.ts";
export { sql } from "./views/sql.ts";

// ⑤ Processors: events become commands, other events, and calls to the outside
export { reactor } from "./processors/reactor.ts";
export { transform } from "./processors/transform.ts";
export { effect } from "./processors/effect.ts";
export { append, send } from "./command.ts";
export { processManager } from "./processors/process-manager.ts";
export { complete } from "./processors/process.ts";
export { saga, start, startSaga, stepDone, stepFailed } from "./processors/saga.ts";
export { parallel, series, step } from "./processors/saga-steps.ts";

// ⑥ Webhooks: tell the outside
export { webhook } from "./webhooks/webhook.ts";
export { webhookEvents } from "./webhooks/events.ts";

// The app
export { defineApp } from "./app.ts";

// Types
export type { App } from "./app.ts";
export type { NewEvent, RecordedEvent } from "./event.ts";
export type { DecideContext, Decision } from "./command.ts";
export type { EffectContext } from "./processors/effect.ts";
export type { Retry } from "./delivery/retry.ts";
export type { Duration } from "./duration.ts";
