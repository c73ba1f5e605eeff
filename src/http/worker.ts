/** ⓪ The worker of an app: the doors, the queues' consumer, and the cron. */

import { env } from "cloudflare:workers";
import { Hono } from "hono";
import type { App } from "../app.ts";
import { sweep } from "../delivery/sweep.ts";
import { handleWakeUps } from "../delivery/wake-up.ts";
import { databaseOf } from "../views/generations.ts";
import { aggregateRoutes } from "./aggregates.ts";
import { auth } from "./auth.ts";
import { crossOrigin, securityHeaders } from "./browsers.ts";
import { categoryRoutes } from "./categories.ts";
import { consumerRoutes } from "./consumers.ts";
import { importRoutes } from "./import.ts";
import { logRoutes } from "./log.ts";
import { Problem } from "./problem.ts";
import { requireStoreName } from "./request.ts";
import { sagaRoutes } from "./sagas.ts";
import { serviceRoutes } from "./service.ts";
import { streamRoutes } from "./streams.ts";
import { viewRoutes } from "./views.ts";
import { webhookRoutes, wellKnownRoutes } from "./webhooks.ts";

/** The name of the dead-letter queue, as wrangler.toml declares it. */
const DEAD_WAKE_UPS = "headspring-dead-wake-ups";

/**
 * The worker of an app. Export it as default, beside the classes of its objects.
 *
 * @example
 * export default createWorker(app);
 * export class StreamObject extends streamObject(app) {}
 * export class LogObject extends logObject(app) {}
 * export class WebhookObject extends webhookObject(app) {}
 * export { CatalogObject } from "./runtime.ts";
 */
export function createWorker(app: App): ExportedHandler<Env> {
  // A view that names a database which is not there must not wait for its first event to say so.
  for (const view of app.views.values()) databaseOf(env, view);
  const http = createHttp(app);
  return {
    fetch: (request, env, context) => http.fetch(request, env, context),

    async queue(batch, env) {
      if (batch.queue !== DEAD_WAKE_UPS) return handleWakeUps(app, env, batch);
      // A dead wake-up loses nothing: the log rings again. That it died says that something keeps failing.
      for (const message of batch.messages) console.error({ message: "a wake-up was given up by the queue", body: message.body });
      batch.ackAll();
    },

    async scheduled(_controller, env) {
      await sweep(app, env);
    },
  };
}

/** The routes, for the default store and for named ones. */
export function createHttp(app: App): Hono<{ Bindings: Env }> {
  const ofStore = new Hono<{ Bindings: Env }>()
    .route("/streams", categoryRoutes(app))
    .route("/streams", streamRoutes(app))
    .route("/aggregates", aggregateRoutes(app))
    .route("/sagas", sagaRoutes(app))
    .route("/log", logRoutes())
    .route("/views", viewRoutes(app))
    .route("/consumers", consumerRoutes(app))
    .route("/webhooks", webhookRoutes(app))
    .route("/.well-known", wellKnownRoutes(app))
    .route("/import", importRoutes(app));

  const http = new Hono<{ Bindings: Env }>()
    .use(securityHeaders(), crossOrigin(), auth())
    .use("/stores/:store/*", requireStoreName)
    .route("/", serviceRoutes(app))
    .route("/", ofStore)
    .route("/stores/:store", ofStore);

  http.notFound((context) => {
    const methods = methodsOf(http, context.req.path);
    if (methods.length === 0)
      return new Problem("not-found", `there is nothing at ${context.req.path}; GET / lists what there is`).toResponse();
    const allow = methods.join(", ");
    return new Problem("method-not-allowed", `${context.req.path} takes ${allow}, not ${context.req.method}`, {}, { allow }).toResponse();
  });

  http.onError((error, context) => {
    if (error instanceof Problem) return error.toResponse();
    console.error({ message: "a request failed", method: context.req.method, path: context.req.path, error: error.stack ?? String(error) });
    // The platform says which of its errors may pass.
    const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
    if (retryable || overloaded) {
      return new Problem(
        "unavailable",
        "try again; with an Idempotency-Key nothing can happen twice",
        {},
        { "retry-after": "1" },
      ).toResponse();
    }
    return new Problem(
      "internal-error",
      "the request failed; whether it was carried out is not known. With an Idempotency-Key it can be sent again",
    ).toResponse();
  });

  return http;
}

/** The methods that a path takes. */
function methodsOf(http: Hono<{ Bindings: Env }>, path: string): string[] {
  const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((method) =>
    http.router.match(method, path)[0].some(([[, route]]) => route.method !== "ALL"),
  );
  return methods.includes("GET") ? [...methods, "HEAD"] : methods;
}
