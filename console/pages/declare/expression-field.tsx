/** Expressions in the form of a definition, with what is in scope there. The tables are those of the expressions themselves. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { type Around, completeAt } from "../../../src/definitions/expressions/complete.ts";
import { type Completion, NAME_COMPLETIONS } from "../../../src/definitions/expressions/completions.ts";
import { CodeField } from "../../parts/code-field.tsx";
import type { FieldProps } from "../../parts/schema-fields.tsx";
import type { SchemaObject } from "../../parts/schema.ts";
import type { AppReport, CategoryDefinition } from "../../store/event.ts";
import { segments } from "../../store/paths.ts";
import { useResource } from "../../store/resource.ts";
import { get } from "../../store/store.ts";
import type { Definition, Kind } from "./kinds.ts";

/** What a whole definition's expressions may name, besides what depends on the place. */
interface Scope {
  readonly kind: Kind;
  readonly joins: readonly Completion[];
  readonly schemas: NonNullable<Around["schemas"]>;
}

export const ScopeContext = createContext<Scope>({ kind: "view", joins: [], schemas: {} });

export function ExpressionField({ label, path, schema, value, isRequired, onChange, context }: FieldProps) {
  const { kind, joins, schemas } = useContext(ScopeContext);
  const place = kind === "processor" ? "step" : /\.(?:fold|value)$/.test(path) ? (label as "fold" | "value") : "where";
  const names = kind === "source" ? joins : [...NAME_COMPLETIONS[place], ...joins];
  return (
    <CodeField
      label={label}
      value={typeof value === "string" ? value : ""}
      onChange={(text) => onChange(text === "" && !isRequired ? undefined : text)}
      complete={(text, offset) => completeAt(text, offset, { names, schemas })}
      issues={context.issues.filter((issue) => issue.path === path)}
      isOptional={!isRequired}
      about={schema.description as string | undefined}
    />
  );
}

const CHANGE: Completion = { name: "change", kind: "name", shown: "change", gives: "map", what: "a change outside, as the kind gives it" };

/** Schemas of the categories that a definition follows and joins, of its own columns, and of the rows of joined views. */
export function useScope(kind: Kind, definition: Definition, app: AppReport): Scope {
  const categories = [definition?.from ?? []].flat() as string[];
  const joins = kind === "processor" ? joinsIn(definition?.steps) : [];
  const read = [...new Set([...categories, ...joins.map((one) => one.with)])].filter((name) =>
    app.categories.some((one) => one.name === name),
  );
  const found = useResource(kind === "stream" || kind === "source" ? undefined : read.join(" "), async (signal) => {
    const all = await Promise.all(read.map((name) => get<CategoryDefinition>(segments("streams", name), signal)));
    return new Map(all.map(({ name, events }) => [name, Object.values(events)]));
  });
  const ofCategory = (name: string) => found.value?.get(name) ?? [];
  const columns = Object.fromEntries(
    Object.entries((definition?.columns ?? {}) as Record<string, SchemaObject>).map(([name, column]) => [
      name,
      { type: column?.type as unknown },
    ]),
  );
  if (kind === "source") {
    const change = app.sourceKinds.find(({ name }) => name === definition?.kind)?.change;
    return { kind, joins: [CHANGE], schemas: { change: [change ?? true] } };
  }
  const ofJoined = joins.map(({ as, with: name }) => [as, [...ofCategory(name), ...rowsOf(app, name)]] as const);
  return {
    kind,
    joins: joins.map(({ as, with: name }) => ({
      name: as,
      kind: "name",
      shown: as,
      gives: "map",
      what: `what the join with ${name} found`,
    })),
    schemas: { ...Object.fromEntries(ofJoined), data: categories.flatMap(ofCategory), row: [{ properties: columns }] },
  };
}

/** The columns of a view, as `GET /app` has them: in code names, over HTTP perhaps more. */
function rowsOf({ views }: AppReport, name: string): object[] {
  const columns = views.find((one) => one.name === name)?.columns;
  return Array.isArray(columns) ? [{ properties: Object.fromEntries((columns as string[]).map((column) => [column, {}])) }] : [];
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
