/** Stores: the list of them, and where each lies. And how a request gets to the place where its store lies. */

import { Hono, type MiddlewareHandler } from "hono";
import * as z from "zod";
import type { App } from "../definitions/app.ts";
import type { StoreEntry } from "../store/catalog-protocol.ts";
import { type HeadspringEnv, isLocal } from "../store/env.ts";
import { STORES_PAGE, STORES_PAGE_DEFAULT } from "./limits.ts";
import { STORE_NAME } from "../core/names.ts";
import { JURISDICTIONS, LOCATIONS, type Placement } from "../core/placement.ts";
import { OBJECT_BINDINGS, databaseBinding, isDatabase, placedEnv, placementOfDeployment } from "../store/placement.ts";
import { Store } from "../store/store.ts";
import { isReadingOnly } from "../store/reads-only.ts";
import { directoryOf, openStore, openToRead } from "../store/stores.ts";
import { DefinitionsInCode } from "../definitions/in-code.ts";
import { routeOf } from "./auth-route.ts";
import { jsonBody } from "./body.ts";
import { Problem } from "./problem.ts";
import { type HttpEnv, type HttpContext, checked, limitOf, linkTo, queryOf, storeNameOf } from "./request.ts";
import { json, pageJson } from "./response.ts";

export const PlacementBody = z.strictObject({
  jurisdiction: z
    .enum(JURISDICTIONS)
    .optional()
    .describe("The jurisdiction that the store's objects and views must not leave. Its views need a D1 database there."),
  location: z.enum(LOCATIONS).optional().describe("The region near which the store's objects are created, as far as the platform can."),
});

export const StoresQuery = z.object({
  after: z.string().regex(STORE_NAME, `the name of a store must match ${STORE_NAME.source}`).optional(),
  limit: limitOf(STORES_PAGE, STORES_PAGE_DEFAULT),
});

/** Bytes of such a body. Ours: it has two short members. */
const BODY_BYTES = 1_024;

/**
 * Opens the store that the request is about, wherever it lies. A write fixes the place, and so does a live subscription: what it listens to
 * must not be elsewhere tomorrow.
 *
 * @param paths those of the routes that are about a store, without their store
 */
export function placed(app: App, paths: ReadonlySet<string>): MiddlewareHandler<HttpEnv> {
  return async function goToStore(context, next) {
    const route = routeOf(context);
    if (!route || !paths.has(route.path)) return next();
    const open = isReadingOnly(context.env) ? openToRead : openStore;
    context.set("store", await open(context.env, decodeURIComponent(route.store), app, isWrite(context)));
    return next();
  };
}

function isWrite({ req }: HttpContext): boolean {
  const isRead = req.method === "GET" || req.method === "HEAD";
  return !isRead || req.header("upgrade") !== undefined || (req.header("accept") ?? "").includes("text/event-stream");
}

export function storesRoutes(app: App) {
  const routes = new Hono<HttpEnv>();

  routes.get("/", async (context) => {
    const { after = "", limit } = queryOf(context, StoresQuery);
    const entries = await directoryOf(context.env).listStores(after, limit + 1);
    const page = entries.slice(0, limit);
    const stores = await Promise.all(page.map(async (entry) => ({ ...placementJson(entry), head: await headOf(app, context.env, entry) })));
    const last = page.at(-1)?.name;
    return pageJson({ stores }, entries.length <= limit || last === undefined ? undefined : linkTo(context, { after: last }));
  });

  routes.get("/:store", async (context) => {
    const name = storeNameOf(context);
    const entry = await directoryOf(context.env).findStore(name);
    return json(await reportOf(app, context.env, name, entry), 200);
  });

  routes.put("/:store", async (context) => {
    const name = storeNameOf(context);
    const { value } = await jsonBody(context, BODY_BYTES);
    const asked: Placement = { ...placementOfDeployment(context.env), ...checked(PlacementBody, value, "the placement is not valid") };
    requireDatabases(app, context.env, asked);
    const { entry, isNew } = await place(app, context.env, name, asked);
    if (entry.jurisdiction !== asked.jurisdiction || entry.location !== asked.location) {
      const { placedAt, jurisdiction = "none", location = "none" } = placementJson(entry);
      const where = `jurisdiction ${jurisdiction}, location ${location}`;
      throw new Problem(
        "store-placed",
        `store ${name} has had its place since ${placedAt}, and it cannot change: ${where}`,
        placementJson(entry),
      );
    }
    // The log's object is made in the place that was requested, whatever calls it first.
    if (isNew) await headOf(app, context.env, entry);
    return json(await reportOf(app, context.env, name, entry), isNew ? 201 : 200, { location: `/stores/${name}` });
  });

  return routes;
}

