/** The worker of `npm run bench:growth` and `bench:console`: a store whose rows are counted, at `/counts`, and whose log is filled, at `/fill`. */

import * as z from "zod";
import { category, defineApp } from "headspring";
import { createWorker, objects } from "headspring/runtime";
import { meteredObjects, meteredWorker } from "./cost-meter.ts";
import { counter, totals } from "./counter.ts";
import { FILLER, filling } from "./growth-operations.ts";

/** Events that the log is sent in one call: a commit of several pages. */
const TOGETHER = 1_000;

const filler = category(FILLER, { events: { Read: z.object({ value: z.number() }) } });
const app = defineApp({ aggregates: [counter], categories: [filler], views: [totals] });
const worker = meteredWorker(createWorker(app, { console: true }));

export default {
  ...worker,
  async fetch(request, env, context) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/fill") return worker.fetch(request, env, context);
    const [from, to, streams] = ["from", "to", "streams"].map((name) => Number(searchParams.get(name))) as [number, number, number];
    const log = env.LOGS.getByName("default");
    for (let next = from; next < to; next += TOGETHER) {
      const answer = await log.sequenceTogether(filling(next, Math.min(next + TOGETHER, to), streams));
      if (!("taken" in answer) || !answer.taken) throw new Error(`the log did not take ${next}: ${JSON.stringify(answer).slice(0, 200)}`);
    }
    return new Response(null, { status: 204 });
  },
} satisfies ExportedHandler<Env>;

export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = meteredObjects(objects(app));
