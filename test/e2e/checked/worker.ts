/** The worker that the tests of `headspring check` deploy. */

import { createWorker, objects } from "../../../src/runtime.ts";
import { appWith } from "./app.ts";

const app = appWith(undefined);

export default createWorker(app);
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);
