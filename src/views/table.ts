/** The D1 table of a view: made from the row's schema, named by the definition's hash, written in bulk. */

import { byteLength } from "../json.ts";
import { BULK_WRITE_BYTES, VIEW_LOAD_BYTES, VIEW_ROW_BYTES } from "../limits.ts";
import { type Column, type ColumnKind, type Layout, layoutOf } from "./layout.ts";
import type { StoredRow, View } from "./view.ts";

const SQL_TYPE: Record<ColumnKind, string> = { text: "TEXT", integer: "INTEGER", real: "REAL", boolean: "INTEGER", json: "TEXT" };

/** One row of the table, as D1 gives it. */
export type SqlRow = Record<string, string | number | null>;

/** The layout of a view as its code declares it, and the hash of everything that makes its rows what they are. */
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
 * @param rebuild which one: each rebuild that an operator asks for makes another
 */
export function tableOf(view: View, rebuild = 0): ViewTable {
  const { hash, layout, tables } = definitionOf(view);
  const table = tables.get(rebuild) ?? new ViewTable(view.name, rebuild === 0 ? hash : `${hash}_${rebuild}`, layout);
  tables.set(rebuild, table);
  return table;
}

/** Which rebuild a generation is of the view as its code is now; undefined: it is of other code. */
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
  /** Names the table: another definition, another table. */
  readonly generation: string;
  /** The table's quoted name. */
  readonly name: string;
  /** Statements that create it, and remember how it is laid out. They may be repeated. */
  readonly schema: readonly string[];
  readonly #upsert: string;
  readonly #selectMany: string;
  readonly #view: string;
  /** Characters of the largest row that this isolate has met; undefined: it has met none. */
  #largest: number | undefined;

  constructor(view: string, generation: string, layout: Layout) {
    this.#view = view;
    this.key = layout.key;
    this.columns = layout.columns;
    this.generation = generation;
    const name = `view_${view}_${generation}`;
    this.name = quoted(name);
    this.schema = [
      this.#create(),
      ...layout.indexes.map((column) => this.#createIndex(quoted(`${name}_${column}`), column)),
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

  /** How many rows may be in memory together: of the largest seen, or the largest possible, what {@link VIEW_LOAD_BYTES} allow. */
  get rowsAtOnce(): number {
    return Math.max(1, Math.floor(VIEW_LOAD_BYTES / (this.#largest ?? VIEW_ROW_BYTES)));
  }

  /** The rows with these keys, by key, as handlers know them. */
  async load(db: D1Database, store: string, keys: readonly string[]): Promise<Map<string, StoredRow>> {
    const rows = new Map<string, StoredRow>();
    for (const some of chunks(keys.map((key) => JSON.stringify(key)))) {
      const { results } = await db.prepare(this.#selectMany).bind(store, some).all<SqlRow>();
      for (const row of results) {
        this.#met(lengthOf(row));
        rows.set(String(row[this.key]), this.fromSql(row));
      }
    }
    return rows;
  }

  #met(characters: number): void {
    this.#largest = Math.max(this.#largest ?? 1, characters);
  }

  /**
   * Writes each of these rows once; `null` removes. Many rows are one statement with one parameter.
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

  /** A row as handlers and readers know it. */
  fromSql(row: SqlRow): StoredRow {
    const result: StoredRow = {};
    for (const { name, kind, nullable } of this.columns) {
      const value = row[name] ?? null;
      if (value !== null) result[name] = kind === "boolean" ? value === 1 : kind === "json" ? JSON.parse(String(value)) : value;
      else if (nullable) result[name] = null;
    }
    return result;
  }

  /** The row as {@link fromSql} will give it, so that a fold sees the same within a batch as in the next one. */
  asReadBack(row: StoredRow): StoredRow {
    const result: StoredRow = {};
    for (const { name, nullable } of this.columns) {
      const value = row[name] ?? null;
      // SQL keeps text as UTF-8, which knows no half of a surrogate pair.
      if (value !== null) result[name] = typeof value === "string" ? value.toWellFormed() : value;
      else if (nullable) result[name] = null;
    }
    return result;
  }

  #serialised(row: StoredRow): string {
    const text = JSON.stringify(this.#toSql(row));
    const bytes = byteLength(text);
    if (bytes > VIEW_ROW_BYTES) {
      throw new Error(`view "${this.#view}" folded a row into one of ${bytes} bytes; a row has at most ${VIEW_ROW_BYTES}`);
    }
    this.#met(text.length);
    return text;
  }

  #toSql(row: StoredRow): StoredRow {
    const json = this.columns.filter(({ name, kind }) => kind === "json" && row[name] !== undefined && row[name] !== null);
    return { ...row, ...Object.fromEntries(json.map(({ name }) => [name, JSON.stringify(row[name])])) };
  }

  #create(): string {
    const columns = this.columns.map(({ name, kind }) => `${quoted(name)} ${SQL_TYPE[kind]}${name === this.key ? " NOT NULL" : ""}`);
    return `CREATE TABLE IF NOT EXISTS ${this.name} (_store TEXT NOT NULL, ${columns.join(", ")}, PRIMARY KEY (_store, ${quoted(this.key)})) STRICT, WITHOUT ROWID`;
  }

  #createIndex(name: string, column: string): string {
    return `CREATE INDEX IF NOT EXISTS ${name} ON ${this.name} (_store, ${quoted(column)})`;
  }

  #upsertStatement(): string {
    const names = this.columns.map(({ name }) => quoted(name));
    const values = this.columns.map(({ name }) => `value ->> '$.${name}'`);
    const updates = names.filter((name) => name !== quoted(this.key)).map((name) => `${name} = excluded.${name}`);
    const onConflict = updates.length > 0 ? `UPDATE SET ${updates.join(", ")}` : "NOTHING";
    // SQLite needs `WHERE true` to tell this ON CONFLICT from a join's ON.
    return `INSERT INTO ${this.name} (_store, ${names.join(", ")}) SELECT ?, ${values.join(", ")} FROM json_each(?) WHERE true
            ON CONFLICT (_store, ${quoted(this.key)}) DO ${onConflict}`;
  }
}

/** Characters of a row's texts, and some for each number. */
function lengthOf(row: SqlRow): number {
  return Object.values(row).reduce<number>((sum, value) => sum + (typeof value === "string" ? value.length : 8), 0);
}

/** An identifier, safe in SQL whatever its characters. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text, safe in SQL. For statements that take no parameters. */
function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** JSON arrays of these elements, each of bounded size. */
function chunks(elements: readonly string[]): string[] {
  const arrays: string[] = [];
  let current: string[] = [];
  let length = 0;
  for (const element of elements) {
    if (length > 0 && length + element.length > BULK_WRITE_BYTES) {
      arrays.push(`[${current.join(",")}]`);
      current = [];
      length = 0;
    }
    current.push(element);
    length += element.length;
  }
  if (current.length > 0) arrays.push(`[${current.join(",")}]`);
  return arrays;
}
