/** ⓪ The worker of an app: the routes, the queues' consumer, and the cron. */

import { boundEnv } from "../store/bound.ts";
import type { DeploymentEnv, HeadspringEnv } from "../store/env.ts";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import type { App } from "../definitions/app.ts";
import { DefinitionsInCode } from "../definitions/in-code.ts";
import { sweep } from "../operations/sweep.ts";
import { handleBatch, wakeSourcesInCode } from "../operations/sources.ts";
import { placementOfDeployment } from "../store/placement.ts";
import { aggregateRoutes } from "./aggregates.ts";
import { appRoutes } from "./app-report.ts";
import { auth } from "./auth.ts";
import { crossOrigin, securityHeaders } from "./browser-headers.ts";
import { callerRoutes } from "./caller.ts";
import { categoryRoutes } from "./categories.ts";
import { requireConfiguration, requireObjects } from "./configuration.ts";
import { consoleRoutes } from "./console/routes.ts";
import { consumerRoutes } from "./consumers.ts";
import { answerFailures } from "./failures.ts";
import { importRoutes } from "./import.ts";
import { logRoutes } from "./log.ts";
import { metricsRoutes } from "./metrics.ts";
import { problemRoutes } from "./problems.ts";
import { processorRoutes } from "./processors.ts";
import { type HttpEnv, requireReadableUrl, requireStoreName } from "./request.ts";
import { sagaRoutes } from "./sagas.ts";
import { serviceRoutes } from "./service.ts";
import { sourceRoutes } from "./sources.ts";
import { sourceryRoutes } from "./sourcery/routes.ts";
import { placed, storesRoutes } from "./stores.ts";
import { streamRoutes } from "./streams.ts";
import { viewRoutes } from "./views.ts";
import { webhookRoutes, wellKnownRoutes } from "./webhooks.ts";

/** What a worker serves besides the API of docs/http-api.md. */
export interface WorkerOptions {
  /** The surface of Sourcery's documentation, under `/api`: streams, processors and views without TypeScript. Default: no. */
  readonly sourcery?: boolean;
  /** The console, a page under `/console` that shows the store at work and acts on it, with the rights of the token that is typed into it. Default: no. */
  readonly console?: boolean;
}

/** What a request's handler needs of its execution context. That of Hono will do. */
export type RequestContext = Pick<ExecutionContext, "waitUntil" | "passThroughOnException" | "props"> & { readonly exports?: object };

/**
 * The three handlers of an app's worker. A project that has routes of its own calls `fetch` for all others, and for what its own routes ask
 * of the store: the answer is made in the same worker, with the rights of the request's token.
 *
 * @example
 * const store = createWorker(app);
 * const http = new Hono<{ Bindings: HeadspringEnv }>()
 *   .get("/hello", (context) => context.text("hello"))
 *   .all("*", (context) => store.fetch(context.req.raw, context.env, context.executionCtx));
 * export default { ...store, fetch: http.fetch };
 */
export interface StoreWorker {
  fetch(request: Request, env: DeploymentEnv, context: RequestContext): Response | Promise<Response>;
  queue(batch: MessageBatch, env: DeploymentEnv, context: ExecutionContext): Promise<void>;
  scheduled(controller: ScheduledController, env: DeploymentEnv, context: ExecutionContext): Promise<void>;
}

/**
 * The worker of an app. Export it as default, along with the classes of its objects.
 *
 * @example
 * export default createWorker(app);
 * export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);
 */
export function createWorker(app: App, options: WorkerOptions = {}): StoreWorker {
  // What is missing must be noticed before the first request or event. The type of `env` here is what `wrangler types` has made from a
  // project's own configuration, or nothing.
  const bindings: object = env;
  requireConfiguration(bindings, app);
  placementOfDeployment(bindings as HeadspringEnv);
  const http = createHttp(app, options);
  let isChecked = false;
  /** Whether this isolate has woken the sources. */
  let isAwake = new DefinitionsInCode(app).sources.length === 0;
  const bound = (env: DeploymentEnv, context: { readonly exports?: object }): HeadspringEnv => {
    const whole = boundEnv(env, context);
    // What a worker exports is not known to it when it starts.
    if (!isChecked) requireObjects(whole);
    isChecked = true;
    return whole;
  };
  return {
    fetch(request, env, context) {
      const whole = bound(env, context);
      // Nobody declares them at run time, and the cron may be minutes away.
      if (!isAwake) context.waitUntil(wakeSourcesInCode(app, whole));
      isAwake = true;
      return http.fetch(request, whole, context);
    },

    // Whatever queue it comes from: the name of that for wake-ups is the user's choice, and so is whether it has a dead-letter queue.
    async queue(batch, env, context) {
      await handleBatch(app, bound(env, context), batch);
    },

    async scheduled(_controller, env, context) {
      const whole = bound(env, context);
      await wakeSourcesInCode(app, whole);
      await sweep(app, whole);
    },
  };
}

/** The routes, for the default store and for named ones. */
export function createHttp(app: App, { sourcery = false, console = false }: WorkerOptions = {}): Hono<HttpEnv> {
  const ofStore = new Hono<HttpEnv>()
    .route("/streams", categoryRoutes())
    .route("/streams", streamRoutes())
    .route("/aggregates", aggregateRoutes())
    .route("/sagas", sagaRoutes())
    .route("/log", logRoutes())
    .route("/views", viewRoutes())
    .route("/processors", processorRoutes())
    .route("/sources", sourceRoutes())
    .route("/consumers", consumerRoutes())
    .route("/metrics", metricsRoutes())
    .route("/webhooks", webhookRoutes())
    .route("/.well-known", wellKnownRoutes())
    .route("/import", importRoutes())
    .route("/app", appRoutes())
    .route("/caller", callerRoutes());
  if (sourcery) ofStore.route("/api", sourceryRoutes());

  const http = new Hono<HttpEnv>()
    .use(securityHeaders(), crossOrigin(), auth(), requireReadableUrl)
    .use("/stores/:store/*", requireStoreName)
    .use(placed(app, new Set(ofStore.routes.map(({ path }) => path))))
    .route("/", serviceRoutes(app, { console }))
    .route("/stores", storesRoutes(app))
    .route("/problems", problemRoutes())
    .route("/", ofStore)
    .route("/stores/:store", ofStore);

  if (console) http.route("/console", consoleRoutes());

  answerFailures(http);
  return http;
}
