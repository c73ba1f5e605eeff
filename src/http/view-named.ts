/** Named queries over HTTP: parameters from the query string, by the schema that the query declares. */

import * as z from "zod";
import type { NamedQuery, ParamsSchema } from "../definitions/views/named-query.ts";
import { runNamedQuery } from "../views/query-named.ts";
import type { View } from "../definitions/views/view.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, checked, parametersOf, saidOften, storeOf } from "./request.ts";
import { answered, headersOf, wantedOf } from "./view-answers.ts";
import { Consistency, INTEGER, NUMBER } from "./view-query.ts";

/** `GET /views/{view}/queries/{query}` */
export async function namedQuery(context: HttpContext, view: View): Promise<Response> {
  const query = queryOfPath(context, view);
  const given = parametersOf(context);
  const params = checked(query.params, valuesOf(query, given), "a query parameter is not valid");
  const consistency = checked(
    Consistency,
    Object.fromEntries(Object.keys(Consistency.shape).flatMap((name) => (given.has(name) ? [[name, given.get(name)?.[0]]] : []))),
    "a query parameter is not valid",
  );
  const wanted = await wantedOf(context, consistency);
  const answer = await answered(view, wanted, runNamedQuery(storeOf(context), view, query, params, wanted), context.env);
  const { rows, hasMore, position, stale } = answer;
  return context.json({ rows, hasMore, position, ...(stale ? { stale: true } : {}) }, 200, headersOf(answer));
}

function queryOfPath(context: HttpContext, view: View): NamedQuery {
  const name = context.req.param("query") ?? "";
  const query = view.queries.get(name);
  if (query) return query;
  const declared = [...view.queries.keys()].join(", ") || "none";
  throw new Problem("unknown-query", `${view.name} declares no query ${name}; it declares ${declared}`);
}

/** Values in the form that the schema accepts: numbers, booleans and lists are strings in a query string. */
function valuesOf(query: NamedQuery, given: ReadonlyMap<string, string[]>): Record<string, unknown> {
  const types = typesOf(query.params);
  const values: Record<string, unknown> = {};
  for (const [name, texts] of given) {
    if (Object.hasOwn(Consistency.shape, name)) {
      if (texts.length > 1) throw saidOften(name, texts);
      continue;
    }
    const type = types.get(name);
    if (!type) {
      const allowed = [...types.keys(), ...Object.keys(Consistency.shape)];
      throw new Problem("invalid-request", `${query.name} has no parameter ${name}; it has ${allowed.join(", ")}`, { allowed });
    }
    if (!type.isList && texts.length > 1) throw saidOften(name, texts);
    const converted = texts.map((text) => convert(text, type.types));
    values[name] = type.isList ? converted : converted[0];
  }
  return values;
}

/** What does not convert stays a string: the schema then reports what is wrong with it. */
function convert(text: string, types: ReadonlySet<unknown>): string | number | boolean {
  const written = types.has("number") ? NUMBER : types.has("integer") ? INTEGER : undefined;
  if (written?.test(text) && Number.isFinite(Number(text))) return Number(text);
  if (types.has("boolean") && (text === "true" || text === "false")) return text === "true";
  return text;
}

interface ParameterType {
  readonly isList: boolean;
  /** JSON types of the value, or of a list's elements. */
  readonly types: ReadonlySet<unknown>;
}

const known = new WeakMap<ParamsSchema, ReadonlyMap<string, ParameterType>>();

function typesOf(params: ParamsSchema): ReadonlyMap<string, ParameterType> {
  const ready = known.get(params);
  if (ready) return ready;
  const { properties = {} } = z.toJSONSchema(params, { io: "input", unrepresentable: "any" });
  const types = new Map(Object.entries(properties).map(([name, schema]) => [name, typeOf(schema)]));
  known.set(params, types);
  return types;
}

function typeOf(schema: z.core.JSONSchema._JSONSchema): ParameterType {
  const all = variantsOf(schema);
  const list = all.find(({ type }) => type === "array");
  const items = list && !Array.isArray(list.items) ? list.items : undefined;
  return { isList: list !== undefined, types: new Set((items ? variantsOf(items) : all).flatMap(({ type }) => type ?? [])) };
}

/** A schema's alternatives, or itself. */
function variantsOf(schema: z.core.JSONSchema._JSONSchema): z.core.JSONSchema.BaseSchema[] {
  if (typeof schema !== "object") return [];
  const alternatives = schema.anyOf ?? schema.oneOf;
  return alternatives ? alternatives.flatMap(variantsOf) : [schema];
}
