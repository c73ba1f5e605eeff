/** Consumers: where everyone who follows the log stands, and what an operator can do about it. */

import { Hono } from "hono";
import { z } from "zod";
import type { App } from "../app.ts";
import { operate } from "../delivery/operate.ts";
import { withLagSeconds } from "../delivery/lag.ts";
import { reportConsumers, skippedBy } from "../delivery/report.ts";
import { DEFINITION_BYTES, MAX_POSITION } from "../limits.ts";
import type { ConsumerAction } from "../protocol.ts";
import { requireWithin } from "./log-query.ts";
import { Problem } from "./problem.ts";
import { optionalJsonBody } from "./body.ts";
import { type HttpContext, checked, storeOf } from "./request.ts";

export const ACTIONS = ["pause", "resume", "retry", "skip", "reset"] as const satisfies ConsumerAction[];

/** What the actions that take a position take. */
export const PositionIn = z.strictObject({ position: z.int().nonnegative().max(MAX_POSITION).optional() });

export function consumerRoutes(app: App) {
  const routes = new Hono<{ Bindings: Env }>();

  routes.get("/", async (context) => {
    const store = storeOf(context);
    return context.json({ consumers: await withLagSeconds(context.env, store, await reportConsumers(app, context.env, store)) });
  });

  routes.get("/:name", async (context) => context.json(await reportOf(context)));

  for (const action of ACTIONS) {
    routes.post(`/:name/${action}`, async (context) => {
      const { kind, name, head } = await reportOf(context);
      const { position } = checked(PositionIn, await optionalJsonBody(context, DEFINITION_BYTES), `what \`${action}\` takes is not valid`);
      if (position !== undefined && action !== "skip" && action !== "reset")
        throw new Problem("invalid-request", `\`${action}\` takes no position; \`skip\` and \`reset\` do`);
      requireWithin("position", position, head);
      const done = await operate(app, context.env, storeOf(context), name, action, position);
      if (done?.outcome === "not-possible") throw new Problem("action-not-possible", `${name} cannot ${action}: ${done.detail}`);
      const report = await reportOf(context);
      return context.json(action === "reset" && kind === "processor" ? { ...report, warning: RESET_WARNING } : report);
    });
  }

  async function reportOf(context: HttpContext) {
    const name = context.req.param("name") ?? "";
    const store = storeOf(context);
    const [consumer] = await withLagSeconds(context.env, store, await reportConsumers(app, context.env, store, (one) => one === name));
    if (!consumer) {
      const all = await reportConsumers(app, context.env, store);
      throw new Problem("unknown-consumer", `there is no consumer ${name}; there is ${all.map((one) => one.name).join(", ")}`);
    }
    const skipped = consumer.kind === "webhook" ? [] : await skippedBy(app, context.env, store, name);
    return skipped.length > 0 ? { ...consumer, skipped } : consumer;
  }

  return routes;
}

/** Receipts are kept for a while only: what a reaction stored before that is stored again. */
const RESET_WARNING =
  "the processor reacts to these events again; commands and events that it caused in the last 30 days are recognised and not stored twice, older ones may be";
