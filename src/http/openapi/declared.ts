/** The operations of one app: its commands and views, each with its own schema. */

import * as z from "zod";
import type { DefinitionsInCode } from "../../definitions/in-code.ts";
import type { DataSchema } from "../../core/event.ts";
import type { AnyAggregate } from "../../definitions/aggregate.ts";
import type { Saga } from "../../definitions/processors/saga.ts";
import { strictly } from "../../core/strict-schema.ts";
import { commandsOf } from "../../definitions/report.ts";
import type { ColumnKind } from "../../rows/layout.ts";
import { tableOf } from "../../rows/table.ts";
import type { NamedQuery } from "../../definitions/views/named-query.ts";
import type { View } from "../../definitions/views/view.ts";
import { OPERATORS, OPERATORS_OF } from "../view-query.ts";
import { ANSWERS, COMPONENTS } from "./components.ts";
import type { Operation } from "./operation.ts";
import { COMMAND } from "./operations/commands.ts";
import { START_SAGA } from "./operations/sagas.ts";
import { json } from "./operations/shared.ts";
import { VIEW_PAGE, VIEW_QUERY, VIEW_ROW, pageOr } from "./operations/views.ts";
import type { JsonSchema, Schemas } from "./schema.ts";

/** A column's value as a parameter. Columns of lists and objects have none. */
const VALUE: Record<Exclude<ColumnKind, "json">, JsonSchema> = {
  text: { type: "string" },
  integer: { type: "integer" },
  real: { type: "number" },
  boolean: { type: "boolean" },
};

/** @param queriesOnly without commands and starts of sagas */
export function operationsOf(inCode: DefinitionsInCode, schemas: Schemas, queriesOnly = false): Operation[] {
  if (queriesOnly) return inCode.views.flatMap((view) => queriesOf(view, schemas));
  return [
    ...inCode.aggregates.flatMap((aggregate) => commandOperationsOf(aggregate, schemas)),
    ...inCode.sagas.flatMap((saga) => startsOf(saga, schemas)),
    ...inCode.views.flatMap((view) => queriesOf(view, schemas)),
  ];
}

/** Makes every declared event type a component: the event as readers get it. Readers get one of them, or any other. */
export function defineEvents(inCode: DefinitionsInCode, schemas: Schemas): void {
  const declared: JsonSchema[] = [];
  for (const { name, events } of inCode.categories) {
    for (const [type, schema] of Object.entries(events as Record<string, DataSchema>)) {
      const event = schemas.define(`${name}.${type}`, (place) => ({
        description: `An event of the streams \`${name}/{id}\`. If it was erased, its \`data\` is empty.`,
        allOf: [schemas.ofOurs(COMPONENTS.Event)],
        type: "object",
        properties: { type: { const: type }, data: schemas.ofApp(schema, "output", `${place}/properties/data`) },
      }));
      declared.push(event);
    }
  }
  schemas.components.AnyEvent = {
    ...(COMPONENTS.AnyEvent.description === undefined ? {} : { description: COMPONENTS.AnyEvent.description }),
    anyOf: [...declared, schemas.ofOurs(COMPONENTS.Event)],
  };
}

/** The app's tags, with their descriptions. */
export function tagsOf(inCode: DefinitionsInCode): Record<string, string> {
  return Object.fromEntries([
    ...inCode.aggregates.map(({ name, description }) => [tagOfAggregate(name), description ?? "Its commands."]),
    ...inCode.views.map(({ name, description }) => [tagOfView(name), description ?? "Its rows."]),
  ]);
}

function commandOperationsOf(aggregate: AnyAggregate, schemas: Schemas): Operation[] {
  const { name, ifMatch } = aggregate;
  const problems = ifMatch === "required" ? ([...COMMAND.problems, "precondition-required"] as const) : COMMAND.problems;
  return commandsOf(aggregate).map((command) => ({
    ...COMMAND,
    problems,
    method: "post",
    path: `/aggregates/${name}/{id}/${command}`,
    operationId: `aggregates:${name}:${command}`,
    summary: `Send ${command}`,
    tag: tagOfAggregate(name),
    body: {
      "application/json": schemas.define(`${name}.${command}.command`, (place) =>
        schemas.ofApp(strictly(aggregate.commands[command]), "input", place),
      ),
    },
  }));
}

