/** A stream's snapshot: one row with its state at some version, so that an activation reads few events however long the stream is. */

import { type Code, codeHash } from "../core/code-hash.ts";
import { byteLength } from "../core/json.ts";
import { SNAPSHOT_BYTES } from "./limits.ts";
import { whyNotJson } from "../core/plain-json.ts";
import { hasTable } from "../core/sqlite.ts";
import { liftsOf } from "../definitions/upcast.ts";
import type { AnyAggregate } from "../definitions/aggregate.ts";

const CREATE = `
  CREATE TABLE IF NOT EXISTS snapshot (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    revision TEXT    NOT NULL,           -- of the code that folded it; code of another revision ignores it
    version  INTEGER NOT NULL,
    state    TEXT    NOT NULL            -- JSON
  ) STRICT`;

export class Snapshots {
  readonly #sql: SqlStorage;
  readonly #aggregate: AnyAggregate;

  constructor(sql: SqlStorage, aggregate: AnyAggregate) {
    this.#sql = sql;
    this.#aggregate = aggregate;
  }

  /** The snapshot that this code can use. */
  read(): { readonly version: number; readonly state: unknown } | undefined {
    if (!hasTable(this.#sql, "snapshot")) return undefined;
    const [row] = this.#sql
      .exec<{ version: number; state: string }>(`SELECT version, state FROM snapshot WHERE revision = ?`, revisionOf(this.#aggregate))
      .toArray();
    return row && { version: row.version, state: JSON.parse(row.state) };
  }

  /** Call it inside `transactionSync`, if there is more to write. */
  write(text: string, version: number): void {
    this.#sql.exec(CREATE);
    this.#sql.exec(
      `INSERT INTO snapshot (one, revision, version, state) VALUES (1, ?, ?, ?)
       ON CONFLICT (one) DO UPDATE SET revision = excluded.revision, version = excluded.version, state = excluded.state`,
      revisionOf(this.#aggregate),
      version,
      text,
    );
  }
}

/** The state as a snapshot keeps it, or why it cannot be kept. */
export function snapshotOf(state: unknown): { readonly text: string } | { readonly problem: string } {
  const notJson = whyNotJson(state, "state");
  if (notJson) return { problem: `a state must be plain JSON, but ${notJson.path} is ${notJson.kind}` };
  const text = JSON.stringify(state);
  const bytes = byteLength(text);
  return bytes > SNAPSHOT_BYTES ? { problem: `the state has ${bytes} bytes, and a snapshot takes ${SNAPSHOT_BYTES}` } : { text };
}

const revisions = new WeakMap<AnyAggregate, string>();

/**
 * What a snapshot depends on: `revision`, or without one the code that folds; and the lifts of the events, since they are declared
 * elsewhere than the code that a `revision` is changed with.
 */
export function revisionOf(aggregate: AnyAggregate): string {
  const known = revisions.get(aggregate);
  if (known !== undefined) return known;
  const { revision, events, initialState, evolve, folds = { initialState, evolve } } = aggregate;
  const lifts: Code = Object.fromEntries(
    Object.entries(events).flatMap(([type, schema]) => {
      const steps = liftsOf(schema as Parameters<typeof liftsOf>[0]);
      return steps.length > 0 ? [[type, steps]] : [];
    }),
  );
  const hasLifts = Object.keys(lifts).length > 0;
  // Without lifts it is the app's own `revision`: snapshots of version 0.1 that carry it stay valid.
  const own = revision === undefined ? codeHash([folds, lifts]) : hasLifts ? `${revision} ${codeHash(lifts)}` : String(revision);
  revisions.set(aggregate, own);
  return own;
}
