import { createWorker, objects } from "headspring/runtime";
import { app } from "./app.ts";

export default createWorker(app);
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);

// What `wrangler types` writes names the classes as types. Only with `skipLibCheck: false` does the compiler ask for them.
export type StreamObject = InstanceType<typeof StreamObject>;
export type LogObject = InstanceType<typeof LogObject>;
export type WebhookObject = InstanceType<typeof WebhookObject>;
export type CatalogObject = InstanceType<typeof CatalogObject>;
export type SourceObject = InstanceType<typeof SourceObject>;
