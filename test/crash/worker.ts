/** The worker that is killed. */

import { createWorker, logObject, streamObject, webhookObject } from "../../src/runtime.ts";
import { app } from "./app.ts";

export default createWorker(app);
export class StreamObject extends streamObject(app) {}
export class LogObject extends logObject(app) {}
export class WebhookObject extends webhookObject(app) {}
export { CatalogObject } from "../../src/runtime.ts";
