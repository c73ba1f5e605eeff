/** The service itself: what it is, and whether it is there. */

import { Hono } from "hono";
import type { App } from "../app.ts";

export function serviceRoutes(app: App) {
  const routes = new Hono<{ Bindings: Env }>();

  routes.get("/", (context) =>
    context.json({
      name: "Headspring",
      what: "an edge-native event store: streams in, one ordered log, processors, views out, webhooks",
      aggregates: [...app.aggregates.keys()],
      categories: [...app.categories.keys()],
      views: [...app.views.keys()],
      links: { streams: "/streams", log: "/log", views: "/views", consumers: "/consumers", webhooks: "/webhooks", health: "/health" },
    }),
  );

  routes.get("/health", (context) => context.json({ status: "ok" }));

  return routes;
}
