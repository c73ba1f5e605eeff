/** The four kinds of definitions: where they are in the API, and the form of each, as a schema with fields of our own. */

import { type SchemaObject, beginning } from "../../parts/schema.ts";
import type { AppReport } from "../../store/event.ts";
import { segments } from "../../store/paths.ts";

export type Kind = "stream" | "view" | "processor" | "source";
// oxlint-disable-next-line typescript/no-explicit-any -- as the form has it, before the store has checked it
export type Definition = any;

export const KINDS: Readonly<Record<Kind, { readonly path: (name: string) => string; readonly begin: (app: AppReport) => Definition }>> = {
  stream: {
    path: (name) => segments("streams", name),
    begin: () => ({ schema: { type: "object", properties: {}, required: [], additionalProperties: false } }),
  },
  view: {
    path: (name) => segments("views", name),
    begin: (app) => ({ from: firstOf(app), columns: {} }),
  },
  processor: {
    path: (name) => segments("processors", name),
    begin: (app) => ({ from: firstOf(app), steps: [{ filter: "true" }] }),
  },
  source: {
    path: (name) => segments("sources", name),
    begin: (app) => {
      const schema = sourceForm({ type: "string" }, app);
      return beginning(schema, schema);
    },
  },
};

export function isKind(text: string): text is Kind {
  return Object.hasOwn(KINDS, text);
}

/** What somebody declares first is about what was declared last. */
function firstOf({ categories }: AppReport): string[] {
  return categories.slice(-1).map(({ name }) => name);
}

const EXPRESSION = { type: "string", format: "expression", default: "" };
const MEMBERS = { type: "object", title: "member by member", additionalProperties: EXPRESSION };
const MAKER = { oneOf: [MEMBERS, { ...EXPRESSION, title: "one expression" }] };

function about(description: string) {
  return { ...EXPRESSION, description };
}

function object(title: string, required: readonly string[], properties: SchemaObject): SchemaObject {
  return { type: "object", title, required, properties };
}

/** @param definition as it is now: its own names can be chosen in it */
export function formOf(kind: Kind, app: AppReport, definition: Definition): SchemaObject {
  const categories = app.categories.map(({ name }) => name);
  const from = { type: "array", items: { enum: categories }, minItems: 1, description: "The categories whose events it follows." };
  const followed = app.categories.filter(({ name }) => [definition.from].flat().includes(name));
  const types = {
    type: "array",
    items: followed.length === 0 ? { type: "string" } : { enum: followed.flatMap(({ events }) => events.map(({ type }) => type)) },
    description: "Only events of these types; without it, all.",
  };
  const description = { type: "string", description: "What it is for, for people." };
  if (kind === "stream") return streamForm(description, definition);
  if (kind === "source") return sourceForm(description, app);
  if (kind === "view") {
    const columns = Object.keys(definition.columns ?? {});
    return object("", ["from"], {
      from,
      types,
      where: about("Events for which it is false leave the rows as they are."),
      key: about("The row that an event changes: a string or a number. Without it, the stream’s id."),
      columns: {
        type: "object",
        description: "Without columns, a row is the latest data as it is.",
        additionalProperties: { oneOf: COLUMN },
      },
      remove: about("Events for which it is true remove the row."),
      indexes: {
        type: "array",
        items: columns.length === 0 ? { type: "string" } : { enum: columns },
        description: "Columns that queries ask for.",
      },
      description,
      exposed: { type: "boolean", description: "False: no route shows the rows; processors may join them." },
    });
  }
  const joined = [...app.views.map(({ name }) => name), ...categories];
  return {
    ...object("", ["from", "steps"], {
      from,
      types,
      start: {
        enum: ["beginning", "head"],
        description: "Where it begins in the log, as long as it is new. Without it, at the beginning.",
      },
      steps: { $ref: "#/$defs/steps" },
      onError: {
        enum: ["stop", "skip"],
        description: "What happens at an event that cannot be processed. Without it, the processor stops.",
      },
      description,
    }),
    $defs: { steps: { type: "array", minItems: 1, items: { oneOf: stepsOf(joined, app) } } },
  };
}

