/** The same app as its developer has changed it: `FAULT` says how. */

import { createWorker, objects } from "../../../src/runtime.ts";
import { appWith } from "./app.ts";

console.log("what an app prints while it is loaded is no result");
const app = appWith(process.env.FAULT);

export default createWorker(app);
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);
