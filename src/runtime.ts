/** The other half of the public API: the worker and its objects, which only the Workers runtime can load. `src/worker.ts` exports them. */

export { createWorker } from "./http/worker.ts";
export { streamObject } from "./streams/stream-object.ts";
export { logObject } from "./log/log-object.ts";
export { webhookObject } from "./webhooks/webhook-object.ts";
export { CatalogObject } from "./catalog/catalog-object.ts";
