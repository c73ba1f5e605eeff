/** The service itself: what it is, its description, and whether it is available. */

import type { HttpEnv } from "./request.ts";
import { Hono } from "hono";
import type { App } from "../definitions/app.ts";
import { DefinitionsInCode } from "../definitions/in-code.ts";
import { hasTag, textTag } from "./conditions.ts";
import { docsPage } from "./docs-page.ts";
import { pageOr } from "./page-or-json.ts";
import { servicePage } from "./service-page.ts";
import { openApiOf } from "./openapi/document.ts";
import { jsonText } from "./response.ts";

export interface ServiceParts {
  /** The console is served, too. */
  readonly console?: boolean;
  /** Nothing but queries is served. */
  readonly queriesOnly?: boolean;
}

export function serviceRoutes(app: App, { console: hasConsole = false, queriesOnly = false }: ServiceParts) {
  const routes = new Hono<HttpEnv>();
  const inCode = new DefinitionsInCode(app);
  let openApi: { readonly text: string; readonly etag: string } | undefined;

  routes.get("/", (context) => {
    const views = namesOf(inCode.views);
    const content = queriesOnly
      ? {
          name: "Headspring",
          what: "the views of an event store; another worker takes its commands",
          aggregates: [],
          categories: [],
          views,
          links: { docs: "/docs", openapi: "/openapi.json", problems: "/problems", views: "/views", health: "/health" },
        }
      : {
          name: "Headspring",
          what: "an edge-native event store: streams in, one ordered log, processors, views out, webhooks",
          aggregates: namesOf(inCode.aggregates),
          categories: namesOf(inCode.plainCategories),
          views,
          links: {
            ...(hasConsole ? { console: "/console" } : {}),
            docs: "/docs",
            openapi: "/openapi.json",
            app: "/app",
            problems: "/problems",
            streams: "/streams",
            sagas: "/sagas",
            log: "/log",
            sources: "/sources",
            processors: "/processors",
            views: "/views",
            consumers: "/consumers",
            metrics: "/metrics",
            stores: "/stores",
            webhooks: "/webhooks",
            health: "/health",
          },
        };
    return pageOr(context, () => servicePage(content, new URL(context.req.url).origin), content);
  });

  routes.get("/health", (context) => context.json({ status: "ok" }));

  routes.get("/openapi.json", (context) => {
    if (!openApi) {
      const text = JSON.stringify(openApiOf(app, { queriesOnly }));
      openApi = { text, etag: textTag(text) };
    }
    const { text, etag } = openApi;
    return hasTag(context, etag) ? context.body(null, 304, { etag }) : jsonText(text, 200, { etag });
  });

  routes.get("/docs", (context) => docsPage(openApiOf(app, { queriesOnly }), new URL(context.req.url).origin));

  return routes;
}

function namesOf(parts: readonly { readonly name: string }[]): string[] {
  return parts.map(({ name }) => name);
}
