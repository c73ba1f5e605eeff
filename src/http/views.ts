/** Views: data out. */

import { Hono } from "hono";
import { z } from "zod";
import type { App } from "../app.ts";
import { rebuild } from "../delivery/operate.ts";
import { reportConsumers } from "../delivery/report.ts";
import { VIEW_PAGE_ROWS, VIEW_PAGE_ROWS_DEFAULT, VIEW_WAIT_SECONDS_DEFAULT } from "../limits.ts";
import { logOf } from "../objects.ts";
import { awaitPosition, awaitRow, queryView } from "../views/query.ts";
import { type Column, tableOf } from "../views/table.ts";
import type { View } from "../views/view.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, WholeNumber, checked, limitOf, linkTo, storeOf, waitMsOf } from "./request.ts";

/** Parameters that are not columns. */
export const Paging = z.object({
  limit: limitOf(VIEW_PAGE_ROWS, VIEW_PAGE_ROWS_DEFAULT),
  cursor: z.string().optional(),
  minPosition: WholeNumber.optional(),
  consistency: z.enum(["eventual", "strong"]).default("eventual"),
});

export function viewRoutes(app: App) {
  const routes = new Hono<{ Bindings: Env }>();

  routes.get("/", async (context) => {
    const reports = await reportConsumers(app, context.env, storeOf(context), (name) => app.views.has(name));
    const views = [...app.views.values()].map((view) => {
      const { position, status, stale, rebuild } = reports.find(({ name }) => name === view.name) ?? {};
      const row = z.toJSONSchema(view.row, { unrepresentable: "any" });
      return { name: view.name, description: view.description, key: view.key, row, position, status, stale, rebuild };
    });
    return context.json({ views });
  });

  routes.post("/:view/rebuild", async (context) => {
    const view = viewOf(app, context);
    const store = storeOf(context);
    await rebuild(context.env, store, view);
    const [report] = await reportConsumers(app, context.env, store, (name) => name === view.name);
    return context.json(report, 202, { location: context.req.path.replace(/views\/[^/]+\/rebuild$/, `consumers/${view.name}`) });
  });

  routes.get("/:view", async (context) => {
    const view = viewOf(app, context);
    const { paging, equal } = viewQueryOf(context, view);
    await awaitConsistency(context, view, paging);
    const { rows, next, position } = await queryView(context.env, storeOf(context), view, {
      equal,
      limit: paging.limit,
      ...(paging.cursor === undefined ? {} : { after: decodeCursor(paging.cursor) }),
    });
    const headers = { "headspring-position": String(position) };
    if (next === undefined) return context.json({ rows, position }, 200, headers);
    const cursor = encodeCursor(next);
    return context.json({ rows, next: cursor, position }, 200, { ...headers, link: `<${linkTo(context, { cursor })}>; rel="next"` });
  });

  routes.get("/:view/:key", async (context) => {
    const view = viewOf(app, context);
    const { paging } = viewQueryOf(context, view, []);
    await awaitConsistency(context, view, paging);
    const key = context.req.param("key");
    const deadline = Date.now() + (waitMsOf(context) ?? 0);
    const { row, position } = await awaitRow(context.env, storeOf(context), view, key, deadline);
    if (!row) throw new Problem("unknown-row", `${view.name} has no row ${key}`, { position }, { "headspring-position": String(position) });
    return context.json(row, 200, { "headspring-position": String(position) });
  });

  return routes;
}

function viewOf(app: App, context: HttpContext): View {
  const name = context.req.param("view") ?? "";
  const view = app.views.get(name);
  if (!view) throw new Problem("unknown-view", `there is no view ${name}; there is ${[...app.views.keys()].join(", ")}`);
  return view;
}

/** Splits the query into paging and conditions on columns. */
function viewQueryOf(context: HttpContext, view: View, columns: readonly Column[] = tableOf(view).columns) {
  const query = context.req.query();
  const known = new Set(Object.keys(Paging.shape));
  const paging = checked(
    Paging,
    Object.fromEntries(Object.entries(query).filter(([name]) => known.has(name))),
    "a query parameter is not valid",
  );
  const equal = Object.entries(query)
    .filter(([name]) => !known.has(name))
    .map(([name, text]) => {
      const column = columns.find((one) => one.name === name);
      if (!column) {
        throw new Problem("invalid-request", `${view.name} cannot be asked by ${name}`, {
          allowed: [...columns.map((one) => one.name), ...known],
        });
      }
      return { column: name, value: columnValue(column, text) };
    });
  return { paging, equal };
}

/** A condition's text in the column's stored form. */
function columnValue({ name, kind }: Column, text: string): string | number {
  if (kind === "text" || kind === "json") return text;
  if (kind === "boolean") {
    if (text === "true" || text === "false") return text === "true" ? 1 : 0;
    throw new Problem("invalid-request", `${name} is true or false, not ${text}`);
  }
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) throw new Problem("invalid-request", `${name} is a number, not ${text}`);
  return number;
}

/** Waits for the position that the query names (promise 7). */
async function awaitConsistency(context: HttpContext, view: View, paging: z.output<typeof Paging>): Promise<void> {
  const store = storeOf(context);
  const position = paging.consistency === "strong" ? await logOf(context.env, store).head() : paging.minPosition;
  if (position === undefined || position === 0) return;
  const deadline = Date.now() + (waitMsOf(context) ?? VIEW_WAIT_SECONDS_DEFAULT * 1_000);
  if (await awaitPosition(context.env, store, view, position, deadline)) return;
  throw new Problem("view-behind", `${view.name} has not reached position ${position} in time`, { position }, { "retry-after": "1" });
}

/** Cursors are opaque to clients: base64url of the key after which the next page begins. */
function encodeCursor(key: string): string {
  return Buffer.from(key, "utf8").toString("base64url");
}

function decodeCursor(cursor: string): string {
  return Buffer.from(cursor, "base64url").toString("utf8");
}
