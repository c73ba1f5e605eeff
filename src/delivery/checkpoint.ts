/**
 * How far each view and processor is, in D1, beside the views' rows: so that rows and checkpoint commit in one batch (promise 4).
 *
 * A checkpoint moves only from where its reader saw it: the statement that moves it says where from, and a trigger
 * aborts the whole batch when that is not where it stands, or when the consumer has been stopped meanwhile. Two workers racing on one consumer cannot apply an event twice.
 */

import type { ConsumerError } from "../protocol.ts";

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS headspring_checkpoints (
    store           TEXT    NOT NULL,
    consumer        TEXT    NOT NULL,
    generation      TEXT    NOT NULL,              -- of a view: its table; of a processor: ''
    position        INTEGER NOT NULL DEFAULT 0,    -- the last position whose effects are committed
    moved_from      INTEGER NOT NULL DEFAULT 0,    -- where the mover believed it to be
    status          TEXT    NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'failed')),
    attempts        INTEGER NOT NULL DEFAULT 0,    -- failed ones at the event after position
    next_attempt_at INTEGER NOT NULL DEFAULT 0,    -- milliseconds since 1970
    error           TEXT,                          -- JSON
    PRIMARY KEY (store, consumer, generation)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TRIGGER IF NOT EXISTS headspring_checkpoint_guard
    BEFORE UPDATE OF position ON headspring_checkpoints
    WHEN NEW.moved_from IS NOT OLD.position OR OLD.status <> 'active'
    BEGIN SELECT RAISE(ABORT, 'headspring: checkpoint moved'); END`,
];

export interface Checkpoint {
  readonly position: number;
  readonly status: "active" | "paused" | "failed";
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly nextAttemptAt: number;
  readonly error?: ConsumerError;
}

/** Somebody else has moved the checkpoint meanwhile: load it again and go on from there. */
export class CheckpointMoved extends Error {
  override readonly name = "CheckpointMoved";
}

/** What has been created per database by this isolate. A failure is not kept. */
const prepared = new WeakMap<D1Database, Map<string, Promise<unknown>>>();

/** Creates what is missing, on the first use of a database: checkpoints, and these statements of a view's own. */
export function prepare(db: D1Database, statements: readonly string[] = []): Promise<unknown> {
  const key = statements.join(";");
  const known = prepared.get(db) ?? new Map<string, Promise<unknown>>();
  prepared.set(db, known);
  let ready = known.get(key);
  if (!ready) {
    ready = db.batch([...SCHEMA, ...statements].map((statement) => db.prepare(statement)));
    ready.catch(() => known.delete(key));
    known.set(key, ready);
  }
  return ready;
}

/** One consumer's checkpoint. */
export class CheckpointStore {
  readonly db: D1Database;
  readonly #key: readonly [store: string, consumer: string, generation: string];
  readonly #schema: readonly string[];

  /** @param schema what else must exist before the consumer can work, as statements that may be repeated */
  constructor(db: D1Database, store: string, consumer: string, generation = "", schema: readonly string[] = []) {
    this.db = db;
    this.#key = [store, consumer, generation];
    this.#schema = schema;
  }

  /** Makes sure that there is something to read. */
  async prepare(): Promise<void> {
    await prepare(this.db, this.#schema);
  }

  /** Where the consumer stands, without creating anything: a new one is at the log's beginning. */
  async look(): Promise<Checkpoint> {
    await this.prepare();
    const row = await this.select().first<CheckpointRow>();
    return row ? fromRow(row) : { position: 0, status: "active", attempts: 0, nextAttemptAt: 0 };
  }

  /** Where the consumer stands; it is created at the log's beginning when it is new. */
  async load(): Promise<Checkpoint> {
    await this.prepare();
    const row = await this.select().first<CheckpointRow>();
    if (row) return fromRow(row);
    await this.db
      .prepare(`INSERT INTO headspring_checkpoints (store, consumer, generation) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`)
      .bind(...this.#key)
      .run();
    return { position: 0, status: "active", attempts: 0, nextAttemptAt: 0 };
  }

  /** The statement that reads it, to be batched with what must be read at the same moment. */
  select(): D1PreparedStatement {
    return this.db
      .prepare(
        `SELECT position, status, attempts, next_attempt_at, error FROM headspring_checkpoints
         WHERE store = ? AND consumer = ? AND generation = ?`,
      )
      .bind(...this.#key);
  }

  /** The statement that moves it: the first of the batch that commits the effects. */
  move(from: number, to: number): D1PreparedStatement {
    return this.db
      .prepare(
        `UPDATE headspring_checkpoints
         SET position = ?, moved_from = ?, attempts = 0, next_attempt_at = 0, error = NULL
         WHERE store = ? AND consumer = ? AND generation = ?`,
      )
      .bind(to, from, ...this.#key);
  }

  /**
   * Commits effects and checkpoint together.
   *
   * @throws {CheckpointMoved} when it no longer stands at `from`; nothing was written
   */
  async commit(from: number, to: number, effects: readonly D1PreparedStatement[]): Promise<void> {
    try {
      await this.db.batch([this.move(from, to), ...effects]);
    } catch (error) {
      if (String(error).includes("headspring: checkpoint moved")) throw new CheckpointMoved();
      throw error;
    }
  }

  /**
   * Keeps other workers away until a time (milliseconds since 1970): to them the consumer is waiting for its next attempt.
   * Moving the checkpoint or recording a failure ends it; so does that time, when the holder has died.
   *
   * @throws {CheckpointMoved} when another worker has it, or the checkpoint no longer stands there
   */
  async lease(position: number, until: number): Promise<void> {
    const { meta } = await this.db
      .prepare(
        `UPDATE headspring_checkpoints SET next_attempt_at = ?
         WHERE store = ? AND consumer = ? AND generation = ? AND position = ? AND status = 'active' AND next_attempt_at <= ?`,
      )
      .bind(until, ...this.#key, position, Date.now())
      .run();
    if (meta.changes !== 1) throw new CheckpointMoved();
  }

  /** The statement that goes on with a {@link lease}, in the batch that moves the checkpoint. */
  extendLease(until: number): D1PreparedStatement {
    return this.db
      .prepare(`UPDATE headspring_checkpoints SET next_attempt_at = ? WHERE store = ? AND consumer = ? AND generation = ?`)
      .bind(until, ...this.#key);
  }

  /** Records a failed attempt at the event after `position`; without a next attempt the consumer has failed. */
  async recordFailure(position: number, attempts: number, nextAttemptAt: number | undefined, error: ConsumerError): Promise<void> {
    await this.db
      .prepare(
        `UPDATE headspring_checkpoints SET attempts = ?, next_attempt_at = ?, status = ?, error = ?
         WHERE store = ? AND consumer = ? AND generation = ? AND position = ? AND status = 'active'`,
      )
      .bind(attempts, nextAttemptAt ?? 0, nextAttemptAt === undefined ? "failed" : "active", JSON.stringify(error), ...this.#key, position)
      .run();
  }
}

export interface CheckpointRow {
  readonly position: number;
  readonly status: Checkpoint["status"];
  readonly attempts: number;
  readonly next_attempt_at: number;
  readonly error: string | null;
}

export function fromRow(row: CheckpointRow): Checkpoint {
  const { position, status, attempts, next_attempt_at: nextAttemptAt, error } = row;
  return { position, status, attempts, nextAttemptAt, ...(error === null ? {} : { error: JSON.parse(error) as ConsumerError }) };
}
