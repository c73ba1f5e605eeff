/** The worker that the cost meter looks into: the app of one case, and at `/counts` what it has cost so far. */

import { env } from "cloudflare:workers";
import { CatalogObject as Catalog, createWorker, logObject, streamObject, webhookObject } from "../src/runtime.ts";
import { CASES } from "./cost-cases.ts";
import { counts, distance, invocation, isQuiet, keepsAwake, metered, meteredClass, received } from "./cost-meter.ts";

const name = (env as unknown as { COST_CASE: string }).COST_CASE;
const measured = CASES[name];
if (!measured) throw new Error(`there is no case "${name}"`);
const { app, distanceMs = 0 } = measured;
distance.ms = distanceMs;
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

export class StreamObject extends meteredClass("stream", streamObject(app)) {}
export class LogObject extends meteredClass("log", logObject(app)) {}
export class WebhookObject extends meteredClass("webhook", webhookObject(app)) {}
export class CatalogObject extends meteredClass("catalog", Catalog) {}
