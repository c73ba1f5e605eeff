/** Categories: the list of them, and those that are declared at run time. */

import { listed } from "../core/issue.ts";
import { Hono } from "hono";
import * as z from "zod";
import { type Definition, parseDefinition, versionOf } from "../definitions/over-http/category.ts";
import { codeSchemasOf } from "../store/code-use.ts";
import type { JsonSchema } from "../schemas/json-schema.ts";
import type { Declared, Earlier } from "../store/catalog-protocol.ts";
import type { DataSchema } from "../core/event.ts";
import { CATEGORIES, EARLIER_SCHEMAS, EARLIER_SCHEMA_CHARACTERS } from "../core/limits.ts";
import type { AnyAggregate } from "../definitions/aggregate.ts";
import { commandsOf } from "../definitions/report.ts";
import { strictly } from "../core/strict-schema.ts";
import { inputSchemaOf } from "./openapi/schema.ts";
import { DEFINITION_BYTES } from "./limits.ts";
import type { CategoryInCode } from "../definitions/in-code.ts";
import { schemaVersionOf } from "../definitions/upcast.ts";
import { DeclareCategoryQuery, fitOf } from "./category-fit.ts";
import { outcomeOf } from "./definitions.ts";
import { categoryToDeclare, categoryWasInCode, retiredCategory, unknownCategory } from "./resolve-category.ts";
import { Problem } from "./problem.ts";
import { jsonBody } from "./body.ts";
import { callerOf } from "./auth-caller.ts";
import { seesCategory } from "./auth-scope.ts";
import { type HttpEnv, type HttpContext, queryOf, storeOf } from "./request.ts";

export function categoryRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.get("/", async (context) => {
    const { inCode, overHttp } = await storeOf(context).definitions.categories();
    const declared = inCode.map((one) => {
      return {
        name: one.name,
        kind: one.kind,
        origin: "code",
        description: one.description,
        key: keyOf(one),
        eventTypes: Object.keys(one.events),
      };
    });
    const atRunTime = overHttp.map((one) => ({ kind: "plain", origin: "api", ...one }));
    const scope = callerOf(context)?.scope;
    return context.json({ categories: [...declared, ...atRunTime].filter(({ name }) => seesCategory(scope, name)) });
  });

  routes.get("/:category", async (context) => {
    const name = context.req.param("category");
    const { definitions, catalog } = storeOf(context);
    const found = await definitions.describeCategory(name);
    if (!found) throw unknownCategory(name);
    if (found.status === "retired") throw retiredCategory(name);
    if (found.status === "removed") return context.json(removedFromCode(name, found.kind, found.definition));
    if (found.status === "declared") return context.json(shown(name, found.definition, found));
    const incompatible = await catalog.compareCode(name, codeSchemasOf(found.declared.events));
    return context.json({ ...definitionInCode(found.declared), ...(incompatible.length > 0 ? { incompatible } : {}) });
  });

  routes.put("/:category", async (context) => {
    const name = categoryToDeclare(context, context.req.param("category"));
    const { dryRun, last } = queryOf(context, DeclareCategoryQuery);
    const { value } = await jsonBody(context, DEFINITION_BYTES);
    if (dryRun) return context.json(await tryCategory(context, name, value, last));
    const { definition, answer } = await declareCategory(context, name, value);
    const headers = { location: new URL(context.req.url).pathname };
    return context.json(shown(name, definition, answer), answer.outcome === "created" ? 201 : 200, headers);
  });

  routes.delete("/:category", async (context) => {
    const name = categoryToDeclare(context, context.req.param("category"));
    const catalog = storeOf(context).catalog;
    const entry = await catalog.lookUp(name, 0);
    if (entry?.status === "in-code") throw categoryWasInCode(name, entry.kind);
    if (!(await catalog.retire(name))) throw unknownCategory(name);
    return context.body(null, 204);
  });

  return routes;
}

/** Declares what a body says. @throws {Problem} when it is not valid, or not possible */
export async function declareCategory(context: HttpContext, name: string, body: unknown) {
  const { definition } = await declarableIn(context, name, body);
  const answer = await storeOf(context).catalog.declare(name, JSON.stringify(definition));
  if (!("revision" in answer)) throw problemOf(name, answer);
  return { definition, answer };
}

/** What the same declaration would answer, and whether the latest events fit it. Nothing is declared. */
async function tryCategory(context: HttpContext, name: string, body: unknown, last: number): Promise<object> {
  const { definition, entry } = await declarableIn(context, name, body);
  const store = storeOf(context);
  const answer = await store.catalog.tryDeclare(name, JSON.stringify(definition));
  const isCompared = entry !== undefined && ("revision" in answer || answer.outcome === "incompatible");
  const fit = isCompared ? { fit: await fitOf(store, name, definition, last) } : {};
  if (!("revision" in answer)) throw problemOf(name, answer, fit);
  return { dryRun: true, outcome: outcomeOf(answer), ...shown(name, definition, answer), ...fit };
}

