/** One view of a store: its rows, and their changes as a loop. */

import { type Connection, type RequestOptions, queryOf } from "./connection.ts";
import { follow } from "./event-stream.ts";
import { pause, pauseBefore } from "./pause.ts";
import { HeadspringError } from "./problem.ts";
import { type Reached, positionOf } from "./reached.ts";
import type { Change, LiveOptions, RowOptions, ViewOptions } from "./view-types.ts";

type Row = Readonly<Record<string, unknown>>;
type Conditions = Readonly<Record<string, unknown>>;

/** Rows of a page. The most that a page may have. */
const PAGE_ROWS = 200;

export class ViewHandle {
  readonly #connection: Connection;
  readonly #name: string;
  readonly #path: string;

  constructor(connection: Connection, name: string) {
    this.#connection = connection;
    this.#name = name;
    this.#path = `/views/${encodeURIComponent(name)}`;
  }

  async get(key: string, { after, wait, consistency, signal }: RowOptions = {}): Promise<Row | undefined> {
    const query = queryOf({ minPosition: await this.#minPosition(after), consistency });
    const headers: Record<string, string> = wait === undefined ? {} : { prefer: `wait=${wait}` };
    try {
      return (await this.#connection.send(`${this.#path}/${encodeURIComponent(key)}${query}`, { headers, signal })).body;
    } catch (error) {
      if (error instanceof HeadspringError && error.code === "unknown-row") return undefined;
      throw error;
    }
  }

  async list(conditions: Conditions = {}, options: ViewOptions = {}): Promise<unknown> {
    const { body } = await this.#connection.send(await this.#list(conditions, options), { signal: options.signal });
    return body;
  }

  async *all(conditions: Conditions = {}, options: ViewOptions = {}): AsyncGenerator<Row, void> {
    const path = await this.#list(conditions, { limit: PAGE_ROWS, ...options });
    for await (const { body } of this.#connection.pages(path, { signal: options.signal })) yield* body.rows;
  }

  async query(name: string, parameters: Conditions = {}, { after, consistency, signal }: RowOptions = {}): Promise<unknown> {
    const query = queryOf({ ...parameters, minPosition: await this.#minPosition(after), consistency });
    const { body } = await this.#connection.send(`${this.#path}/queries/${encodeURIComponent(name)}${query}`, { signal });
    return body.rows;
  }

  /** All rows first, and again whenever the view was built again; then each row that changes, in order. */
  async *live(conditions: Conditions = {}, { signal, ...options }: LiveOptions = {}): AsyncGenerator<Change<Row>, void> {
    yield* this.#live(conditions, await this.#keyColumn({ signal }), { signal, ...options });
  }

  async *watch(key: string, { signal }: RequestOptions = {}): AsyncGenerator<Row | undefined, void> {
    const column = await this.#keyColumn({ signal });
    for await (const change of this.#live({ [column]: key }, column, { signal })) {
      if (change.type === "rows") yield change.rows.get(key);
      // Others that do not fit the condition are removed, too: nobody had them.
      else if (change.key === key) yield change.type === "row" ? change.row : undefined;
    }
  }

  async *#live(conditions: Conditions, column: string, { after, onPosition, ...request }: LiveOptions): AsyncGenerator<Change<Row>, void> {
    const { signal } = request;
    /** An id of the stream begins with a position. */
    const tell = (id: string) => onPosition?.(Number.parseInt(id));
    const keyOf = (row: Row) => row[column] as string;
    for (let given = after; ; given = undefined) {
      let from: string | null = given ?? null;
      if (from === null) {
        const rows = new Map<string, Row>();
        for await (const page of this.#connection.pages(this.#path + queryOf({ ...conditions, limit: PAGE_ROWS }), request)) {
          for (const row of page.body.rows) rows.set(keyOf(row), row);
          // The first page has the earliest position: changes since then come again, which does no harm.
          from ??= page.headers.get("headspring-live");
        }
        yield { type: "rows", rows };
        if (from !== null) tell(from);
      }
      try {
        for await (const { type, data } of follow(
          this.#connection,
          this.#path + queryOf({ ...conditions, after: from ?? undefined }),
          request,
          tell,
        )) {
          if (type === "reset") break;
          const row = JSON.parse(data) as Row;
          if (type === "row") yield { type, key: keyOf(row), row };
          if (type === "removed") yield { type, key: keyOf(row) };
        }
      } catch (error) {
        // The store was restored from a backup that is older than what was read.
        if (!(error instanceof HeadspringError && error.code === "position-beyond-head")) throw error;
      }
      await pause(pauseBefore(0), signal);
      if (signal?.aborted) return;
    }
  }

  async #keyColumn(request: RequestOptions): Promise<string> {
    const { body } = await this.#connection.send("/views", request);
    const { key } = (body.views as { name: string; key: string }[]).find(({ name }) => name === this.#name) ?? {};
    // The answer to a read of its rows says what is wrong.
    return key ?? "";
  }

  async #list(conditions: Conditions, { sort, limit, cursor, after, consistency }: ViewOptions): Promise<string> {
    const order = typeof sort === "string" ? sort : sort?.join(",");
    return this.#path + queryOf({ ...conditions, sort: order, limit, cursor, minPosition: await this.#minPosition(after), consistency });
  }

  async #minPosition(after: Reached | undefined): Promise<number | undefined> {
    return after === undefined ? undefined : positionOf(this.#connection, after);
  }
}
