/** The worker of the tests in workerd: the shop, and small parts that are there to be tested. */

import { createWorker, objects } from "../../src/runtime.ts";
import { app } from "./app.ts";
import { inEurope } from "./jurisdictions.ts";
import { versioned } from "./versions/deployed.ts";

export default createWorker(app, { sourcery: true });
export class StreamObject extends versioned("StreamObject", "streams", app) {}
export class LogObject extends versioned("LogObject", "log", app) {}
export class WebhookObject extends versioned("WebhookObject", "webhooks", app) {}
const classes = objects(app);
export const { CatalogObject } = classes;

export class EuStreamObject extends inEurope(classes.StreamObject) {}
export class EuLogObject extends inEurope(classes.LogObject) {}
export class EuWebhookObject extends inEurope(classes.WebhookObject) {}
export class EuCatalogObject extends inEurope(classes.CatalogObject) {}
