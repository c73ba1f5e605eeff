/** Views: data out. */

import { Hono } from "hono";
import { accepts } from "hono/accepts";
import { awaitRow, queryView } from "../views/query.ts";
import { operate } from "../operations/operate.ts";
import { reportConsumers } from "../operations/report.ts";
import { reportRows } from "../definitions/report.ts";
import type { View } from "../definitions/views/view.ts";
import { Problem } from "./problem.ts";
import { callerOf } from "./auth-caller.ts";
import { seesView } from "./auth-scope.ts";
import { type HttpEnv, type HttpContext, linkTo, storeOf, waitMsOf } from "./request.ts";
import { answered, headersOf, viewOf, wantedOf } from "./view-answers.ts";
import { liveId, liveView } from "./view-live.ts";
import { namedQuery } from "./view-named.ts";
import { Consistency, Paging, cursorOf, cursorText, sortOf, viewQueryOf } from "./view-query.ts";

/** The forms of the answer to `GET /views/{view}`. */
const FORMS = { "application/json": page, "text/event-stream": liveView } as const;

export function viewRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.get("/", async (context) => {
    const store = storeOf(context);
    const scope = callerOf(context)?.scope;
    const visible = (await store.definitions.views()).filter(({ name }) => seesView(scope, name));
    const reports = await reportConsumers(store, (name) => visible.some((view) => view.name === name));
    const views = visible.map((view) => {
      const { position, status, stale, rebuild, deployment } = reports.find(({ name }) => name === view.name) ?? {};
      return { ...reportRows(view), position, status, stale, rebuild, deployment };
    });
    return context.json({ views });
  });

  routes.post("/:view/rebuild", async (context) => {
    const view = await viewOf(context);
    const store = storeOf(context);
    await operate(store, view.name, "reset");
    const [report] = await reportConsumers(store, (name) => name === view.name);
    return context.json(report, 202, { location: context.req.path.replace(/views\/[^/]+\/rebuild$/, `consumers/${view.name}`) });
  });

  routes.get("/:view", async (context) => {
    const form = accepts(context, { header: "Accept", supports: Object.keys(FORMS), default: "application/json" });
    return FORMS[form as keyof typeof FORMS](context, await viewOf(context));
  });

  routes.get("/:view/queries/:query", async (context) => namedQuery(context, await viewOf(context)));

  routes.get("/:view/:key", async (context) => {
    const view = await viewOf(context);
    const { parameters, conditions } = viewQueryOf(context, view, Consistency);
    if (conditions.length > 0)
      throw new Problem("invalid-request", `a row is found only by its key; /views/${view.name} accepts conditions`, {
        allowed: Object.keys(Consistency.shape),
      });
    const wanted = await wantedOf(context, parameters);
    const key = context.req.param("key");
    const until = Date.now() + (waitMsOf(context) ?? 0);
    const { row, ...served } = await answered(view, wanted, awaitRow(storeOf(context), view, key, wanted, until));
    if (!row) throw new Problem("unknown-row", `${view.name} has no row ${key}`, { position: served.position }, headersOf(served));
    return context.json(row, 200, headersOf(served));
  });

  return routes;
}

async function page(context: HttpContext, view: View): Promise<Response> {
  const { parameters, conditions } = viewQueryOf(context, view, Paging);
  const sort = sortOf(view, parameters.sort);
  const cursor = parameters.cursor === undefined ? undefined : cursorOf(sort, parameters.cursor);
  const wanted = { ...(await wantedOf(context, parameters)), seen: cursor?.position ?? 0 };
  const query = { conditions, sort, limit: parameters.limit, ...(cursor ? { after: cursor.values } : {}) };
  const { rows, next, ...served } = await answered(view, wanted, queryView(storeOf(context), view, query, wanted));
  const headers = { vary: "accept", ...headersOf(served), "headspring-live": liveId(served) };
  const about = { position: served.position, ...(served.stale ? { stale: true } : {}) };
  if (!next) return context.json({ rows, hasMore: false, ...about }, 200, headers);
  const text = cursorText(sort, next);
  return context.json({ rows, hasMore: true, next: text, ...about }, 200, {
    ...headers,
    link: `<${linkTo(context, { cursor: text })}>; rel="next"`,
  });
}
