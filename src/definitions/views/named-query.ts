/** A named query: SQL over one view, declared with it. Pure. */

import type * as z from "zod";
import type { JsonValue } from "../../core/event.ts";
import { requireName } from "../../core/names.ts";
import { Sql, identifier } from "./sql.ts";

/** A row's schema: columns by name. */
export type RowSchema = z.ZodObject<Record<string, z.ZodType<JsonValue>>>;

/** Parameters by name: what a query string can hold, so scalars and lists of them. */
export type ParamsSchema = z.ZodObject;

/** What every query takes besides its own parameters (DESIGN: the HTTP contract). */
const RESERVED = new Set(["minPosition", "consistency"]);

export interface QueryDefinition<Column extends string, Params extends ParamsSchema> {
  readonly description?: string;
  /**
   * Converted from the query string and checked before `sql` gets them; `z.object({})` for none (without it TypeScript would not infer
   * types).
   */
  readonly params: Params;
  /** The columns of the answer. Without it, they are as SQL returns them: booleans are 0 and 1, JSON columns are strings. */
  readonly row?: RowSchema;
  /**
   * One SELECT. It may be called again, and for a table of an earlier definition: do nothing else in it.
   *
   * @example
   * sql: ({ rows, params }) => sql`SELECT customer, total FROM ${rows} WHERE total >= ${params.atLeast} ORDER BY total DESC`
   */
  readonly sql: (given: {
    /** The rows of the view, in the store that the request is for. Nothing else can be selected from. */
    readonly rows: Sql;
    /** The view's columns, for a column that is chosen at run time. Everywhere else write the column's name. */
    readonly columns: { readonly [Name in Column]: Sql };
    readonly params: z.output<NoInfer<Params>>;
  }) => Sql;
}

/** A named query, as the engine sees it: without its types. */
export interface NamedQuery {
  readonly name: string;
  readonly description?: string;
  readonly params: ParamsSchema;
  readonly row?: RowSchema;
  readonly sql: (given: { rows: Sql; columns: Readonly<Record<string, Sql>>; params: Readonly<Record<string, unknown>> }) => Sql;
}

/** The rows, under the name that the statements below use. */
export const ROWS = identifier("rows");

/** @throws {TypeError} when the name, or that of a parameter, is not valid */
export function namedQueries(view: string, definitions: Readonly<Record<string, unknown>>): ReadonlyMap<string, NamedQuery> {
  return new Map(
    Object.entries(definitions as Record<string, Omit<NamedQuery, "name">>).map(([name, definition]) => {
      requireName(`query of view "${view}"`, name);
      const taken = Object.keys(definition.params.shape).find((parameter) => RESERVED.has(parameter));
      if (taken !== undefined)
        throw new TypeError(`query "${name}" of view "${view}" cannot have a parameter "${taken}": every query takes it already`);
      return [name, { name, ...definition }];
    }),
  );
}
