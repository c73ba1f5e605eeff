/** The public API, in the order of the flow: all that definitions need. It is pure, so that tests of definitions run anywhere. */

// ⓪ Sources: data that comes in by itself
export { source, sourceKind } from "./definitions/sources/source.ts";
export { queue } from "./definitions/sources/queue.ts";
export { SourceStopped } from "./definitions/sources/kind.ts";

// ① Streams: what can happen, and the rules
export { aggregate } from "./definitions/aggregate.ts";
export { category } from "./definitions/category.ts";
export { event, streamIdOf } from "./core/event.ts";
export { upcast } from "./definitions/upcast.ts";
export { after, at, cancel, nothing, refuse } from "./core/command.ts";

// ④ Views: data out
export { view } from "./definitions/views/view.ts";
export { processesView } from "./definitions/views/processes.ts";
export { sql } from "./definitions/views/sql.ts";

// ⑤ Processors: events become commands, other events, and calls to the outside
export { reactor } from "./definitions/processors/reactor.ts";
export { transform } from "./definitions/processors/transform.ts";
export { effect } from "./definitions/processors/effect.ts";
export { append, send } from "./core/sending.ts";
export { processManager } from "./definitions/processors/process-manager.ts";
export { complete } from "./definitions/processors/process-answer.ts";
export { saga, start } from "./definitions/processors/saga.ts";
export { startSaga, stepDone, stepFailed } from "./definitions/processors/saga-signals.ts";
export { parallel, series, step } from "./definitions/processors/saga-steps.ts";

// ⑥ Webhooks: events out to other systems
export { webhook } from "./definitions/webhooks/webhook.ts";
export { webhookEvents } from "./definitions/webhooks/events.ts";

// The app
export { defineApp } from "./definitions/app.ts";

// Types
export type { App } from "./definitions/app.ts";
export type { Aggregate } from "./definitions/aggregate.ts";
export type { Category } from "./definitions/category.ts";
export type { View } from "./definitions/views/view.ts";
export type { Reactor } from "./definitions/processors/reactor.ts";
export type { ProcessManager } from "./definitions/processors/process-manager.ts";
export type { Saga } from "./definitions/processors/saga.ts";
export type { Webhook } from "./definitions/webhooks/webhook.ts";
export type { Outside, Source, SourceDefinition, SourceInCode, SourceKindInCode } from "./definitions/sources/source.ts";
export type { QueueChange, QueueSettings } from "./definitions/sources/queue.ts";
export type {
  BroughtKind,
  Change,
  Connection,
  Portion,
  ReadKind,
  SourceContext,
  SourceKind,
  SourceLag,
} from "./definitions/sources/kind.ts";
export type { NewEvent, RecordedEvent } from "./core/event.ts";
export type { EventOf } from "./definitions/followed.ts";
export type { DecideContext, Decision } from "./core/command.ts";
export type { Effect, EffectContext } from "./definitions/processors/effect.ts";
export type { Retry } from "./definitions/retry.ts";
export type { Duration } from "./core/duration.ts";