/** Fixes where a store lies. A store that version 0.1 wrote to is in no directory yet, and lies where the deployment's variables say. */
async function place(app: App, env: HeadspringEnv, name: string, asked: Placement) {
  const directory = directoryOf(env);
  if (await directory.findStore(name)) return directory.placeStore(name, asked);
  const deployment = placementOfDeployment(env);
  const before = new Store(placedEnv(env, deployment), name, app);
  const [head, categories] = await Promise.all([before.log.head(), before.catalog.list()]);
  return directory.placeStore(name, head > 0 || categories.length > 0 ? deployment : asked);
}

function requireDatabases(app: App, env: HeadspringEnv, { jurisdiction }: Placement): void {
  if (isLocal(env)) return;
  const bindings = env as unknown as Readonly<Record<string, unknown>>;
  const missing = bindingsOf(app)
    .map((binding) => databaseBinding(env, binding, jurisdiction))
    .filter((binding) => !isDatabase(bindings[binding]));
  if (missing.length === 0) return;
  throw new Problem(
    "placement-not-possible",
    `jurisdiction ${jurisdiction} needs D1 databases of its own: bind ${missing.join(", ")} in wrangler.toml, each with jurisdiction = "${jurisdiction}"`,
    { missing },
  );
}

async function headOf(app: App, env: HeadspringEnv, entry: StoreEntry): Promise<number> {
  return new Store(placedEnv(env, entry), entry.name, app).log.head();
}

function placementJson({ name, placedAt, jurisdiction, location }: StoreEntry) {
  return {
    name,
    ...(jurisdiction === undefined ? {} : { jurisdiction }),
    ...(location === undefined ? {} : { location }),
    placedAt: new Date(placedAt).toISOString(),
  };
}

/** Where each kind of a store's data is. */
async function reportOf(app: App, env: HeadspringEnv, name: string, entry: StoreEntry | undefined) {
  const deployment = placementOfDeployment(env);
  const { jurisdiction, location } = entry ?? deployment;
  const within = jurisdiction === undefined ? {} : { jurisdiction };
  const objects = Object.entries(OBJECT_BINDINGS).map(([part, binding]) => ({
    part,
    kind: "durable-object",
    binding,
    ...within,
    ...(location === undefined ? {} : { location }),
  }));
  const databases = bindingsOf(app).map((binding) => ({
    part: "views",
    kind: "d1",
    binding: isLocal(env) ? binding : databaseBinding(env, binding, jurisdiction),
    ...within,
  }));
  return {
    ...(entry ? placementJson(entry) : { name, ...deployment }),
    isPlaced: entry !== undefined,
    head: entry ? await headOf(app, env, entry) : 0,
    // The local runtime has no jurisdictions.
    isEnforced: jurisdiction === undefined || !isLocal(env),
    parts: [
      ...objects,
      ...databases,
      // What they hold about a store: its name, positions, names of consumers.
      { part: "wake-ups", kind: "queue", binding: "WAKE_UPS", holds: "names and positions, no data" },
      { part: "directory", kind: "durable-object", binding: "CATALOGS", holds: "the store's name and place", ...deployment },
    ],
  };
}

/** The bindings of all databases that keep views and checkpoints. */
function bindingsOf(app: App): string[] {
  return [...new DefinitionsInCode(app).databases.keys()];
}
