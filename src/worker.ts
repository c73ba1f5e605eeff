/** The composition root: one app, its worker, and its four kinds of object. Put your own app here. */

import { createWorker, logObject, streamObject, webhookObject } from "./runtime.ts";
import { shop } from "./shop/app.ts";

const app = shop;

export default createWorker(app);
export class StreamObject extends streamObject(app) {}
export class LogObject extends logObject(app) {}
export class WebhookObject extends webhookObject(app) {}
export { CatalogObject } from "./runtime.ts";
