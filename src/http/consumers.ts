/** Consumers: how far each of them is, and what an operator can do about it. */

import { Hono } from "hono";
import * as z from "zod";
import type { NotPossible } from "../consumers/kind.ts";
import { countAction, operate } from "../operations/operate.ts";
import { reportConsumers, skippedBy } from "../operations/report.ts";
import { DEFINITION_BYTES } from "./limits.ts";
import { MAX_POSITION } from "../core/limits.ts";
import type { ConsumerAction } from "../store/consumer-protocol.ts";
import { requireWithin } from "./log-query.ts";
import { Problem } from "./problem.ts";
import { optionalJsonBody } from "./body.ts";
import { DryRunQuery, type HttpEnv, type HttpContext, checked, queryOf, storeOf } from "./request.ts";

export const ACTIONS = ["pause", "resume", "retry", "skip", "reset"] as const satisfies ConsumerAction[];

/** `pause` cannot be tried: a client must not believe that it has only done so. */
const NoQuery = z.object({});

/** The body of actions that take a position. */
export const PositionIn = z.strictObject({ position: z.int().nonnegative().max(MAX_POSITION).optional() });

export function consumerRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.get("/", async (context) => {
    const store = storeOf(context);
    return context.json({ consumers: await reportConsumers(store) });
  });

  routes.get("/:name", async (context) => context.json(await reportOf(context)));

  for (const action of ACTIONS) {
    routes.post(`/:name/${action}`, async (context) => {
      const { dryRun } = action === "pause" ? { ...queryOf(context, NoQuery), dryRun: false } : queryOf(context, DryRunQuery);
      const { name, head } = await reportOf(context);
      const { position } = checked(PositionIn, await optionalJsonBody(context, DEFINITION_BYTES), `the body of \`${action}\` is not valid`);
      if (position !== undefined && action !== "skip" && action !== "reset")
        throw new Problem("invalid-request", `\`${action}\` accepts no position; \`skip\` and \`reset\` do`);
      requireWithin("position", position, head);
      if (dryRun && action !== "pause")
        return context.json(allowed(action, name, await countAction(storeOf(context), name, action, position)));
      const { warning } = allowed(action, name, await operate(storeOf(context), name, action, position)) ?? {};
      return context.json({ ...(await reportOf(context)), ...(warning === undefined ? {} : { warning }) });
    });
  }

  return routes;
}

async function reportOf(context: HttpContext) {
  const name = context.req.param("name") ?? "";
  const store = storeOf(context);
  const [consumer] = await reportConsumers(store, (one) => one === name);
  if (!consumer) {
    const all = await reportConsumers(store);
    throw new Problem("unknown-consumer", `unknown consumer ${name}; the store has ${all.map((one) => one.name).join(", ")}`);
  }
  const skipped = await skippedBy(store, name);
  return skipped.length > 0 ? { ...consumer, skipped } : consumer;
}

/** The outcome, or the problem that the action is not possible now. */
function allowed<Outcome extends object>(action: ConsumerAction, name: string, outcome: Outcome | NotPossible | undefined) {
  if (outcome && "detail" in outcome) throw new Problem("action-not-possible", `${name} cannot ${action}: ${outcome.detail}`);
  return outcome;
}
