/**
 * How far each view and processor is, in D1, next to the views' rows: so rows and checkpoint commit in one batch (promise 4).
 *
 * A checkpoint moves only from where its reader saw it: the statement that moves it says where from, and a trigger aborts the whole batch
 * if the checkpoint is elsewhere, or if the consumer has been stopped since. Two workers racing on one consumer cannot apply an event
 * twice.
 */

import type { ConsumerError } from "../definitions/hooks.ts";
import { CATCH_UP_HOLD_MS } from "./limits.ts";
import { type Checkpoint, type CheckpointRow, fromRow } from "./checkpoint-row.ts";
import { prepare } from "./schema.ts";

/** Where a consumer begins that has no checkpoint yet. */
export interface Beginning {
  readonly position: number;
  readonly head: number;
}

/** Another worker has moved the checkpoint: load it again and continue from there. */
export class CheckpointMoved extends Error {
  override readonly name = "CheckpointMoved";
}

/** One worker's hold on a consumer that has much to do: it keeps the other workers away. */
export interface Hold {
  /** Until when, as it is stored (milliseconds since 1970). Absent: it is not taken. */
  until?: number | undefined;
}

/** What a commit is part of. */
export interface Work {
  /** The events that the consumer was given, to count those that the commit passes. */
  readonly events: readonly { readonly position: number }[];
  /** Where the checkpoint was, and when (milliseconds since 1970), as its worker loaded it first: to measure the pace. */
  readonly since?: { readonly position: number; readonly at: number };
  /** The worker's own hold: a commit extends it, at no cost. */
  readonly hold?: Hold | undefined;
}

/** One consumer's checkpoint. It keeps nothing between two calls: what a call needs is an argument. */
export class CheckpointStore {
  readonly db: D1Database;
  readonly generation: string;
  /** The key of its row. */
  readonly key: readonly [store: string, consumer: string, generation: string];
  /** What has the consumer's name: another one that is declared under it later is another consumer. */
  readonly incarnation: string;
  readonly #schema: readonly string[];

  /** @param schema what else must exist before the consumer can work, as statements that may be repeated */
  constructor(db: D1Database, store: string, consumer: string, generation = "", schema: readonly string[] = [], incarnation = generation) {
    this.db = db;
    this.generation = generation;
    this.key = [store, consumer, generation];
    this.#schema = schema;
    this.incarnation = incarnation;
  }

