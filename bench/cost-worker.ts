/** The worker that the cost meter looks into: the app of one case, and at `/counts` what it has cost so far. */

import { env } from "cloudflare:workers";
import { createWorker, objects } from "headspring/runtime";
import { APPS } from "./cost-apps.ts";
import { CASES, type CaseName } from "./cost-cases.ts";
import { distance, keepsAwake, meteredObjects, meteredWorker } from "./cost-meter.ts";

const name = (env as unknown as { COST_CASE: CaseName }).COST_CASE;
const app = APPS[name];
distance.ms = CASES[name].distanceMs ?? 0;
const worker = meteredWorker(createWorker(app));
keepsAwake(scheduler, "wait");
keepsAwake(globalThis, "fetch");

export default worker;
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = meteredObjects(objects(app));
