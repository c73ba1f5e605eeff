/** The D1 table of a view: made from the row's schema, named by the definition's hash, written in bulk. */

import { byteLength } from "../core/json.ts";
import { BULK_WRITE_BYTES, VIEW_LOAD_BYTES, VIEW_ROW_BYTES } from "./limits.ts";
import { MAX_POSITION } from "../core/limits.ts";
import { freeze } from "../core/plain-json.ts";
import { type Column, type ColumnKind, type Layout, layoutOf } from "./layout.ts";
import { quoted } from "../definitions/views/sql-words.ts";
import { type SqlRow, fromSql, toSql } from "./stored-row.ts";
import type { View } from "../definitions/views/view.ts";
import type { StoredRow } from "../definitions/views/handler.ts";

const SQL_TYPE: Record<ColumnKind, string> = { text: "TEXT", integer: "INTEGER", real: "REAL", boolean: "INTEGER", json: "TEXT" };
/** What errors call the content of a column. */
const KIND: Record<ColumnKind, string> = {
  text: "text",
  integer: "a whole number",
  real: "a number",
  boolean: "true or false",
  json: "JSON",
};

/**
 * What each kind of column accepts, even from a handler's SQL, which may compute anything. JSON has no Infinity, but the platform's doubles
 * do.
 */
const CHECK: Partial<Record<ColumnKind, (column: string) => string>> = {
  integer: (column) => `${column} BETWEEN -${MAX_POSITION} AND ${MAX_POSITION}`,
  real: (column) => `abs(${column}) <= ${Number.MAX_VALUE}`,
  boolean: (column) => `${column} IN (0, 1)`,
  json: (column) => `json_valid(${column})`,
};

/** The layout of a view as its code declares it, and the hash of everything that its rows depend on. */
interface Definition {
  readonly layout: Layout;
  readonly hash: string;
  readonly tables: Map<number, ViewTable>;
}

/** Worked out once per isolate. */
const definitions = new WeakMap<View, Definition>();

/**
 * The table of the view as its code is now.
 *
 * @param rebuild its number: each rebuild that an operator requests makes another table
 */
export function tableOf(view: View, rebuild = 0): ViewTable {
  const { hash, layout, tables } = definitionOf(view);
  const table = tables.get(rebuild) ?? new ViewTable(view.name, rebuild === 0 ? hash : `${hash}_${rebuild}`, layout);
  tables.set(rebuild, table);
  return table;
}

/** The number of the rebuild that a generation is, for the view's present code; undefined: it is of other code. */
export function rebuildOf(view: View, generation: string): number | undefined {
  const [hash, rebuild = "0"] = generation.split("_");
  return hash === definitionOf(view).hash ? Number(rebuild) : undefined;
}

function definitionOf(view: View): Definition {
  const definition = definitions.get(view) ?? { ...layoutOf(view), tables: new Map() };
  definitions.set(view, definition);
  return definition;
}

export class ViewTable {
  readonly columns: readonly Column[];
  readonly key: string;
  /** All columns that a row has in the table, by name: besides those that can be queried, the one that keeps it whole. */
  readonly stored: readonly string[];
  /** Names the table: another definition is another table. */
  readonly generation: string;
  /** The table's quoted name. */
  readonly name: string;
  /** Statements that create it, and record its layout. They may be repeated. */
  readonly schema: readonly string[];
  readonly #upsert: string;
  readonly #selectMany: string;
  readonly #view: string;
  readonly #layout: Layout;
  /** Bytes of the largest row that this isolate has met; undefined: it has met none. */
  #largest: number | undefined;

