/** The worker that is killed. */

import { createWorker, logObject, streamObject, webhookObject } from "../../src/runtime.ts";
import { app } from "./app.ts";

/** Now and then the log is far away: one call in so many takes up to so many milliseconds. Else nobody would die while it is asked. */
const SLOW = { oneIn: 6, ms: 600 };

export default createWorker(app);
export class StreamObject extends streamObject(app) {}
export class LogObject extends logObject(app) {
  override async sequence(...call: Parameters<InstanceType<ReturnType<typeof logObject>>["sequence"]>) {
    if (Math.random() < 1 / SLOW.oneIn) await scheduler.wait(Math.random() * SLOW.ms);
    return super.sequence(...call);
  }
}
export class WebhookObject extends webhookObject(app) {}
export { CatalogObject } from "../../src/runtime.ts";
