/** The worker of the tests in workerd: the shop, and small parts that are there to be tested. */

import { createWorker, logObject, streamObject, webhookObject } from "../../src/runtime.ts";
import { app } from "./app.ts";
import { inEurope } from "./jurisdictions.ts";

export default createWorker(app);
export class StreamObject extends streamObject(app) {}
export class LogObject extends logObject(app) {}
export class WebhookObject extends webhookObject(app) {}
export { CatalogObject } from "../../src/runtime.ts";

export class EuStreamObject extends inEurope(streamObject(app)) {}
export class EuLogObject extends inEurope(logObject(app)) {}
export class EuWebhookObject extends inEurope(webhookObject(app)) {}
export { EuCatalogObject } from "./jurisdictions.ts";
