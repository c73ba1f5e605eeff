/** The route that answers a request: the rights that a request needs depend on it, and never on the request's own path. */

import { matchedRoutes } from "hono/route";
import { DEFAULT_STORE } from "../core/names.ts";
import type { HttpContext } from "./request.ts";

declare module "hono" {
  interface ContextVariableMap {
    /** The route that will answer; null: there is none. */
    route?: Route | null;
  }
}

export interface Route {
  readonly method: string;
  /** With its parameters' names, such as `/views/:view`, and without its store. */
  readonly path: string;
  readonly store: string;
}

/** The store of a request for the list of all stores. */
export const EVERY_STORE = "*";
/** The beginning of the routes of a named store. */
const OF_STORE = "/stores/:store";

/**
 * The route that will answer. A path can be spelt in many ways, and the one that counts is how the router has understood it. Looked up once
 * for each request.
 */
export function routeOf(context: HttpContext): Route | undefined {
  const known = context.get("route");
  if (known !== undefined) return known ?? undefined;
  const route = findRoute(context);
  context.set("route", route ?? null);
  return route;
}

/** What the router took for a parameter of the route, as the handler gets it. */
export function parameterOf(context: HttpContext, { path }: Route, name: string): string {
  const names = path.split("/");
  // Counted from the end, because the path may begin with its store.
  const segment = context.req.path.split("/").at(names.indexOf(`:${name}`) - names.length) ?? "";
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // which is refused before any handler gets it
  }
}

function findRoute(context: HttpContext): Route | undefined {
  const route = matchedRoutes(context).find(({ method }) => method !== "ALL");
  if (!route) return undefined;
  const { method } = context.req;
  if (!route.path.startsWith(OF_STORE)) return { method, path: route.path, store: route.path === "/stores" ? EVERY_STORE : DEFAULT_STORE };
  // The very segment that the router took for `:store`, undecoded: a name that needs decoding is not the name of a store.
  return { method, path: route.path.slice(OF_STORE.length), store: context.req.path.split("/")[2] ?? "" };
}
