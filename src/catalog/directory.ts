/**
 * The stores of a deployment, and where each of them lies. One object keeps this for all of them: the catalog with a name that no store can
 * have. It holds nothing but names and places.
 */

import type { Placement } from "../core/placement.ts";
import { hasTable } from "../core/sqlite.ts";
import type { StoreEntry } from "../store/catalog-protocol.ts";

/** The layout is stored: add nullable columns, change nothing. */
const CREATE = `
  CREATE TABLE IF NOT EXISTS stores (
    name         TEXT    PRIMARY KEY,
    jurisdiction TEXT,               -- NULL: none
    location     TEXT,               -- NULL: wherever it is used first
    placed_at    INTEGER NOT NULL    -- milliseconds since 1970; from then on it lies there for good
  ) STRICT, WITHOUT ROWID`;

interface Row {
  readonly name: string;
  readonly jurisdiction: string | null;
  readonly location: string | null;
  readonly placedAt: number;
}

const SELECT = `SELECT name, jurisdiction, location, placed_at AS placedAt FROM stores`;

export class Directory {
  readonly #sql: SqlStorage;
  #exists: boolean;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#exists = hasTable(sql, "stores");
  }

  find(name: string): StoreEntry | undefined {
    if (!this.#exists) return undefined;
    const [row] = this.#sql.exec(`${SELECT} WHERE name = ?`, name).toArray() as unknown as Row[];
    return row && entryOf(row);
  }

  /** Fixes where a store lies, unless that is fixed already: the first place is final. */
  place(name: string, { jurisdiction, location }: Placement): { readonly entry: StoreEntry; readonly isNew: boolean } {
    const known = this.find(name);
    if (known) return { entry: known, isNew: false };
    if (!this.#exists) this.#sql.exec(CREATE);
    this.#exists = true;
    const row = { name, jurisdiction: jurisdiction ?? null, location: location ?? null, placedAt: Date.now() };
    this.#sql.exec(
      `INSERT INTO stores (name, jurisdiction, location, placed_at) VALUES (?, ?, ?, ?)`,
      row.name,
      row.jurisdiction,
      row.location,
      row.placedAt,
    );
    return { entry: entryOf(row), isNew: true };
  }

  /** In the order of their names, after this one. */
  list(after: string, limit: number): StoreEntry[] {
    if (!this.#exists) return [];
    const rows = this.#sql.exec(`${SELECT} WHERE name > ? ORDER BY name LIMIT ?`, after, limit).toArray() as unknown as Row[];
    return rows.map(entryOf);
  }
}

function entryOf({ name, jurisdiction, location, placedAt }: Row): StoreEntry {
  return {
    name,
    placedAt,
    // As the route has checked them.
    ...(jurisdiction === null ? {} : { jurisdiction: jurisdiction as NonNullable<StoreEntry["jurisdiction"]> }),
    ...(location === null ? {} : { location: location as NonNullable<StoreEntry["location"]> }),
  };
}
