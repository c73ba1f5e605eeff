/**
 * Narrowed callers: within their stores they see and do what concerns some categories, aggregates (with their commands) and views.
 * Every route is one of the kinds below, or else about the whole store, which no narrowed caller may have.
 */

import * as z from "zod";
import { NAME } from "../core/names.ts";
import { SCOPE_NAMES } from "./limits.ts";

/** `*`: all of them. */
const ALL = "*";
const Name = z.union([z.literal(ALL), z.string().regex(NAME)]);
const Names = z.array(Name).max(SCOPE_NAMES);

/** The members of a token that narrow it. With one of them it may do nothing that none of them allows. */
export const SCOPE = {
  /** Their streams: to read, with the right to write also to append to, and to delete. */
  categories: Names.optional(),
  /** Aggregates and sagas: to read, and the commands to send. A list of names allows all commands of each. */
  aggregates: z
    .union([
      Names.transform((names) => Object.fromEntries(names.map((name) => [name, ALL] as const))),
      z.record(Name, z.union([z.literal(ALL), Names])).refine((all) => Object.keys(all).length <= SCOPE_NAMES, "too many"),
    ])
    .optional(),
  /** To query and to follow, with the right to administer also to rebuild. */
  views: Names.optional(),
};

const Scope = z.object(SCOPE);
export type Scope = z.output<typeof Scope>;

/** The members that narrow; undefined: there are none. */
export function scopeOf({ categories, aggregates, views }: Scope): Scope | undefined {
  return categories || aggregates || views ? { categories, aggregates, views } : undefined;
}

/** All that a scope allows, with the members that it lacks: they allow nothing. */
export function narrowedTo({ categories = [], aggregates = {}, views = [] }: Scope): Required<Scope> {
  return { categories, aggregates, views };
}

/** What a route is about. `service`: the same for all stores. `visible`: its handler leaves out what the caller may not see. */
type About = "service" | "visible" | "category" | "aggregate" | "command" | "saga" | "view";

/** Routes that narrowed callers may use. A route that is missing here is about the whole store. */
const ROUTES: ReadonlyMap<string, About> = new Map([
  ["/openapi.json", "service"],
  ["/docs", "service"],
  ["/log", "visible"],
  ["/log/head", "visible"],
  ["/log/streams", "visible"],
  ["/log/events/:id", "visible"],
  ["/streams", "visible"],
  ["/sagas", "visible"],
  ["/views", "visible"],
  ["/streams/:category", "category"],
  ["/streams/:category/:id", "category"],
  ["/aggregates/:name/:id", "aggregate"],
  ["/aggregates/:name/:id/commands/:commandId", "aggregate"],
  ["/aggregates/:name/:id/:command", "command"],
  ["/sagas/:name", "saga"],
  ["/sagas/:name/:id", "saga"],
  ["/views/:view", "view"],
  ["/views/:view/:key", "view"],
  // The handler leaves out the events of categories that the caller may not see.
  ["/views/:view/:key/events", "view"],
  ["/views/:view/queries/:query", "view"],
  ["/views/:view/rebuild", "view"],
  ["/api/streams/:category", "category"],
  ["/api/views/:view/:key", "view"],
] as const);

/** The command that starts a saga. */
const START = "Start";

/**
 * Why a request is outside of a scope; undefined: it is within.
 *
 * @param parameter what the router took for a parameter of the route
 */
export function outsideOf(
  scope: Scope,
  { method, path }: { readonly method: string; readonly path: string },
  parameter: (name: string) => string,
): string | undefined {
  const isRead = method === "GET" || method === "HEAD";
  switch (ROUTES.get(path)) {
    case "service":
    case "visible":
      return undefined;
    case "category": {
      const name = parameter("category");
      return (isRead ? seesCategory(scope, name) : has(scope.categories, name)) ? undefined : `category ${name}`;
    }
    case "aggregate": {
      const name = parameter("name");
      return commandsOf(scope, name) ? undefined : `aggregate ${name}`;
    }
    case "command":
      return mayCommand(scope, parameter("name"), parameter("command"));
    case "saga": {
      const name = parameter("name");
      if (isRead) return commandsOf(scope, name) ? undefined : `saga ${name}`;
      return mayCommand(scope, name, START);
    }
    case "view": {
      // A view that a narrowed caller declares would show it what it may not read.
      if (method === "PUT" || method === "DELETE") return "what concerns the whole store";
      const name = parameter("view");
      return seesView(scope, name) ? undefined : `view ${name}`;
    }
    default:
      return "what concerns the whole store";
  }
}

function mayCommand(scope: Scope, aggregate: string, command: string): string | undefined {
  const commands = commandsOf(scope, aggregate);
  return commands === ALL || has(commands, command) ? undefined : `command ${command} of ${aggregate}`;
}

function has(names: readonly string[] | undefined, name: string): boolean {
  return names !== undefined && (names.includes(ALL) || names.includes(name));
}

function commandsOf({ aggregates = {} }: Scope, name: string): typeof ALL | readonly string[] | undefined {
  const own = Object.hasOwn(aggregates, name) ? aggregates[name] : undefined;
  return own ?? (Object.hasOwn(aggregates, ALL) ? aggregates[ALL] : undefined);
}

/** An aggregate is a category, too: a caller that may read its state may read its events. */
export function seesCategory(scope: Scope | undefined, name: string): boolean {
  return scope === undefined || has(scope.categories, name) || commandsOf(scope, name) !== undefined;
}

export function seesAggregate(scope: Scope | undefined, name: string): boolean {
  return scope === undefined || commandsOf(scope, name) !== undefined;
}

export function seesView(scope: Scope | undefined, name: string): boolean {
  return scope === undefined || has(scope.views, name);
}

/** The categories whose events a caller sees, in the order of their streams' names; undefined: all. */
export function visibleCategories(scope: Scope | undefined): readonly string[] | undefined {
  if (!scope) return undefined;
  const names = [...(scope.categories ?? []), ...Object.keys(scope.aggregates ?? {})];
  return names.includes(ALL) ? undefined : [...new Set(names)].toSorted((a, b) => (`${a}/` < `${b}/` ? -1 : 1));
}
