/** The worker that is killed. */

import { createWorker, objects } from "../../src/runtime.ts";
import type { SegmentRpc } from "../../src/store/segment.ts";
import { app } from "./app.ts";

/** Now and then the log is far away: one call in so many takes up to so many milliseconds. Else nobody would die while it is asked. */
const SLOW = { oneIn: 6, ms: 600 };

export default createWorker(app);
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);

const log = LogObject.prototype as SegmentRpc;
const { sequence } = log;
log.sequence = async function slowly(...call) {
  if (Math.random() < 1 / SLOW.oneIn) await scheduler.wait(Math.random() * SLOW.ms);
  return sequence.apply(this, call);
};
