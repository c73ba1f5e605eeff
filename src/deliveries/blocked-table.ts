/** Blocked streams in SQLite: one row for each stream whose events wait, instead of one for each event. */

import { hasTableWith } from "../core/sqlite.ts";

/** The layout is stored: add nullable columns, change nothing. */
const CREATE = `CREATE TABLE lanes (
  run      INTEGER NOT NULL,
  stream   TEXT    NOT NULL,
  head     INTEGER,                   -- position of the delivery that the others wait for; NULL: to be found after \`after\`
  after    INTEGER NOT NULL,          -- up to here all of the stream's events are in the ledger
  seen     INTEGER NOT NULL,          -- the last of its events that wait here
  behind   INTEGER NOT NULL,          -- how many wait, besides the head
  since    INTEGER,                   -- when the stream began to wait (milliseconds since 1970); NULL: the row is from before this was noted
  PRIMARY KEY (run, stream)
) STRICT, WITHOUT ROWID`;

/** A stream whose events wait for one that failed. */
export interface BlockedStream {
  readonly run: number;
  readonly stream: string;
  head: number | undefined;
  after: number;
  seen: number;
  behind: number;
  /** When the stream began to wait (milliseconds since 1970). */
  readonly since: number;
}

export class BlockedTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    if (!hasTableWith(sql, "lanes", "since", "INTEGER")) sql.exec(CREATE);
  }

  all(): BlockedStream[] {
    const rows = this.#sql.exec(`SELECT run, stream, head, after, seen, behind, since FROM lanes`).toArray();
    return rows.map((row) => ({ ...row, head: row.head ?? undefined, since: row.since ?? Date.now() })) as unknown as BlockedStream[];
  }

  save({ run, stream, head, after, seen, behind, since }: BlockedStream): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO lanes (run, stream, head, after, seen, behind, since) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      run,
      stream,
      head ?? null,
      after,
      seen,
      behind,
      since,
    );
  }

  remove({ run, stream }: BlockedStream): void {
    this.#sql.exec(`DELETE FROM lanes WHERE run = ? AND stream = ?`, run, stream);
  }
}
