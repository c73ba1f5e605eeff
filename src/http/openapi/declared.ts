/** The operations of one app: its commands and views, each with its own schema. */

import { z } from "zod";
import type { App } from "../../app.ts";
import type { DataSchema } from "../../event.ts";
import type { AnyAggregate } from "../../streams/aggregate.ts";
import type { Saga } from "../../processors/saga.ts";
import { commandsOf } from "../aggregates.ts";
import { sagasOf } from "../sagas.ts";
import { type ColumnKind, tableOf } from "../../views/table.ts";
import type { View } from "../../views/view.ts";
import { ANSWERS, COMPONENTS } from "./components.ts";
import type { Operation } from "./operation.ts";
import { COMMAND } from "./operations/commands.ts";
import { START_SAGA } from "./operations/sagas.ts";
import { json } from "./operations/shared.ts";
import { VIEW_PAGE, VIEW_ROW } from "./operations/views.ts";
import type { JsonSchema, Schemas } from "./schema.ts";

/** A column as a parameter: rows where it has this value. */
const COLUMN: Record<ColumnKind, JsonSchema> = {
  text: { type: "string" },
  integer: { type: "integer" },
  real: { type: "number" },
  boolean: { type: "boolean" },
  json: { type: "string", description: "Its JSON text, as it is stored." },
};

export function operationsOf(app: App, schemas: Schemas): Operation[] {
  return [
    ...[...app.aggregates.values()].flatMap((aggregate) => commandOperationsOf(aggregate, schemas)),
    ...sagasOf(app).flatMap((saga) => startsOf(saga, schemas)),
    ...[...app.views.values()].flatMap((view) => queriesOf(view, schemas)),
  ];
}

/** Makes every declared event type a component: the event as readers get it. */
export function defineEvents(app: App, schemas: Schemas): void {
  for (const { name, events } of [...app.aggregates.values(), ...app.categories.values()]) {
    for (const [type, schema] of Object.entries(events as Record<string, DataSchema>)) {
      schemas.define(`${name}.${type}`, (place) => ({
        description: `What streams \`${name}/{id}\` say. Once it is erased, its \`data\` is empty.`,
        allOf: [schemas.ofOurs(COMPONENTS.Event)],
        type: "object",
        properties: { type: { const: type }, data: schemas.ofApp(schema, "output", `${place}/properties/data`) },
      }));
    }
  }
}

/** The app's tags, with what they are. */
export function tagsOf(app: App): Record<string, string> {
  return Object.fromEntries([
    ...[...app.aggregates.values()].map(({ name, description }) => [tagOfAggregate(name), description ?? "Its commands."]),
    ...[...app.views.values()].map(({ name, description }) => [tagOfView(name), description ?? "Its rows."]),
  ]);
}

function commandOperationsOf(aggregate: AnyAggregate, schemas: Schemas): Operation[] {
  const { name } = aggregate;
  return commandsOf(aggregate).map((command) => ({
    ...COMMAND,
    method: "post",
    path: `/aggregates/${name}/{id}/${command}`,
    operationId: `aggregates:${name}:${command}`,
    summary: `Send ${command}`,
    tag: tagOfAggregate(name),
    body: {
      "application/json": schemas.define(`${name}.${command}.command`, (place) =>
        schemas.ofApp(aggregate.commands[command], "input", place),
      ),
    },
  }));
}

function startsOf({ name, saga }: Saga, schemas: Schemas): Operation[] {
  const input = schemas.define(`${name}.input`, (place) => schemas.ofApp(saga.input, "input", place));
  const start = { ...START_SAGA, method: "post", tag: tagOfAggregate(name), body: { "application/json": input } } as const;
  return [
    { ...start, path: `/sagas/${name}`, operationId: `sagas:${name}:start`, summary: `Start ${name}` },
    { ...start, path: `/sagas/${name}/{id}`, operationId: `sagas:${name}:startAs`, summary: `Start ${name} under an id` },
  ];
}

function queriesOf(view: View, schemas: Schemas): Operation[] {
  const { name, key } = view;
  const { columns } = tableOf(view);
  const tag = tagOfView(name);
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
      query: z.object({ ...Object.fromEntries(columns.map((column) => [column.name, z.string().optional()])), ...VIEW_PAGE.query.shape }),
      notes: { ...VIEW_PAGE.notes, ...Object.fromEntries(columns.map((column) => [column.name, COLUMN[column.kind]])) },
      answers: {
        200: json("A page of rows.", { ...page, properties: { ...(page.properties as object), rows: { type: "array", items: row } } }, [
          "Link",
          "Headspring-Position",
        ]),
      },
    },
    {
      ...VIEW_ROW,
      method: "get",
      path: `/views/${name}/{key}`,
      operationId: `views:${name}:row`,
      summary: `One row of ${name}, by its ${key}`,
      tag,
      answers: { 200: json("The row.", row, ["Headspring-Position"]) },
    },
  ];
}

function tagOfAggregate(name: string): string {
  return `Aggregate ${name}`;
}

function tagOfView(name: string): string {
  return `View ${name}`;
}
