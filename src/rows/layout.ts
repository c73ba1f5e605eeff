/** How the rows of a view are laid out in SQL, derived from their schema; and the hash of everything that the rows depend on. */

import * as z from "zod";
import { type Code, codeHash } from "../core/code-hash.ts";
import { liftsOf } from "../definitions/upcast.ts";
import type { View } from "../definitions/views/view.ts";

/** How a column is stored and read back. */
export type ColumnKind = "text" | "integer" | "real" | "boolean" | "json";

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  /** The schema allows `null`; if it does not, an empty column is read as a missing field. */
  readonly nullable: boolean;
  /** Every row has a value in this column. */
  readonly required?: boolean;
}

/** What it takes to read and write a table. */
export interface Layout {
  readonly key: string;
  readonly columns: readonly Column[];
  /** Names of columns; an index over several has commas between them. */
  readonly indexes: readonly string[];
  /** The rows are kept whole, as JSON, in this column of the table; the other columns only repeat what can be queried. */
  readonly whole?: string;
}

/** The name of that column: no member's column begins with `_`. */
const WHOLE = "_row";

/**
 * The layout of a view as its code declares it, and its hash: another hash is another table.
 *
 * The hash covers everything that the rows depend on, and the view's exact name, because SQLite ignores case in the names of tables.
 */
export function layoutOf(view: View): { readonly layout: Layout; readonly hash: string } {
  const rowSchema = z.toJSONSchema(view.row, { io: "output", unrepresentable: "any" });
  const columns = Object.entries(view.row.shape).map(([name, field]) => ({
    name,
    kind: kindOf(rowSchema.properties?.[name]),
    nullable: field.safeParse(null).success,
    required: !field.safeParse(null).success && !field.safeParse(undefined).success,
  }));
  const followed = view.followed.map(({ name }) => name).toSorted();
  // A definition over HTTP says nothing of the lifts that the code has for its categories.
  const code = view.declaration ? [view.revision, liftsIn(view)] : (view.revision ?? codeOf(view));
  const hash = codeHash([view.name, rowSchema as Code, view.key, view.indexes, followed, code]);
  return { layout: { key: view.key, columns, indexes: view.indexes, ...(view.whole ? { whole: WHOLE } : {}) }, hash };
}

/** The handlers, and how their input is made. */
function codeOf(view: View): Code {
  return [[...view.handlers].map(([type, { code }]) => [type, code]), liftsIn(view)];
}

/** The lifts of the event types that a view handles, which give older events their present form. */
function liftsIn({ handlers, otherwise, followed }: View): Code {
  const handled = otherwise ? followed.flatMap(({ events }) => Object.keys(events)) : [...handlers.keys()];
  const lifts = [...new Set(handled)].flatMap((type) =>
    followed.map(({ name, events }) => [name, type, Object.hasOwn(events, type) ? liftsOf(events[type]!) : []] as const),
  );
  return lifts.filter(([, , texts]) => texts.length > 0).toSorted(([a, aType], [b, bType]) => (`${a}/${aType}` < `${b}/${bType}` ? -1 : 1));
}

/** Scalars become columns of their own; anything that is not one scalar type becomes JSON. */
export function kindOf(schema: z.core.JSONSchema._JSONSchema | undefined): ColumnKind {
  const types = typesOf(schema);
  types.delete("null");
  const [type, ...others] = types;
  if (others.length > 0) return "json";
  switch (type) {
    case "string":
      return "text";
    case "integer":
      return "integer";
    case "number":
      return "real";
    case "boolean":
      return "boolean";
    default:
      return "json";
  }
}

/** The JSON types that values of this schema may have. */
function typesOf(schema: z.core.JSONSchema._JSONSchema | undefined): Set<string> {
  const { anyOf, oneOf, type = "any" } = typeof schema === "object" ? schema : {};
  const alternatives = anyOf ?? oneOf;
  return new Set(alternatives ? alternatives.flatMap((one) => [...typesOf(one)]) : [type].flat());
}
