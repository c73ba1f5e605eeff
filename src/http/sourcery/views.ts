/** Sourcery's views: basic ones, the latest record by its id, and aggregated ones. */

import { Hono } from "hono";
import { WAIT_SECONDS } from "../../core/limits.ts";
import type { JsonValue } from "../../core/event.ts";
import type { ColumnDefinition, ViewDefinition } from "../../definitions/over-http/view-definition.ts";
import type { View } from "../../definitions/views/view.ts";
import { declare } from "../../operations/declare.ts";
import type { Store } from "../../store/store.ts";
import { awaitRow } from "../../views/query.ts";
import { callerOf } from "../auth-caller.ts";
import { seesView } from "../auth-scope.ts";
import { jsonBody } from "../body.ts";
import { problemOf } from "../definitions.ts";
import { DEFINITION_BYTES } from "../limits.ts";
import { Problem } from "../problem.ts";
import { type HttpContext, type HttpEnv, storeOf, waitMsOf } from "../request.ts";
import { retiredCategory } from "../resolve-category.ts";
import { answered, headersOf, unknownView } from "../view-answers.ts";
import { aggregateFunction } from "./aggregate.ts";
import { answering, apiIdOf } from "./answers.ts";
import { allDefinitions, definitionOf, deleteDeclared, otherThan, requireNotDeleted, shownDefinition } from "./declared.ts";
import { predicate } from "./predicate.ts";
import { knownOf } from "./processors.ts";
import { type RecordForm, fieldOf } from "./record.ts";
import { objectIn, refuse, requireKnown, stringIn } from "./refuse.ts";
import { streamNameIn } from "./steps.ts";
import { basicViewOf } from "./streams.ts";

export function sourceryViews() {
  const routes = new Hono<HttpEnv>();

  routes.get(
    "/",
    answering(async (context) => context.json((await allDefinitions(storeOf(context), "view")).map(shownDefinition))),
  );

  routes.post("/", answering(create));

  routes.get(
    "/:view",
    answering(async (context) => context.json(shownDefinition(await definitionOf(context, "view", context.req.param("view") ?? "")))),
  );

  routes.delete(
    "/:view",
    answering(async (context) => deleteDeclared(context, "view", context.req.param("view") ?? "")),
  );

  routes.get("/:view/:key", answering(row));

  return routes;
}

async function create(context: HttpContext): Promise<Response> {
  const { value } = await jsonBody(context, DEFINITION_BYTES);
  const body = objectIn(value, "", "an object with name and from");
  requireKnown(body, ["name", "from", "exposed", "groupBy", "aggregate", "filter"]);
  const from = streamNameIn(body.from, "from");
  const name = streamNameIn(body.name, "name");
  const store = storeOf(context);
  const definition = { from, ...viewOf(body, await knownOf(store, from)) } satisfies ViewDefinition;
  const kind = await store.definitions.kindOf(name);
  // The same again is the same view; another one would replace it.
  if (kind !== undefined && (kind !== "view" || store.definitions.isShadowed(name) || (await otherThan(store, "view", name, definition))))
    throw new Problem("invalid-request", `there is a ${kind} ${name} already`, { reason: "name-in-use" });
  const answer = await declare(store, context.env, { kind: "view", name, body: definition });
  if (!("revision" in answer)) throw problemOf("view", name, answer);
  const id = apiIdOf("view", name, answer.incarnation);
  return context.json({ id, name, from }, 201, { location: `${new URL(context.req.url).pathname}/${id}` });
}

function viewOf(body: Readonly<Record<string, unknown>>, form: RecordForm): Omit<ViewDefinition, "from"> {
  const { exposed, filter, groupBy, aggregate } = body;
  if (exposed !== undefined && typeof exposed !== "boolean") refuse("exposed", "must be true or false");
  const group = groupBy === undefined ? undefined : fieldOf(stringIn(groupBy, "groupBy", "a field of the record"), form, "groupBy");
  const conditions = [
    // A record without the field belongs to no group.
    ...(group === undefined ? [] : [`has(${group}) && type(${group}) in ["string", "number"]`]),
    ...(filter === undefined ? [] : [predicate(filter, form, "filter")]),
  ];
  return {
    ...(conditions.length === 0 ? {} : { where: conditions.join(" && ") }),
    ...(group === undefined ? {} : { key: group }),
    ...(aggregate === undefined ? {} : { columns: { value: columnOf(aggregate, form) } }),
    ...(exposed === false ? { exposed } : {}),
  };
}

const COLUMN_TYPES: Readonly<Record<string, ColumnDefinition["type"]>> = { string: "string", number: "number", boolean: "boolean" };

function columnOf(given: unknown, form: RecordForm): ColumnDefinition {
  const aggregate = objectIn(given, "aggregate", "{init, function}");
  requireKnown(aggregate, ["init", "function"], "aggregate");
  const { init } = aggregate;
  if (init === undefined) refuse("aggregate.init", "must be the value before the first record");
  const text = stringIn(aggregate.function, "aggregate.function", "a function, such as $acc + ($qty * $price)");
  return {
    type: COLUMN_TYPES[typeof init] ?? "json",
    init: init as JsonValue,
    fold: aggregateFunction(text, form, "aggregate.function"),
  };
}

/** The row, as soon as it exists. */
async function row(context: HttpContext): Promise<Response> {
  const view = await exposedView(context, context.req.param("view") ?? "");
  const key = context.req.param("key") ?? "";
  const anyPosition = { position: 0, deadline: 0 };
  const until = Date.now() + (waitMsOf(context) ?? WAIT_SECONDS * 1_000);
  const { row, ...served } = await answered(view, anyPosition, awaitRow(storeOf(context), view, key, anyPosition, until));
  if (!row) throw new Problem("unknown-row", `${view.name} has no row ${key}`, { position: served.position }, headersOf(served));
  return context.json(row, 200, headersOf(served));
}

/** The view with this name, or the one that shows the latest records of the stream with this name. */
async function exposedView(context: HttpContext, name: string): Promise<View> {
  const store = storeOf(context).remembering();
  const found = await store.definitions.view(name);
  if (found && found.exposed !== false) return found;
  const basic = await basicViewsOf(store, name);
  const view = basic.find((one) => one.name === basicViewOf(name)) ?? basic[0];
  if (view) {
    if (!seesView(callerOf(context)?.scope, view.name)) throw new Problem("forbidden", `this token is not for view ${view.name}`);
    return view;
  }
  if ((await store.definitions.category(name))?.status === "retired") throw retiredCategory(name);
  if (!found) await requireNotDeleted(store, "view", name);
  throw unknownView(name);
}

/** The first that was declared comes first. */
async function basicViewsOf(store: Store, stream: string): Promise<View[]> {
  if ((await store.definitions.category(stream))?.status === "retired") return [];
  const all = (await allDefinitions(store, "view")).toSorted((a, b) => a.declaredAt - b.declaredAt);
  return all.flatMap(({ definition, view }) => {
    const { from, key, columns, where, exposed } = JSON.parse(definition) as ViewDefinition;
    const isBasic = from === stream && key === undefined && columns === undefined && where === undefined && exposed !== false;
    return view && isBasic ? [view] : [];
  });
}
