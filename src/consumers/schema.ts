/** The engine's tables in a D1 database, next to the views' rows. They are created on the first use of a database. */

import { realOf } from "../core/budget.ts";

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS headspring_checkpoints (
    store           TEXT    NOT NULL,
    consumer        TEXT    NOT NULL,
    generation      TEXT    NOT NULL,              -- of a view: its table; of a processor: ''
    position        INTEGER NOT NULL,              -- the last position whose effects are committed
    moved_from      INTEGER NOT NULL,              -- where the mover believed it to be
    status          TEXT    NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'failed')),
    attempts        INTEGER NOT NULL DEFAULT 0,    -- failed ones at the event after position
    next_attempt_at INTEGER NOT NULL DEFAULT 0,    -- milliseconds since 1970
    error           TEXT,                          -- JSON
    born_at         INTEGER NOT NULL,              -- the log's head when this row was made: what was erased by then was read as erased
    started_at      INTEGER NOT NULL,              -- milliseconds since 1970
    pace            REAL,                          -- positions per second, as it was last
    retired_at      INTEGER,                       -- milliseconds since 1970; of a view's table that no longer answers
    processed       INTEGER NOT NULL DEFAULT 0,    -- events whose effects were committed, since this row was made
    failures        INTEGER NOT NULL DEFAULT 0,    -- failed attempts since then
    moved_at        INTEGER,                       -- milliseconds since 1970; when position was last moved
    kept_at         INTEGER,                       -- milliseconds since 1970; of a view's table: when code of its definition last had it at the head while another table was on record
    PRIMARY KEY (store, consumer, generation)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TRIGGER IF NOT EXISTS headspring_checkpoint_guard
    BEFORE UPDATE OF position ON headspring_checkpoints
    WHEN NEW.moved_from IS NOT OLD.position OR OLD.status <> 'active'
    BEGIN SELECT RAISE(ABORT, 'headspring: checkpoint moved'); END`,
  `CREATE TABLE IF NOT EXISTS headspring_skipped (
    store    TEXT    NOT NULL,
    consumer TEXT    NOT NULL,
    position INTEGER NOT NULL,
    error    TEXT    NOT NULL,                     -- JSON: why, and which event
    at       INTEGER NOT NULL,                     -- milliseconds since 1970
    incarnation TEXT,                              -- what had the name: it applies to that alone; NULL: to any
    PRIMARY KEY (store, consumer, position)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS headspring_views (
    store    TEXT    NOT NULL,
    view     TEXT    NOT NULL,
    serving  TEXT    NOT NULL,                     -- the generation whose table answers
    rebuild  INTEGER NOT NULL DEFAULT 0,           -- how often a rebuild was asked for: part of the generation that is wanted
    erase_to INTEGER NOT NULL DEFAULT 0,           -- a table born before this position still has what was erased there
    deployment     TEXT,                           -- id of the version of the code whose table this is; NULL: unknown
    deployed_at    INTEGER,                        -- milliseconds since 1970; when that version was uploaded
    quiet_since    INTEGER,                        -- milliseconds since 1970; since when nobody has moved that table while code of another definition did move its own
    quiet_position INTEGER,                        -- where it stands since then
    PRIMARY KEY (store, view)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS headspring_generations (
    view       TEXT NOT NULL,
    generation TEXT NOT NULL,
    layout     TEXT NOT NULL,                      -- JSON: how to read the table once the code that wrote it is gone
    PRIMARY KEY (view, generation)
  ) STRICT, WITHOUT ROWID`,
];

/** Columns that were added later: databases made before get them. */
const ADDED = [
  ["headspring_checkpoints", "processed", "INTEGER NOT NULL DEFAULT 0"],
  ["headspring_checkpoints", "failures", "INTEGER NOT NULL DEFAULT 0"],
  ["headspring_checkpoints", "moved_at", "INTEGER"],
  ["headspring_checkpoints", "kept_at", "INTEGER"],
  ["headspring_skipped", "incarnation", "TEXT"],
  ["headspring_views", "deployment", "TEXT"],
  ["headspring_views", "deployed_at", "INTEGER"],
  ["headspring_views", "quiet_since", "INTEGER"],
  ["headspring_views", "quiet_position", "INTEGER"],
] as const;

const SELECT_COLUMNS = [...new Set(ADDED.map(([table]) => table))]
  .map((table) => `SELECT '${table}.' || name AS name FROM pragma_table_info('${table}')`)
  .join(" UNION ALL ");

async function create(db: D1Database, statements: readonly string[]): Promise<void> {
  const results = await db.batch<{ name: string }>([...SCHEMA, ...statements, SELECT_COLUMNS].map((statement) => db.prepare(statement)));
  const columns = new Set(results.at(-1)?.results.map(({ name }) => name));
  for (const [table, column, declaration] of ADDED.filter(([table, column]) => !columns.has(`${table}.${column}`))) {
    const added = db.prepare(`ALTER TABLE ${table} ADD COLUMN ${column} ${declaration}`).run();
    await added.catch((error: unknown) => {
      if (!String(error).includes("duplicate column name")) throw error; // another worker was faster
    });
  }
}

/** What this isolate has created in each database. A failure is not remembered. */
let prepared = new WeakMap<D1Database, Map<string, Promise<unknown>>>();

/** Creates what is missing, on the first use of a database: the tables above, and the given statements of a view. */
export function prepare(db: D1Database, statements: readonly string[] = []): Promise<unknown> {
  const key = statements.join(";");
  const real = realOf(db);
  const known = prepared.get(real) ?? new Map<string, Promise<unknown>>();
  prepared.set(real, known);
  let ready = known.get(key);
  if (!ready) {
    ready = create(db, statements);
    ready.catch(() => known.delete(key));
    known.set(key, ready);
  }
  return ready;
}

/**
 * Whether a table is missing although this isolate has made it: another isolate dropped it, or the database was replaced. If so, forgets
 * what was made, so that it is made again.
 */
export function isMissingTable(error: unknown): boolean {
  const isMissing = String(error).includes("no such table");
  if (isMissing) prepared = new WeakMap();
  return isMissing;
}
