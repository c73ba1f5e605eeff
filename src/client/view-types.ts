/** What a client can ask of a view, and what it gets: rows, pages, changes, named queries. Types only. */

import type { JsonValue } from "../core/event.ts";
import type { RequestOptions } from "./connection.ts";
import type { Reached } from "./reached.ts";

type QueryArguments<Parameters> =
  // oxlint-disable-next-line typescript/no-generated-empty-object-type -- no parameter that must be there
  Record<never, never> extends Parameters
    ? [parameters?: Parameters, options?: Omit<RowOptions, "wait">]
    : [parameters: Parameters, options?: Omit<RowOptions, "wait">];

/** Where the changes of a view begin. */
export interface LiveOptions extends RequestOptions {
  /**
   * The `Headspring-Live` of a page of rows: the loop begins with what has changed since then, and reads no rows first. `rows` then says that the
   * view was built again.
   */
  readonly after?: string;
  /** Called with a position of the log whenever the changes until then have been taken: a write up to it is in the rows. */
  readonly onPosition?: (position: number) => void;
}

/** What a read of a view may ask for. */
export interface RowOptions extends RequestOptions {
  /** A write that the rows must show, or a position. */
  readonly after?: Reached;
  /** `strong`: the rows show everything that was stored before this read. */
  readonly consistency?: "strong";
  /** Seconds to wait until there is such a row, at most 30. */
  readonly wait?: number;
}

export interface ViewOptions extends Omit<RowOptions, "wait"> {
  /** Columns; `-column` is descending. */
  readonly sort?: string | readonly string[];
  /** Rows of a page: 50 unless you say otherwise, at most 200. */
  readonly limit?: number;
  /** The `next` of the page before. */
  readonly cursor?: string;
}

type Scalar = string | number | boolean;
type Operator = "gte" | "gt" | "lte" | "lt" | "ne";
type Value<Column> = Extract<Column, Scalar>;

/** Conditions on columns: `{ customer: "a customer", "total.gte": 100 }`. A list means any of its values. */
export type Conditions<Row> = {
  readonly [Column in keyof Row & string]?: Value<Row[Column]> | readonly Value<Row[Column]>[];
} & { readonly [Column in keyof Row & string as `${Column}.${Operator}`]?: Value<Row[Column]> | readonly Value<Row[Column]>[] } & {
  readonly [Column in keyof Row & string as `${Column}.is`]?: "null" | "not-null";
};

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly hasMore: boolean;
  /** What the next page takes as `cursor`. */
  readonly next?: string;
  /** The rows have every event up to this position. */
  readonly position: number;
  /** The rows are of an earlier definition: the view is being built again. */
  readonly stale?: boolean;
}

/** A change of a live view. A program that applies all of them in order has the view's rows. */
export type Change<Row> =
  /** All rows by key: at the beginning, and when the view was built again. */
  | { readonly type: "rows"; readonly rows: ReadonlyMap<string, Row> }
  | { readonly type: "row"; readonly key: string; readonly row: Row }
  /** The row is gone, or does not fit the conditions any more. It may be one that you never had. */
  | { readonly type: "removed"; readonly key: string };

/** Parameters of named queries, by the query's name. */
type Queries = Readonly<Record<string, object>>;

export interface ViewReader<Row, Named extends Queries = Queries> {
  /** A row by its key; undefined: there is none. */
  get(key: string, options?: RowOptions): Promise<Row | undefined>;
  /** A page of rows. */
  list(conditions?: Conditions<Row>, options?: ViewOptions): Promise<Page<Row>>;
  /** All rows as a loop, read page by page. */
  all(conditions?: Conditions<Row>, options?: Omit<ViewOptions, "cursor">): AsyncIterable<Row>;
  /** The rows and their changes, as a loop that goes on by itself when its connection ends. */
  live(conditions?: Conditions<Row>, options?: LiveOptions): AsyncIterable<Change<Row>>;
  /** One row and its changes, as a loop that goes on by itself; undefined: there is none, or none any more. */
  watch(key: string, options?: RequestOptions): AsyncIterable<Row | undefined>;
  /** The rows of a named query. */
  query<const Name extends keyof Named & string>(
    name: Name,
    ...parameters: QueryArguments<Named[Name]>
  ): Promise<readonly Record<string, JsonValue>[]>;
}
