import { Hono } from "hono";
import { type HeadspringEnv, createWorker, objects } from "headspring/runtime";
import { app } from "./app.ts";
import { notificationRoutes } from "./routes.ts";

const store = createWorker(app, { console: true });

const http = new Hono<{ Bindings: HeadspringEnv }>()
  .route("/notifications", notificationRoutes(store))
  .route("/stores/:store/notifications", notificationRoutes(store))
  .all("*", (context) => store.fetch(context.req.raw, context.env, context.executionCtx));

export default { ...store, fetch: http.fetch };
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);