  /** Makes sure that there is a table to read. */
  async prepare(): Promise<void> {
    await prepare(this.db, this.#schema);
  }

  /**
   * Where the consumer is; undefined: it has never run.
   *
   * @param seen a row that was read together with something else, which saves a query; null: there was none. If the row is out of date by
   * now, no commit succeeds
   */
  async look(seen?: CheckpointRow | null): Promise<Checkpoint | undefined> {
    await this.prepare();
    const row = seen === undefined ? await this.select().first<CheckpointRow>() : seen;
    return row ? fromRow(row) : undefined;
  }

  /** Its row among those of {@link selectAll}; null: there is none. */
  among(rows: readonly CheckpointRow[]): CheckpointRow | null {
    return rows.find(({ generation }) => generation === this.generation) ?? null;
  }

  /** Where the consumer is; creates the checkpoint if it is new. `seen`: as for {@link look}. */
  async load(begin: () => Promise<Beginning> = async () => ({ position: 0, head: 0 }), seen?: CheckpointRow | null): Promise<Checkpoint> {
    return (await this.look(seen)) ?? (await this.#create(await begin()));
  }

  async #create({ position, head }: Beginning): Promise<Checkpoint> {
    const row = (await this.db
      .prepare(
        `INSERT INTO headspring_checkpoints (store, consumer, generation, position, moved_from, born_at, started_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET store = excluded.store -- another worker was faster: its row stands
         RETURNING *`,
      )
      .bind(...this.key, position, position, head, Date.now())
      .first<CheckpointRow>()) as CheckpointRow; // RETURNING has it, created or not
    return fromRow(row);
  }

  /** The statement that reads it, to be batched with what must be read at the same moment. */
  select(db: Pick<D1Database, "prepare"> = this.db): D1PreparedStatement {
    return db.prepare(`SELECT * FROM headspring_checkpoints WHERE store = ? AND consumer = ? AND generation = ?`).bind(...this.key);
  }

  /** The statement that reads all checkpoints of a consumer: a view has one for each of its tables. */
  static selectAll(db: D1Database, store: string, consumer: string): D1PreparedStatement {
    return db.prepare(`SELECT * FROM headspring_checkpoints WHERE store = ? AND consumer = ?`).bind(store, consumer);
  }

  /** The statement that moves it: the first of the batch that commits the effects. */
  move(from: number, to: number, { processed = 0, pace = null, heldUntil = 0 }: Moving = {}): D1PreparedStatement {
    const set = `position = ?, moved_from = ?, attempts = 0, next_attempt_at = ?, error = NULL, pace = ?, processed = processed + ?, moved_at = ?`;
    return this.update(set, [to, from, heldUntil, pace, processed, Date.now()]);
  }

  /**
   * Commits effects and checkpoint together.
   *
   * @throws {CheckpointMoved} when the checkpoint is no longer at `from`; nothing was written
   */
  async commit(from: number, to: number, effects: readonly D1PreparedStatement[], { events, since, hold }: Work): Promise<void> {
    const processed = events.filter(({ position }) => position > from && position <= to).length;
    const heldUntil = hold?.until === undefined ? undefined : Date.now() + CATCH_UP_HOLD_MS;
    await guarded(this.db.batch([this.move(from, to, { processed, pace: paceOf(since, to), heldUntil }), ...effects]));
    if (hold) hold.until = heldUntil;
  }

  /** Keeps other workers away while there is much to do: see {@link Hold}. @throws {CheckpointMoved} as {@link lease} */
  async take(hold: Hold, position: number): Promise<void> {
    const until = Date.now() + CATCH_UP_HOLD_MS;
    await this.lease(position, until);
    hold.until = until;
  }

  /** Ends a {@link Hold}. */
  async letGo(hold: Hold): Promise<void> {
    const { until } = hold;
    if (until === undefined) return;
    hold.until = undefined;
    await this.update(`next_attempt_at = 0`, [], `AND next_attempt_at = ? AND attempts = 0`, [until]).run();
  }

  /**
   * Keeps other workers away until a time (milliseconds since 1970): to them the consumer is waiting for its next attempt. It ends when the
   * checkpoint moves or a failure is recorded; or at that time, if the holder has died.
   *
   * @throws {CheckpointMoved} when another worker has it, or the checkpoint is no longer at this position
   */
  async lease(position: number, until: number): Promise<void> {
    const isFree = `AND position = ? AND status = 'active' AND next_attempt_at <= ?`;
    const { meta } = await this.update(`next_attempt_at = ?`, [until], isFree, [position, Date.now()]).run();
    if (meta.changes !== 1) throw new CheckpointMoved();
  }

  /** The statement that extends a {@link lease}, in the batch that moves the checkpoint. */
  extendLease(until: number): D1PreparedStatement {
    return this.update(`next_attempt_at = ?`, [until]);
  }

  /** Records a failed attempt at the event after `position`; without a next attempt the consumer has failed. */
  async recordFailure(position: number, attempts: number, nextAttemptAt: number | undefined, error: ConsumerError): Promise<void> {
    const status = nextAttemptAt === undefined ? "failed" : "active";
    const isThere = `AND position = ? AND status = 'active'`;
    await this.update(
      `attempts = ?, next_attempt_at = ?, status = ?, error = ?, failures = failures + 1`,
      [attempts, nextAttemptAt ?? 0, status, JSON.stringify(error)],
      isThere,
      [position],
    ).run();
  }

  /** The statement that changes its row. `and`: only if that holds as well. */
  update(set: string, values: readonly unknown[] = [], and = "", further: readonly unknown[] = []): D1PreparedStatement {
    return this.db
      .prepare(`UPDATE headspring_checkpoints SET ${set} WHERE store = ? AND consumer = ? AND generation = ? ${and}`)
      .bind(...values, ...this.key, ...further);
  }
}

interface Moving {
  /** Events whose effects are committed with it. */
  readonly processed?: number;
  /** Positions per second; null: not known. */
  readonly pace?: number | null;
  /** Until when other workers stay away (milliseconds since 1970). */
  readonly heldUntil?: number | undefined;
}

function paceOf(since: Work["since"], to: number): number | null {
  const elapsed = since ? Date.now() - since.at : 0;
  return since && elapsed > 0 ? ((to - since.position) * 1_000) / elapsed : null;
}

/** A checkpoint, and how far there is nothing for its consumer. */
export interface PassedBy {
  readonly store: string;
  readonly consumer: string;
  readonly generation: string;
  readonly position: number;
  readonly to: number;
}

/**
 * Moves many checkpoints past events that do not concern their consumers. A checkpoint stays if it has moved since, or if a worker is busy
 * with it.
 */
export async function moveTogether(db: D1Database, moves: readonly PassedBy[]): Promise<void> {
  const now = Date.now();
  const given = moves.map(({ store, consumer, generation, position, to }) => ({ store, consumer, generation, position, to }));
  await db
    .prepare(
      `UPDATE headspring_checkpoints AS c SET position = m.value ->> 'to', moved_from = c.position, moved_at = ?2
       FROM json_each(?1) AS m
       WHERE c.store = m.value ->> 'store' AND c.consumer = m.value ->> 'consumer' AND c.generation = m.value ->> 'generation'
         AND c.position = m.value ->> 'position' AND c.status = 'active' AND c.attempts = 0 AND c.next_attempt_at <= ?2`,
    )
    .bind(JSON.stringify(given), now)
    .run();
}

/** @throws {CheckpointMoved} when the trigger has aborted the batch */
export async function guarded(batch: Promise<unknown>): Promise<void> {
  try {
    await batch;
  } catch (error) {
    if (String(error).includes("headspring: checkpoint moved")) throw new CheckpointMoved();
    throw error;
  }
}
