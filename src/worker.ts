/** The composition root: one app, its worker, and its four kinds of object. Put your own app here. */

import { createWorker, objects } from "headspring/runtime";
import { shop } from "./shop/app.ts";

const app = shop;

export default createWorker(app, { sourcery: true, console: true });
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);
