/** Consumers: where everyone who follows the log stands. */

import { Hono } from "hono";
import type { App } from "../app.ts";
import { reportConsumers } from "../delivery/report.ts";
import { Problem } from "./problem.ts";
import { storeOf } from "./request.ts";

export function consumerRoutes(app: App) {
  const routes = new Hono<{ Bindings: Env }>();

  routes.get("/", async (context) => context.json({ consumers: await reportConsumers(app, context.env, storeOf(context)) }));

  routes.get("/:name", async (context) => {
    const name = context.req.param("name");
    const consumers = await reportConsumers(app, context.env, storeOf(context));
    const consumer = consumers.find((one) => one.name === name);
    if (!consumer)
      throw new Problem("unknown-consumer", `there is no consumer ${name}; there is ${consumers.map((one) => one.name).join(", ")}`);
    return context.json(consumer);
  });

  return routes;
}
