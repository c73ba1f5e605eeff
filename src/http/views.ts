/** Views: data out. */

import { Hono } from "hono";
import * as z from "zod";
import { accepts } from "hono/accepts";
import { awaitRow, queryView } from "../views/query.ts";
import { countAction, operate } from "../operations/operate.ts";
import { reportConsumers } from "../operations/report.ts";
import { reportRows } from "../definitions/report.ts";
import type { View } from "../definitions/views/view.ts";
import { aboutDefinition, deleteDefinition, putDefinition } from "./definitions.ts";
import { Problem } from "./problem.ts";
import { callerOf } from "./auth-caller.ts";
import { seesView } from "./auth-scope.ts";
import { DryRunQuery, type HttpEnv, type HttpContext, linkTo, queryOf, storeOf, waitMsOf } from "./request.ts";
import { answered, headersOf, unknownView, viewOf, wantedOf } from "./view-answers.ts";
import { liveId, liveView } from "./view-live.ts";
import { namedQuery } from "./view-named.ts";
import { previewView } from "./view-preview.ts";
import { eventsBehindRow } from "./view-row-events.ts";
import { Consistency, Paging, cursorOf, cursorText, sortOf, viewQueryOf } from "./view-query.ts";

export const ViewsQuery = z.object({ name: z.array(z.string()).optional() });

/** The forms of the answer to `GET /views/{view}`. */
const FORMS = { "application/json": page, "text/event-stream": liveView } as const;

export function viewRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.put("/:view", async (context) =>
    putDefinition(context, "view", context.req.param("view"), async (name) => {
      const [view] = await shown(context, [name]);
      if (!view) throw unknownView(name); // it was deleted a moment later
      return view;
    }),
  );

  routes.delete("/:view", async (context) => deleteDefinition(context, "view", context.req.param("view")));

  routes.post("/preview", previewView);

  routes.post("/:view/rebuild", async (context) => {
    const view = await viewOf(context, true);
    const store = storeOf(context);
    if (queryOf(context, DryRunQuery).dryRun) return context.json(await countAction(store, view.name, "reset"));
    await operate(store, view.name, "reset");
    const [report] = await reportConsumers(store, (name) => name === view.name);
    return context.json(report, 202, { location: context.req.path.replace(/views\/[^/]+\/rebuild$/, `consumers/${view.name}`) });
  });

  return routes.route("/", viewReadRoutes());
}

/** What changes nothing. */
export function viewReadRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.get("/", async (context) => context.json({ views: await shown(context, namesOf(context)) }));

  routes.get("/:view", async (context) => {
    const form = accepts(context, { header: "Accept", supports: Object.keys(FORMS), default: "application/json" });
    return FORMS[form as keyof typeof FORMS](context, await viewOf(context));
  });

  routes.get("/:view/queries/:query", async (context) => {
    const view = await viewOf(context);
    const isRow = context.req.param("query") === "events" && !view.queries.has("events");
    return isRow ? eventsBehindRow(context, "queries") : namedQuery(context, view);
  });

  routes.get("/:view/:key/events", (context) => eventsBehindRow(context));

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

/** The views that the query asks for; undefined: all. */
function namesOf(context: HttpContext): readonly string[] | undefined {
  return queryOf(context, ViewsQuery).name;
}

/** Those in code first. What the code shadows comes last, without a position. */
async function shown(context: HttpContext, names?: readonly string[]) {
  const store = storeOf(context).remembering();
  const { definitions } = store;
  const caller = callerOf(context);
  const isVisible = ({ name }: { readonly name: string }) => seesView(caller?.scope, name) && (names?.includes(name) ?? true);
  const seesHidden = caller === undefined || caller.rights.includes("admin");
  const [{ all }, views] = await Promise.all([definitions.overHttp(), definitions.views()]);
  const wanted = views.filter((view) => isVisible(view) && (seesHidden || view.exposed !== false));
  const reports = await reportConsumers(store, (name) => wanted.some((view) => view.name === name));
  const inForce = wanted.map((view) => {
    const { position, status, stale, rebuild, deployment } = reports.find(({ name }) => name === view.name) ?? {};
    const declared = all.find(({ name }) => name === view.name && !definitions.isShadowed(name));
    const origin = declared ? { origin: "api", ...aboutDefinition(declared) } : { origin: "code" };
    return { ...reportRows(view), ...origin, position, status, stale, rebuild, deployment };
  });
  const others = all.filter(
    (one) => one.kind === "view" && isVisible(one) && seesHidden && (!one.view || definitions.isShadowed(one.name)),
  );
  const shadowed = (name: string) => (definitions.isShadowed(name) ? { shadowed: true } : {});
  return [...inForce, ...others.map((one) => ({ name: one.name, origin: "api", ...shadowed(one.name), ...aboutDefinition(one) }))];
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