/** What a body declares under a name that it may have, and what has the name now. @throws {Problem} */
async function declarableIn(context: HttpContext, name: string, body: unknown) {
  const definition = definitionIn(name, body);
  const entry = await storeOf(context).catalog.lookUp(name, 0);
  if (!entry) await requireUnused(context, name);
  return { definition, entry };
}

function definitionIn(name: string, body: unknown): Definition {
  const definition = parseDefinition(name, body);
  if (!("issues" in definition)) return definition;
  const { issues } = definition;
  throw new Problem("invalid-request", `the category is not valid: ${listed(issues)}`, { issues });
}

function keyOf(declared: CategoryInCode): string | undefined {
  return declared.kind === "plain" ? declared.key : undefined;
}

/** Refuses a category whose streams the log has: the code once declared it, before the catalog recorded that. */
async function requireUnused(context: HttpContext, name: string): Promise<void> {
  const streams = await storeOf(context).log.streams(name, "", 1);
  if (streams.length > 0) throw categoryWasInCode(name);
}

/** @param more members that only a dry run has */
function problemOf(name: string, answer: Exclude<Declared, { revision: number }>, more: object = {}): Problem {
  switch (answer.outcome) {
    case "retired":
      return retiredCategory(name);
    case "in-code":
      return categoryWasInCode(name, "aggregate");
    case "full":
      return new Problem("too-many-categories", `a store has at most ${CATEGORIES} categories, the retired ones included`);
    case "too-many-versions":
      return new Problem(
        "too-many-versions",
        `${name} has had ${EARLIER_SCHEMAS} earlier versions of its event types, or ${EARLIER_SCHEMA_CHARACTERS} characters of their schemas, ` +
          "and schemas that events were written with are kept: change a schema compatibly, or declare another category",
      );
    case "incompatible": {
      const { outcome: _outcome, ...problem } = answer;
      const { eventType, path = "", reason } = problem;
      const advice = path === "" ? "" : '. Declare a schema that stored events may not fit as a new version of the event type: "x-version"';
      return new Problem("incompatible-schema", `${eventType === undefined ? name : `${eventType} ${path}`.trim()}: ${reason}${advice}`, {
        ...problem,
        ...more,
      });
    }
  }
}

function shown(name: string, definition: Definition, { revision, earlier = [] }: { revision: number; earlier?: Earlier }) {
  const current = Object.entries(definition.events).map(([eventType, schema]) => ({ eventType, version: versionOf(schema), schema }));
  const versions = versionsOf([...earlier.map((one) => ({ ...one, schema: JSON.parse(one.schema) as JsonSchema })), ...current]);
  return { name, kind: "plain", origin: "api", revision, ...definition, versions };
}

/** The schemas that events of each type may have been written with: `schemaVersion` → schema. */
function versionsOf(schemas: readonly { eventType: string; version: number; schema: unknown }[]): Record<string, Record<string, unknown>> {
  const byType = Map.groupBy(schemas, ({ eventType }) => eventType);
  return Object.fromEntries(
    [...byType].map(([eventType, versions]) => [eventType, Object.fromEntries(versions.map(({ version, schema }) => [version, schema]))]),
  );
}

/** What the code used to declare. */
function removedFromCode(name: string, kind: string, definition: Definition) {
  const current = Object.entries(definition.events).map(([eventType, schema]) => ({ eventType, version: versionOf(schema), schema }));
  return { name, kind, origin: "code", removed: true, ...definition, versions: versionsOf(current) };
}

/** What the code declares, in the same form. The schemas describe what is stored. */
function definitionInCode(declared: CategoryInCode) {
  const { name, kind, description, events } = declared;
  // Events of earlier versions are lifted when they are read, so readers only ever see the current one.
  const current = Object.entries(events as Record<string, DataSchema>).map(([eventType, zod]) => {
    const version = schemaVersionOf(zod);
    const schema = { ...z.toJSONSchema(zod, { unrepresentable: "any" }), ...(version === 1 ? {} : { "x-version": version }) };
    return { eventType, version, schema };
  });
  const schemas = current.map(({ eventType, schema }) => [eventType, schema]);
  return {
    name,
    kind,
    origin: "code",
    description,
    key: keyOf(declared),
    strict: true,
    facts: false,
    events: Object.fromEntries(schemas),
    ...(declared.kind === "aggregate" ? { commands: commandSchemasOf(declared) } : {}),
    versions: versionsOf(current),
  };
}

/** What clients may send to an aggregate, as the API's own description has it: a form can be made of it. */
function commandSchemasOf(aggregate: AnyAggregate): Record<string, { schema: unknown }> {
  return Object.fromEntries(commandsOf(aggregate).map((name) => [name, { schema: inputSchemaOf(strictly(aggregate.commands[name])) }]));
}
