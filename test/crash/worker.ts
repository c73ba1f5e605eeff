/** The worker that is killed. */

import { logObject } from "../../src/log/log-object.ts";
import { createWorker, objects } from "../../src/runtime.ts";
import { app } from "./app.ts";

/** Now and then the log is far away: one call in so many takes up to so many milliseconds. Else nobody would die while it is asked. */
const SLOW = { oneIn: 6, ms: 600 };

export default createWorker(app);
export const { StreamObject, WebhookObject, CatalogObject } = objects(app);
export class LogObject extends logObject(app) {
  override async sequence(...call: Parameters<InstanceType<ReturnType<typeof logObject>>["sequence"]>) {
    if (Math.random() < 1 / SLOW.oneIn) await scheduler.wait(Math.random() * SLOW.ms);
    return super.sequence(...call);
  }
}