const TYPE = { enum: ["number", "integer", "string", "boolean", "json"] };
const COLUMN = [
  object("adds up", ["type", "init", "fold"], {
    type: TYPE,
    init: { default: 0 },
    fold: about("The next value, from acc, the value so far."),
  }),
  object("has the latest", ["type", "value"], { type: TYPE, value: about("The value as of the latest event.") }),
];

function stepsOf(joined: readonly string[], app: AppReport): SchemaObject[] {
  const targets = app.categories.flatMap(({ name, kind }) => (kind === "plain" ? [name] : []));
  const join = object("", ["with", "by", "as"], {
    with: { enum: joined, description: "A view, or a category." },
    by: about("The row’s key, or the stream’s id."),
    as: { type: "string", default: "found", description: "Its name in the expressions that follow." },
    missing: { enum: ["fail", "null", "skip"], description: "What happens where there is nothing." },
  });
  const emit = object("", ["to"], {
    to: { enum: targets },
    data: { ...MAKER, description: "Without it, the data as it is." },
    type: about("The event’s type."),
    id: about("The stream’s id."),
  });
  const branch = object("", ["steps"], {
    when: about("Without it, the branch is taken if none before it was."),
    steps: { $ref: "#/$defs/steps" },
  });
  return [
    object("filter: lets events through", ["filter"], { filter: about("Lets the event through where it is true.") }),
    object("set: changes members", ["set"], { set: MEMBERS }),
    object("map: makes other data", ["map"], { map: MAKER }),
    object("join: looks something up", ["join"], { join }),
    object("branch: one way or another", ["branch"], { branch: { type: "array", minItems: 1, items: branch } }),
    object("emit: appends an event", ["emit"], { emit }),
  ];
}

/** Each kind has settings of its own. */
function sourceForm(description: SchemaObject, { categories, sourceKinds }: AppReport): SchemaObject {
  const plain = categories.flatMap(({ name, kind }) => (kind === "plain" ? [name] : []));
  return {
    oneOf: sourceKinds.map(({ name, settings, isBrought }) => {
      const { properties = {}, required = [] } = settings as SchemaObject;
      return object(name, ["kind", "to", "stream", ...(required as string[])], {
        kind: { const: name },
        ...(properties as SchemaObject),
        to: { enum: plain.toReversed(), description: "The stream’s category that it appends to." },
        stream: about("The stream that a change belongs to: a string or a number."),
        where: about("Changes for which it is false are passed over."),
        type: about("The event’s type. Without it, the only one that there is."),
        data: { ...MAKER, description: "Without it, the change as it is." },
        ...(isBrought ? {} : { every: { type: "string", description: "How often it looks when there was nothing new: 5s." } }),
        description,
      });
    }),
  };
}

function streamForm(description: SchemaObject, { schema, events }: Definition): SchemaObject {
  const members = Object.keys(schema?.properties ?? Object.values((events ?? {}) as Record<string, SchemaObject>)[0]?.properties ?? {});
  const key = {
    ...(members.length === 0 ? { type: "string" } : { enum: members }),
    description: "The member that names an event’s stream.",
  };
  const its = { format: "schema", default: KINDS.stream.begin({} as AppReport).schema };
  const rest = { key, description };
  return {
    oneOf: [
      object("events of one kind", ["schema"], { schema: its, ...rest }),
      object("events of several types", ["events"], {
        events: { type: "object", additionalProperties: its },
        strict: { type: "boolean", description: "False: event types that are not declared are taken unchecked." },
        ...rest,
      }),
      object("events of any shape", [], rest),
    ],
  };
}

/** The form has a list where one name is enough. */
export function asSent(definition: Definition): Definition {
  if (!Array.isArray(definition?.from) || definition.from.length !== 1) return definition;
  return { ...definition, from: definition.from[0] };
}

export function asEdited(definition: Definition): Definition {
  return definition.from === undefined ? definition : { ...definition, from: [definition.from].flat() };
}
