/** The worker of the tests in workerd: the shop, and small parts that are there to be tested. */

import { createWorker, logObject, streamObject, webhookObject } from "../../src/runtime.ts";
import { app } from "./app.ts";
import { inEurope } from "./jurisdictions.ts";
import { versioned } from "./versions/deployed.ts";

export default createWorker(app);
export class StreamObject extends versioned(streamObject, "streams", app) {}
export class LogObject extends versioned(logObject, "log", app) {}
export class WebhookObject extends versioned(webhookObject, "webhooks", app) {}
export { CatalogObject } from "../../src/runtime.ts";

export class EuStreamObject extends inEurope(streamObject(app)) {}
export class EuLogObject extends inEurope(logObject(app)) {}
export class EuWebhookObject extends inEurope(webhookObject(app)) {}
export { EuCatalogObject } from "./jurisdictions.ts";
