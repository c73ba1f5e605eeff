/** The worker that the cost meter looks into: the app of one case, and at `/counts` what it has cost so far. */

import { env } from "cloudflare:workers";
import { createWorker, objects } from "headspring/runtime";
import { APPS } from "./cost-apps.ts";
import { CASES, type CaseName } from "./cost-cases.ts";
import { counts, distance, invocation, isQuiet, keepsAwake, metered, meteredClass, received } from "./cost-meter.ts";

const name = (env as unknown as { COST_CASE: CaseName }).COST_CASE;
const app = APPS[name];
distance.ms = CASES[name].distanceMs ?? 0;
const worker = createWorker(app);
keepsAwake(scheduler, "wait");
keepsAwake(globalThis, "fetch");

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname === "/counts") return Response.json({ counts, isQuiet: isQuiet() });
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
