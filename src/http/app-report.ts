/** `GET /app`: what the app consists of and how its parts are connected, in code and in the store's catalog. */

import { Hono } from "hono";
import type { CategorySummary } from "../store/catalog-protocol.ts";
import { reportCategory, reportProcessor, reportSource, reportSourceKind, reportView } from "../definitions/report.ts";
import type { Definitions } from "../store/definitions.ts";
import { FORMATS } from "../store/stored-format.ts";
import { type HttpEnv, storeOf } from "./request.ts";

export function appRoutes() {
  const routes = new Hono<HttpEnv>();
  routes.get("/", async (context) => context.json(await appReport(storeOf(context).definitions)));
  return routes;
}

async function appReport(definitions: Definitions) {
  const [{ inCode, overHttp }, views, processors, sources] = await Promise.all([
    definitions.categories(true),
    definitions.views(),
    definitions.processors(),
    definitions.sources(),
  ]);
  return {
    categories: [...inCode.map(reportCategory), ...overHttp.map(categoryOfCatalog)],
    views: views.map(reportView),
    processors: processors.map(reportProcessor),
    sources: sources.map((one) => ({ ...reportSource(one), origin: definitions.inCode.sources.includes(one) ? "code" : "api" })),
    sourceKinds: [...definitions.inCode.sourceKinds.values()].map(reportSourceKind),
    formats: FORMATS,
  };
}

function categoryOfCatalog({ name, description, key, strict, eventTypes, schemaVersions }: CategorySummary) {
  const events = eventTypes.map((type, index) => ({ type, schemaVersion: schemaVersions?.[index] }));
  return { name, kind: "plain", origin: "api", description, events, key, strict };
}
