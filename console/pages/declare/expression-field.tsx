/** Expressions in the form of a definition, with the names that are in scope there. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { CodeField } from "../../parts/code-field.tsx";
import { type Name, namesIn } from "../../parts/completion.ts";
import type { FieldProps } from "../../parts/schema-fields.tsx";
import type { Schema, SchemaObject } from "../../parts/schema.ts";
import type { AppReport, CategoryDefinition } from "../../store/event.ts";
import { segments } from "../../store/paths.ts";
import { useResource } from "../../store/resource.ts";
import { get } from "../../store/store.ts";
import { EVENT, FUNCTIONS } from "./functions.ts";
import type { Definition, Kind } from "./kinds.ts";

export const Names = createContext<readonly Name[]>([]);

export function ExpressionField({ label, path, schema, value, isRequired, onChange, context }: FieldProps) {
  return (
    <CodeField
      label={label}
      value={typeof value === "string" ? value : ""}
      onChange={(text) => onChange(text === "" && !isRequired ? undefined : text)}
      names={useContext(Names)}
      issues={context.issues.filter((issue) => issue.path === path)}
      isOptional={!isRequired}
      about={schema.description as string | undefined}
    />
  );
}

/** Everything in scope of a definition: `data` of the categories that it follows, the event, its own columns or joins, and the functions. */
export function useNames(kind: Kind, definition: Definition, app: AppReport): readonly Name[] {
  const categories = [definition?.from ?? []].flat() as string[];
  const joins = kind === "processor" ? joinsIn(definition?.steps) : [];
  const read = [...new Set([...categories, ...joins.map((one) => one.with)])].filter((name) =>
    app.categories.some((one) => one.name === name),
  );
  const schemas = useResource(kind === "stream" ? undefined : read.join(" "), async (signal) => {
    const all = await Promise.all(read.map((name) => get<CategoryDefinition>(segments("streams", name), signal)));
    return new Map(all.map(({ name, events }) => [name, Object.values(events) as Schema[]]));
  });
  const membersOf = (as: string, category: string) => (schemas.value?.get(category) ?? []).flatMap((schema) => namesIn(as, schema));
  const columns = Object.keys((definition?.columns ?? {}) as object).map((column) => ({
    text: `row.${column}`,
    about: "As it was before the event",
  }));
  const own: Name[] =
    kind === "view"
      ? [{ text: "acc", about: "The column before the event" }, { text: "row", about: "The row before the event" }, ...columns]
      : [];
  const joined = joins.flatMap(({ as, with: name }) => [
    { text: as, about: `What the join with ${name} found` },
    ...membersOf(as, name),
    ...(app.views.find((one) => one.name === name) ? columnsOf(as, app, name) : []),
  ]);
  const data = categories.flatMap((category) => membersOf("data", category));
  return unique([{ text: "data", about: "The event’s data" }, ...data, ...own, ...joined, ...EVENT, ...FUNCTIONS]);
}

function columnsOf(as: string, app: AppReport, view: string): Name[] {
  const columns = app.views.find(({ name }) => name === view)?.columns;
  return Array.isArray(columns) ? (columns as string[]).map((column) => ({ text: `${as}.${column}`, about: `A column of ${view}` })) : [];
}

/** All joins, those in branches included. */
function joinsIn(steps: unknown): { as: string; with: string }[] {
  if (!Array.isArray(steps)) return [];
  return (steps as SchemaObject[]).flatMap((step) => {
    const { as, with: name } = (step?.join ?? {}) as { as?: string; with?: string };
    const inside = Array.isArray(step?.branch) ? (step.branch as SchemaObject[]).flatMap((branch) => joinsIn(branch?.steps)) : [];
    return as && name ? [{ as, with: name }, ...inside] : inside;
  });
}

function unique(names: readonly Name[]): Name[] {
  return [...new Map(names.toReversed().map((name) => [name.text, name])).values()].toReversed();
}
