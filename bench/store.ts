/** The store that is measured: an aggregate, a plain category, and one view. */

import * as z from "zod";
import { category, defineApp } from "headspring";
import { createWorker, objects } from "headspring/runtime";
import { counter, totals } from "./counter.ts";

const reading = category("reading", { events: { Read: z.object({ value: z.number(), room: z.string() }) } });

const app = defineApp({ aggregates: [counter], categories: [reading], views: [totals] });

export default createWorker(app);
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);
