/** A view: rows folded from events. Pure: this file knows no runtime. */

import type * as z from "zod";
import type { PlainRow } from "../../core/plain-schema.ts";
import { requireName } from "../../core/names.ts";
import { type Followed, requireKnownTypes } from "../followed.ts";
import { type AnyForm, type AnyHandlers, type ErasedHandler, type HandlersLike, erased } from "./handler.ts";
import { type NamedQuery, type ParamsSchema, type QueryDefinition, type RowSchema, namedQueries } from "./named-query.ts";
import type { ConsumerHooks } from "../hooks.ts";
import { type Retry, type RetryPolicy, retryPolicy } from "../retry.ts";
import { DELETED, type FilterOfConsumer } from "../../core/event.ts";
import { VIEW_COLUMNS } from "../limits.ts";

/** Names of columns: SQL and query strings both carry them as they are; `_` in front is ours. */
export const COLUMN_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
/** What a query can contain besides the columns (DESIGN: the HTTP contract). */
export const QUERY_PARAMETERS: ReadonlySet<string> = new Set(["limit", "cursor", "sort", "after", "minPosition", "consistency"]);

export interface ViewDefinition<
  From extends Followed,
  Row extends z.ZodObject,
  Queries extends Readonly<Record<string, ParamsSchema>> = Readonly<Record<string, ParamsSchema>>,
  On extends AnyHandlers<From> = AnyHandlers<From>,
> {
  readonly description?: string;
  /** The categories whose events it folds. */
  readonly from: From | readonly From[];
  /** The columns: scalars become columns of their own, arrays and objects JSON columns. */
  readonly row: PlainRow<Row>;
  /** The column that identifies a row. Its value is a string. */
  readonly key: NoInfer<{ [Column in keyof z.output<Row>]: z.output<Row>[Column] extends string ? Column : never }[keyof z.output<Row>]> &
    string;
  // Written out: the compiler names an alias with all of the row's zod in it, and columns as columns.
  /**
   * Columns to index, besides the key; a list of columns is one index over all of them, for conditions on the first ones and the order of the next. Each index
   * costs one more written row for each row that changes.
   */
  readonly indexes?: readonly ((keyof z.output<NoInfer<Row>> & string) | readonly (keyof z.output<NoInfer<Row>> & string)[])[];
  /** What each event type of interest does: a `ViewHandler`. Pure and synchronous. */
  readonly on: HandlersLike<On, From, z.output<Row>>;
  /** Queries that conditions on columns cannot express: SQL, by name. */
  readonly queries?: { readonly [Name in keyof Queries]: QueryDefinition<keyof NoInfer<z.output<Row>> & string, Queries[Name]> };
  /** When set, replaces the code of the handlers as their version: only a change of it (or of row, key, indexes) makes a new table. */
  readonly revision?: string | number;
  /** How often to try an event that cannot be folded. Default: eight times in two minutes. */
  readonly retry?: Retry;
  /** The D1 binding that keeps the rows. Default: `VIEWS`. Another one spreads views over databases. */
  readonly database?: string;
}

declare const types: unique symbol;

/** A view, as the engine sees it: without its types, with categories and handlers in one form. */
export interface View<
  Name extends string = string,
  Row extends z.ZodObject = RowSchema,
  From extends Followed = Followed,
  Queries extends Readonly<Record<string, ParamsSchema>> = Readonly<Record<string, ParamsSchema>>,
> {
  /** For the compiler only: the parameters of the named queries. */
  readonly [types]?: { readonly queries: Queries };
  readonly kind: "view";
  readonly name: Name;
  readonly description?: string;
  readonly row: Row;
  readonly key: string;
  /** Names of columns; an index over several has commas between them. */
  readonly indexes: readonly string[];
  readonly followed: readonly From[];
  readonly handlers: ReadonlyMap<string, ErasedHandler>;
  /** The handler of event types that have none of their own, except the store's (`$deleted`). Without it they are left out. */
  readonly otherwise?: ErasedHandler;
  readonly queries: ReadonlyMap<string, NamedQuery>;
  readonly revision?: string | number;
  readonly retry?: RetryPolicy;
  readonly database?: string;
  /** Each row is made from the events of one stream, whose id is its key; or with `ownKey`, whose name. */
  readonly ownRows: boolean;
  readonly ownKey?: "stream";
  /** Its rows are the instances of process managers and sagas, as `processesView` makes them. */
  readonly processes?: true;
  /** A row is the latest data as it is, with the key; `row` only names the members that can be queried. */
  readonly whole?: true;
  /** No route shows the rows: they are for joins. */
  readonly exposed?: false;
  /** Present: the view was declared over HTTP. */
  readonly declaration?: Declaration;
  /** Those of the app that declares the view. */
  readonly hooks?: ConsumerHooks;
}

