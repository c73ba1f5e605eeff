/** An aggregate's state: folded from events, kept in memory, and snapshotted so that an activation stays cheap. */

import { SNAPSHOT_EVERY } from "../limits.ts";
import type { StoredEvent } from "../event.ts";
import { hasTable } from "../sqlite.ts";
import { liftError, liftTo } from "../upcast.ts";
import type { AnyAggregate } from "./aggregate.ts";
import type { EventTable } from "./event-table.ts";

const CREATE = `
  CREATE TABLE IF NOT EXISTS snapshot (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    revision TEXT    NOT NULL,           -- of the aggregate that made it; another revision ignores it
    version  INTEGER NOT NULL,
    state    TEXT    NOT NULL            -- JSON
  ) STRICT`;

/** Events folded at a time while a state is loaded. Ours: bounds the memory of an activation. */
const LOAD_EVENTS = 1_000;

export class StateCache {
  readonly #sql: SqlStorage;
  readonly #events: EventTable;
  readonly #aggregate: AnyAggregate;
  #state: unknown;
  #version: number | undefined;
  #snapshotVersion = 0;

  constructor(sql: SqlStorage, events: EventTable, aggregate: AnyAggregate) {
    this.#sql = sql;
    this.#events = events;
    this.#aggregate = aggregate;
  }

  /** The state at the stream's head. */
  current(): unknown {
    if (this.#version === undefined) this.#load();
    return this.#state;
  }

  /** The state as of an earlier version. */
  at(version: number): unknown {
    return this.#foldFrom(this.#aggregate.initialState(), 0, version);
  }

  /** The state after these events, without keeping it. */
  after(events: readonly StoredEvent[]): unknown {
    return this.#fold(this.current(), events);
  }

  /** Keeps the state that {@link after} computed, once its events are committed. */
  keep(state: unknown, version: number, snapshotted: boolean): void {
    this.#state = state;
    this.#version = version;
    if (snapshotted) this.#snapshotVersion = version;
  }

  /** Events were stored that this state does not know: the next one who asks loads it again. */
  forget(): void {
    this.#state = undefined;
    this.#version = undefined;
  }

  /** Whether the last snapshot is old enough for another, at this version. */
  isSnapshotDue(version: number): boolean {
    return version - this.#snapshotVersion >= SNAPSHOT_EVERY;
  }

  /** Writes a snapshot. Call inside `transactionSync`. */
  snapshot(state: unknown, version: number): void {
    this.#sql.exec(CREATE);
    this.#sql.exec(
      `INSERT INTO snapshot (one, revision, version, state) VALUES (1, ?, ?, ?)
       ON CONFLICT (one) DO UPDATE SET revision = excluded.revision, version = excluded.version, state = excluded.state`,
      this.#revision,
      version,
      JSON.stringify(state),
    );
  }

  get #revision(): string {
    return String(this.#aggregate.revision ?? "");
  }

  #load(): void {
    const snapshot = this.#readSnapshot();
    this.#snapshotVersion = snapshot?.version ?? 0;
    const state: unknown = snapshot ? JSON.parse(snapshot.state) : this.#aggregate.initialState();
    this.#state = this.#foldFrom(state, this.#snapshotVersion, this.#events.head);
    this.#version = this.#events.head;
  }

  #foldFrom(state: unknown, after: number, to: number): unknown {
    for (let version = after; version < to; version += LOAD_EVENTS) {
      state = this.#fold(state, this.#events.range(version + 1, Math.min(version + LOAD_EVENTS, to)));
    }
    return state;
  }

  #readSnapshot(): { version: number; state: string } | undefined {
    if (!hasTable(this.#sql, "snapshot")) return undefined;
    return this.#sql
      .exec<{ version: number; state: string }>(`SELECT version, state FROM snapshot WHERE revision = ?`, this.#revision)
      .toArray()[0];
  }

  #fold(state: unknown, events: readonly StoredEvent[]): unknown {
    for (const event of events) {
      const evolve = this.#aggregate.evolve[event.type];
      // A type that the code no longer knows (or one of ours, `$…`) does not change the state.
      if (!evolve) continue;
      const recordedAt = new Date(event.recordedAt).toISOString();
      const { id, version, type } = event;
      const lifted = liftTo(this.#aggregate.events[event.type], event);
      const problem = liftError(lifted);
      if (problem) throw problem;
      const { data } = lifted;
      state = evolve(state, JSON.parse(data), {
        id,
        version,
        type,
        meta: JSON.parse(event.meta),
        time: event.time ?? recordedAt,
        recordedAt,
      });
    }
    return state;
  }
}
