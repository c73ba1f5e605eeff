/** The worker of `npm run bench:growth` and `bench:console`: a store whose rows are counted, at `/counts`, and whose log is filled, at `/fill`. */

import * as z from "zod";
import { aggregate, category, defineApp, event, streamIdOf, view } from "headspring";
import { createWorker, objects } from "headspring/runtime";
import { counts, isQuiet, invocation, metered, meteredClass, received } from "./cost-meter.ts";
import { COUNTER, FILLER, filling } from "./growth-operations.ts";

/** Events that the log is sent in one call: a commit of several pages. */
const TOGETHER = 1_000;

const counter = aggregate(COUNTER, {
  events: { Added: z.object({ by: z.int() }) },
  commands: { Add: z.object({ by: z.int() }), AddOften: z.object({ times: z.int() }) },
  initialState: () => ({ total: 0 }),
  evolve: { Added: (state, { by }) => ({ total: state.total + by }) },
  decide: {
    Add: (_state, { by }) => event("Added", { by }),
    AddOften: (_state, { times }) => Array.from({ length: times }, () => event("Added", { by: 1 })),
  },
});
const filler = category(FILLER, { events: { Read: z.object({ value: z.number() }) } });
const totals = view("totals", {
  from: counter,
  row: z.object({ id: z.string(), total: z.int() }),
  key: "id",
  on: { Added: (row, { stream, data }) => ({ id: streamIdOf(stream), total: (row?.total ?? 0) + data.by }) },
});
const app = defineApp({ aggregates: [counter], categories: [filler], views: [totals] });
const worker = createWorker(app, { console: true });

export default {
  async fetch(request, env, context) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/counts") return Response.json({ counts, isQuiet: isQuiet() });
    if (pathname === "/fill") {
      const [from, to, streams] = ["from", "to", "streams"].map((name) => Number(searchParams.get(name))) as [number, number, number];
      const log = env.LOGS.getByName("default");
      for (let next = from; next < to; next += TOGETHER) {
        const answer = await log.sequenceTogether(filling(next, Math.min(next + TOGETHER, to), streams));
        if (!("taken" in answer) || !answer.taken) throw new Error(`the log did not take ${next}: ${JSON.stringify(answer).slice(0, 200)}`);
      }
      return new Response(null, { status: 204 });
    }
    return invocation("requests", async () => worker.fetch!(request, metered(env), context));
  },
  async queue(batch, env, context) {
    await invocation("batches", async () => worker.queue!(batch, metered(env), context));
    received(batch.messages);
  },
} satisfies ExportedHandler<Env>;

const classes = objects(app);
export class StreamObject extends meteredClass("stream", classes.StreamObject) {}
export class LogObject extends meteredClass("log", classes.LogObject) {}
export class WebhookObject extends meteredClass("webhook", classes.WebhookObject) {}
export class CatalogObject extends meteredClass("catalog", classes.CatalogObject) {}