/** When a view was declared over HTTP, which orders the tables of one name. */
export interface Declaration {
  /** One higher each time the name is declared again after its deletion. */
  readonly incarnation: number;
  /** Milliseconds since 1970, by the catalog's clock: later with every change of what the name means. */
  readonly at: number;
}

/**
 * Declares a view.
 *
 * @throws {TypeError} when a name is not valid, or key, index or event is not declared
 *
 * @example
 * export const totals = view("totals", {
 *   from: counter,
 *   row: z.object({ counter: z.string(), total: z.number() }),
 *   key: "counter",
 *   on: { Counted: (row, event) => ({ counter: streamIdOf(event.stream), total: (row?.total ?? 0) + event.data.by }) },
 * });
 */
export function view<
  const Name extends string,
  From extends Followed,
  Row extends z.ZodObject,
  On extends AnyHandlers<From>,
  // oxlint-disable-next-line typescript/no-empty-object-type -- not by a name: as of a process manager's commands
  Queries extends Readonly<Record<string, ParamsSchema>> = {},
>(name: Name, definition: ViewDefinition<From, Row, Queries, On>): View<Name, Row, From, Queries> {
  requireName("view", name);
  const { from, row: declaredRow, key, indexes = [], on, queries = {}, retry, ...rest } = definition;
  const row = declaredRow as Row; // else the compiler has refused it
  const followed: readonly From[] = Array.isArray(from) ? from : [from];
  requireKnownTypes(
    `view "${name}"`,
    followed,
    Object.keys(on).filter((type) => type !== DELETED),
  );
  const columns = Object.keys(row.shape);
  if (columns.length > VIEW_COLUMNS)
    throw new TypeError(`view "${name}" has ${columns.length} columns; a table of D1 takes ${VIEW_COLUMNS} of them`);
  for (const column of columns) requireColumn(name, column, columns);
  for (const column of [key, ...indexes.flat()]) {
    if (!columns.includes(column)) throw new TypeError(`view "${name}" has no column "${column}" (${columns.join(", ")})`);
  }
  // The handlers were typed one by one; from here on they get events by the type's name alone.
  const handlers = Object.entries(on as unknown as Record<string, AnyForm>).map(([type, handler]) => [type, erased(handler)] as const);
  const ownRows = followed.length === 1 && Object.values(on).every((handler) => typeof handler === "function");
  const policy = retry === undefined ? {} : { retry: retryPolicy(`view "${name}"`, retry) };
  const declared = { handlers: new Map(handlers), queries: namedQueries(name, queries), ownRows };
  const joined = indexes.map((index) => (typeof index === "string" ? index : index.join(",")));
  return { kind: "view", name, row, key, indexes: joined, followed, ...declared, ...policy, ...rest };
}

function requireColumn(view: string, column: string, columns: readonly string[]): void {
  requireName(`column of view "${view}"`, column, COLUMN_NAME);
  if (QUERY_PARAMETERS.has(column)) throw new TypeError(`view "${view}" cannot have a column "${column}": queries use the name`);
  // SQL ignores case.
  const twin = columns.find((other) => other !== column && other.toLowerCase() === column.toLowerCase());
  if (twin !== undefined) throw new TypeError(`view "${view}" has two columns that differ only in case: "${column}" and "${twin}"`);
}

/** What folds events of this type; undefined: nothing. */
export function handlerOf({ handlers, otherwise }: Pick<View, "handlers" | "otherwise">, type: string): ErasedHandler | undefined {
  return handlers.get(type) ?? (type.startsWith("$") ? undefined : otherwise);
}

/** The events that it folds: those of its handlers, and the end of any stream. */
export function filterOfView({ handlers, otherwise, followed }: Pick<View, "handlers" | "otherwise" | "followed">): FilterOfConsumer {
  const categories = followed.map(({ name }) => name);
  return otherwise ? { categories } : { types: [...new Set([...handlers.keys(), DELETED])], categories };
}