function startsOf({ name, saga }: Saga, schemas: Schemas): Operation[] {
  const input = schemas.define(`${name}.input`, (place) => schemas.ofApp(strictly(saga.input), "input", place));
  const start = { ...START_SAGA, method: "post", tag: tagOfAggregate(name), body: { "application/json": input } } as const;
  return [
    { ...start, path: `/sagas/${name}`, operationId: `sagas:${name}:start`, summary: `Start ${name}` },
    { ...start, path: `/sagas/${name}/{id}`, operationId: `sagas:${name}:startAs`, summary: `Start ${name} under an id` },
  ];
}

function queriesOf(view: View, schemas: Schemas): Operation[] {
  const { name, key } = view;
  const tag = tagOfView(name);
  const conditions = conditionsOf(view);
  const row = schemas.define(`${name}.row`, (place) => schemas.ofApp(view.row, "output", place));
  const page = schemas.ofOurs(ANSWERS.rows);
  return [
    {
      ...VIEW_PAGE,
      method: "get",
      path: `/views/${name}`,
      operationId: `views:${name}:query`,
      summary: `Query ${name}`,
      tag,
      query: z.object({ ...asQuery(conditions), ...VIEW_PAGE.query.shape }),
      notes: { ...VIEW_PAGE.notes, ...conditions },
      answers: { 200: pageOr({ ...page, properties: { ...(page.properties as object), rows: { type: "array", items: row } } }) },
    },
    {
      ...VIEW_ROW,
      method: "get",
      path: `/views/${name}/{key}`,
      operationId: `views:${name}:row`,
      summary: `One row of ${name}, by its ${key}`,
      tag,
      answers: { 200: json("The row.", row, ["Headspring-Position", "Headspring-Stale"]) },
    },
    ...[...view.queries.values()].map((query) => namedQueryOf(view, query, schemas)),
  ];
}

function namedQueryOf({ name }: View, query: NamedQuery, schemas: Schemas): Operation {
  const params = schemas.ofApp(query.params, "input", "#").properties as Record<string, JsonSchema> | undefined;
  const answer = schemas.ofOurs(ANSWERS.queryRows);
  const { row } = query;
  const rows = row
    ? { rows: { type: "array", items: schemas.define(`${name}.${query.name}.row`, (place) => schemas.ofApp(row, "output", place)) } }
    : {};
  return {
    ...VIEW_QUERY,
    method: "get",
    path: `/views/${name}/queries/${query.name}`,
    operationId: `views:${name}:queries:${query.name}`,
    summary: `Ask ${name} for ${query.name}`,
    ...(query.description === undefined ? {} : { description: query.description }),
    tag: tagOfView(name),
    query: z.object({ ...asQuery(params ?? {}), ...VIEW_QUERY.query.shape }),
    notes: { ...VIEW_QUERY.notes, ...params },
    answers: {
      200: json("The rows that the query found.", { ...answer, properties: { ...(answer.properties as object), ...rows } }, [
        "Headspring-Position",
        "Headspring-Stale",
      ]),
    },
  };
}

/** Names of parameters; the notes describe them. */
function asQuery(parameters: Readonly<Record<string, JsonSchema>>) {
  return Object.fromEntries(Object.keys(parameters).map((name) => [name, z.string().optional()]));
}

/** The conditions on a view's columns, by parameter. */
function conditionsOf(view: View): Record<string, JsonSchema> {
  const parameters: Record<string, JsonSchema> = {};
  for (const { name, kind } of tableOf(view).columns) {
    const operators = OPERATORS_OF[kind];
    if (kind !== "json")
      parameters[name] = {
        type: "array",
        items: VALUE[kind],
        description: `Rows whose ${name} is this value. Repeated: any of these values.`,
      };
    for (const operator of operators) parameters[`${name}.${operator}`] = kind === "json" ? OPERATOR.is() : OPERATOR[operator](VALUE[kind]);
  }
  return parameters;
}

const OPERATOR: Record<(typeof OPERATORS)[number], (value?: JsonSchema) => JsonSchema> = {
  gte: (value) => ({ ...value, description: "At least this value." }),
  gt: (value) => ({ ...value, description: "More than this value." }),
  lte: (value) => ({ ...value, description: "At most this value." }),
  lt: (value) => ({ ...value, description: "Less than this value." }),
  ne: (value) => ({
    type: "array",
    items: value,
    description: "Anything but this value; rows without a value match. Repeated: none of these values.",
  }),
  in: () => ({ type: "string", description: "Any of these values, separated by commas." }),
  is: () => ({ enum: ["null", "not-null"], description: "Whether the row has a value." }),
};

function tagOfAggregate(name: string): string {
  return `Aggregate ${name}`;
}

function tagOfView(name: string): string {
  return `View ${name}`;
}
