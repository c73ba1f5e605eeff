/** ⓪ A worker that only answers queries: it serves the views of a store whose commands another worker takes. */

import { env } from "cloudflare:workers";
import { Hono } from "hono";
import type { App } from "../definitions/app.ts";
import { boundEnv } from "../store/bound.ts";
import type { DeploymentEnv, HeadspringEnv } from "../store/env.ts";
import { placementOfDeployment } from "../store/placement.ts";
import { readingOnly } from "../store/reads-only.ts";
import { auth } from "./auth.ts";
import { crossOrigin, securityHeaders } from "./browser-headers.ts";
import { callerRoutes } from "./caller.ts";
import { requireConfigurationOfQueries } from "./configuration.ts";
import { answerFailures } from "./failures.ts";
import { problemRoutes } from "./problems.ts";
import { type HttpEnv, requireReadableUrl, requireStoreName } from "./request.ts";
import { serviceRoutes } from "./service.ts";
import { placed } from "./stores.ts";
import { viewReadRoutes } from "./views.ts";
import type { RequestContext } from "./worker.ts";

/** What a worker that only answers queries must have bound. The objects are another worker's: their bindings have its `script_name`. */
export type QueryEnv = Pick<HeadspringEnv, "LOGS" | "CATALOGS" | "VIEWS"> & Partial<HeadspringEnv>;

/** The one handler of such a worker. */
export interface QueryWorker {
  fetch(request: Request, env: QueryEnv, context: RequestContext): Response | Promise<Response>;
}

const NOTE = ". This worker only answers queries; another one takes commands";

/**
 * A worker that serves the views of an app and nothing else, next to the one of `createWorker`, which takes the commands, has the objects and
 * keeps the views. The two share the store: the D1 databases, and the objects of the log and the catalog.
 *
 * @example
 * export default createQueryWorker(app);
 */
export function createQueryWorker(app: App): QueryWorker {
  // As for createWorker: what is missing must be noticed before the first request.
  const bindings: object = env;
  requireConfigurationOfQueries(bindings, app);
  placementOfDeployment(bindings as HeadspringEnv);
  const http = createQueryHttp(app);
  return {
    fetch: (request, env, context) => http.fetch(request, readingOnly(boundEnv(env as DeploymentEnv, context)), context),
  };
}

/** Its routes, for the default store and for named ones. */
export function createQueryHttp(app: App): Hono<HttpEnv> {
  const ofStore = new Hono<HttpEnv>().route("/views", viewReadRoutes()).route("/caller", callerRoutes());
  const http = new Hono<HttpEnv>()
    .use(securityHeaders(), crossOrigin(), auth(), requireReadableUrl)
    .use("/stores/:store/*", requireStoreName)
    .use(placed(app, new Set(ofStore.routes.map(({ path }) => path))))
    .route("/", serviceRoutes(app, { queriesOnly: true }))
    .route("/problems", problemRoutes())
    .route("/", ofStore)
    .route("/stores/:store", ofStore);
  answerFailures(http, NOTE);
  return http;
}