  constructor(view: string, generation: string, layout: Layout) {
    this.#view = view;
    this.#layout = layout;
    this.key = layout.key;
    this.columns = layout.columns;
    this.stored = [...layout.columns.map(({ name }) => name), ...(layout.whole === undefined ? [] : [layout.whole])];
    this.generation = generation;
    const name = `view_${view}_${generation}`;
    this.name = quoted(name);
    this.schema = [
      this.#create(),
      ...layout.indexes.map((index) => this.#createIndex(quoted(`${name}_${index}`), index)),
      `INSERT OR IGNORE INTO headspring_generations (view, generation, layout)
       VALUES (${[view, generation, JSON.stringify(layout)].map(literal).join(", ")})`,
    ];
    this.#selectMany = `SELECT * FROM ${this.name} WHERE _store = ? AND ${quoted(this.key)} IN (SELECT value FROM json_each(?))`;
    this.#upsert = this.#upsertStatement();
  }

  /** The rows with these keys. */
  select(db: D1Database, store: string, keys: readonly string[]): D1PreparedStatement {
    return db.prepare(this.#selectMany).bind(store, JSON.stringify(keys));
  }

  /**
   * How many rows may be in memory together within {@link VIEW_LOAD_BYTES}: computed with the largest row seen, or the largest possible.
   */
  get rowsAtOnce(): number {
    return Math.max(1, Math.floor(VIEW_LOAD_BYTES / (this.#largest ?? VIEW_ROW_BYTES)));
  }

  /** The rows with these keys, by key, as handlers get them. */
  async load(db: D1Database, store: string, keys: readonly string[]): Promise<Map<string, StoredRow>> {
    const rows = new Map<string, StoredRow>();
    for (const some of chunks(keys.map((key) => JSON.stringify(key)))) {
      const { results } = await db.prepare(this.#selectMany).bind(store, some).all<SqlRow>();
      for (const row of results) {
        this.#met(bytesOf(row));
        rows.set(String(row[this.key]), freeze(this.fromSql(row)));
      }
    }
    return rows;
  }

  #met(bytes: number): void {
    this.#largest = Math.max(this.#largest ?? 1, bytes);
  }

  /**
   * Writes each of these rows once; `null` removes it. Many rows are one statement with one parameter.
   *
   * @throws {Error} when a row has more than {@link VIEW_ROW_BYTES}
   */
  write(db: D1Database, store: string, rows: ReadonlyMap<string, StoredRow | null>): D1PreparedStatement[] {
    const removed = [...rows].flatMap(([key, row]) => (row === null ? [JSON.stringify(key)] : []));
    const written = [...rows.values()].flatMap((row) => (row === null ? [] : [this.#serialised(row)]));
    const remove = `DELETE FROM ${this.name} WHERE _store = ? AND ${quoted(this.key)} IN (SELECT value FROM json_each(?))`;
    return [
      ...chunks(removed).map((keys) => db.prepare(remove).bind(store, keys)),
      ...chunks(written).map((values) => db.prepare(this.#upsert).bind(store, values)),
    ];
  }

  /** A row as handlers and readers get it. */
  fromSql(row: SqlRow): StoredRow {
    return fromSql(this.#layout, row);
  }

  /** The row as the next batch will read it, for the folds of this one. Frozen: each handler gets what is stored, and nothing else. */
  asReadBack(row: StoredRow): StoredRow {
    return freeze(fromSql(this.#layout, toSql(this.#layout, row)));
  }

  /**
   * Bytes that the row takes in the table.
   *
   * @throws {Error} when they are more than {@link VIEW_ROW_BYTES}
   */
  bytesOf(row: StoredRow): number {
    return byteLength(this.#serialised(row));
  }

  #serialised(row: StoredRow): string {
    const text = JSON.stringify(toSql(this.#layout, row));
    const bytes = byteLength(text);
    if (bytes > VIEW_ROW_BYTES) {
      throw new Error(`view "${this.#view}" returned a row of ${bytes} bytes; a row may have at most ${VIEW_ROW_BYTES}`);
    }
    this.#met(bytes);
    return text;
  }

  #create(): string {
    const { whole } = this.#layout;
    const columns = [
      ...this.columns.map((column) => columnSql(column, column.name === this.key)),
      ...(whole === undefined ? [] : [`${quoted(whole)} TEXT NOT NULL`]),
    ];
    return `CREATE TABLE IF NOT EXISTS ${this.name} (_store TEXT NOT NULL, ${columns.join(", ")}, PRIMARY KEY (_store, ${quoted(this.key)})) STRICT, WITHOUT ROWID`;
  }

  #createIndex(name: string, index: string): string {
    return `CREATE INDEX IF NOT EXISTS ${name} ON ${this.name} (_store, ${index.split(",").map(quoted).join(", ")})`;
  }

  #upsertStatement(): string {
    const names = this.stored.map(quoted);
    const values = this.stored.map((name) => `value ->> '$.${name}'`);
    const updates = names.filter((name) => name !== quoted(this.key)).map((name) => `${name} = excluded.${name}`);
    const onConflict = updates.length > 0 ? `UPDATE SET ${updates.join(", ")}` : "NOTHING";
    // SQLite needs `WHERE true` to tell this ON CONFLICT from a join's ON.
    return `INSERT INTO ${this.name} (_store, ${names.join(", ")}) SELECT ?, ${values.join(", ")} FROM json_each(?) WHERE true
            ON CONFLICT (_store, ${quoted(this.key)}) DO ${onConflict}`;
  }
}

/** The error has the name of the check when a handler's SQL breaks it. */
function columnSql({ name, kind, required }: Column, isKey: boolean): string {
  const column = quoted(name);
  const check = CHECK[kind]?.(column);
  const type = `${column} ${SQL_TYPE[kind]}${isKey || required ? " NOT NULL" : ""}`;
  return check === undefined ? type : `${type} CONSTRAINT ${quoted(`${name} is ${KIND[kind]}`)} CHECK (${check})`;
}

/** Bytes of a row's strings, and some for each number. */
function bytesOf(row: SqlRow): number {
  return Object.values(row).reduce<number>((sum, value) => sum + (typeof value === "string" ? byteLength(value) : 8), 0);
}

/** A string literal, safe in SQL. For statements that take no parameters. */
function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** JSON arrays of these elements, each of bounded size. */
function chunks(elements: readonly string[]): string[] {
  const arrays: string[] = [];
  let current: string[] = [];
  let bytes = 0;
  for (const element of elements) {
    const more = byteLength(element);
    if (bytes > 0 && bytes + more > BULK_WRITE_BYTES) {
      arrays.push(`[${current.join(",")}]`);
      current = [];
      bytes = 0;
    }
    current.push(element);
    bytes += more;
  }
  if (current.length > 0) arrays.push(`[${current.join(",")}]`);
  return arrays;
}
