import { createWorker, objects } from "headspring/runtime";
import { app } from "./app.ts";

export default createWorker(app, { console: true });
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);
