/** The public API's other half: the worker and its objects, which only the Workers runtime can load. `src/worker.ts` exports them. */

import type { DurableObject } from "cloudflare:workers";
import { CatalogObject } from "./catalog/catalog-object.ts";
import type { App } from "./definitions/app.ts";
import { logObject } from "./log/log-object.ts";
import type { DeploymentEnv } from "./store/env.ts";
import { sourceObject } from "./sources/source-object.ts";
import { streamObject } from "./streams/stream-object.ts";
import { webhookObject } from "./webhooks/webhook-object.ts";

export { type StoreWorker, type WorkerOptions, createWorker } from "./http/worker.ts";
export { type QueryEnv, type QueryWorker, createQueryWorker } from "./http/query-worker.ts";
export type { DeploymentEnv } from "./store/env.ts";

/**
 * What a Worker must have bound to run Headspring; it may have more bindings, for the app's own handlers. Names of queues are free. Bindings of
 * the five Durable Object classes are optional: without them the classes are found by the Worker's exports.
 *
 * @example
 * // wrangler.toml has the bindings, `wrangler types` makes `Env` of them, and this makes sure that none is missing.
 * const worker = createWorker(app) satisfies ExportedHandler<Env & HeadspringEnv>;
 */
export type HeadspringEnv = DeploymentEnv;

/** A class of Durable Objects. Its methods are called by the other parts of Headspring only. */
export type ObjectClass = new (ctx: DurableObjectState, env: HeadspringEnv) => DurableObject<HeadspringEnv>;

/** The classes of an app's Durable Objects, by the names that its worker exports them under. */
export interface ObjectClasses {
  /** One object per stream: takes its commands one at a time, and keeps its events. */
  readonly StreamObject: ObjectClass;
  /** One object per store, and further ones when it grows: puts all events in one order. */
  readonly LogObject: ObjectClass;
  /** One object per webhook: delivers events to a URL. */
  readonly WebhookObject: ObjectClass;
  /** One object per store: what was declared over HTTP. */
  readonly CatalogObject: ObjectClass;
  /** One object per source: follows a database or a broker outside. */
  readonly SourceObject: ObjectClass;
}

/**
 * The classes of an app's Durable Objects. The worker's own file exports them under these names, which wrangler's configuration lists.
 *
 * @example
 * export default createWorker(app);
 * export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);
 */
export function objects(app: App): ObjectClasses {
  return {
    StreamObject: streamObject(app),
    LogObject: logObject(app),
    WebhookObject: webhookObject(app),
    CatalogObject,
    SourceObject: sourceObject(app),
  };
}
