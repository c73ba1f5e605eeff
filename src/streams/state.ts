/**
 * An aggregate's state: folded from events, kept in memory, and snapshotted so that an activation stays cheap.
 *
 * What is kept in memory is frozen, so that a command changes what the next one sees only by its events. A state that could still be
 * changed in place (it holds a Map, say, despite the types) is not kept at all: it is folded from the stored events each time.
 */

import type { StreamPlace } from "./place.ts";
import { SNAPSHOT_EVERY } from "./limits.ts";
import type { StoredEvent } from "../core/event.ts";
import { isSettled, settle } from "../core/plain-json.ts";
import { logger } from "../telemetry/logger.ts";
import type { AnyAggregate } from "../definitions/aggregate.ts";
import type { StreamEvents } from "./stream-events.ts";
import { fold, foldStored, initialStateOf } from "./fold.ts";
import { Snapshots, snapshotOf } from "./snapshots.ts";

/** Events folded before other requests get their turn. Ours: some milliseconds. */
const PIECE_EVENTS = 500;

/** A state, and its version. */
interface At {
  readonly version: number;
  readonly state: unknown;
}

export class StateCache {
  readonly #events: StreamEvents;
  readonly #aggregate: AnyAggregate;
  readonly #place: StreamPlace;
  readonly #snapshots: Snapshots;
  /** The state as far as it has been folded in memory. */
  #latest: At | undefined;
  /** Undefined: not read yet. 0: there is none that this code can use. */
  #snapshotVersion: number | undefined;
  /** The earlier state that was requested last: the next request may be for the version after it. */
  #earlier: At | undefined;
  #loading: Promise<void> | undefined;
  #reading: Promise<unknown> = Promise.resolve();
  #ended = false;
  #complained = false;

  constructor(sql: SqlStorage, events: StreamEvents, aggregate: AnyAggregate, place: StreamPlace) {
    this.#events = events;
    this.#aggregate = aggregate;
    this.#place = place;
    this.#snapshots = new Snapshots(sql, aggregate);
  }

  /**
   * The state at the stream's head. Synchronous, so that a command is decided on it before anything else happens; call {@link load} first,
   * so that this does not take long.
   *
   * @throws {StateUnavailable}, and what the app's own code throws
   */
  current(): unknown {
    let at = this.#start();
    while (at.version < this.#events.head) at = this.#piece(at, this.#events.head);
    this.#keepLatest(at);
    return at.state;
  }

  /** Whether {@link current} takes no longer than a piece. */
  get #isNear(): boolean {
    return this.#latest !== undefined && this.#events.head - this.#latest.version <= PIECE_EVENTS;
  }

  /**
   * Folds what is far behind the head in pieces, between which other requests get their turn, and leaves a snapshot if it folded many
   * events. An error ends it silently: {@link current} meets it again.
   */
  async load(): Promise<void> {
    // Requests that arrive while others wait for it wait as well: commands run in the order of their arrival.
    if (!this.#loading && (this.#isNear || this.#ended)) return;
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    await this.#loading;
  }

  /**
   * The state as of an earlier version, from the nearest one that is known. One such read at a time, in pieces.
   *
   * @throws {StateUnavailable}, and what the app's own code throws
   */
  at(version: number): Promise<unknown> {
    const read = this.#reading.then(async () => {
      const known = [this.#earlier, this.#latest, this.#snapshots.read()].flatMap((at) => (at && at.version <= version ? [at] : []));
      const nearest = known.toSorted((a, b) => b.version - a.version)[0];
      let at = nearest ? { version: nearest.version, state: settle(nearest.state) } : this.#initial();
      while (at.version < version) {
        at = this.#piece(at, version);
        if (at.version < version) await othersTurn();
      }
      this.#earlier = isSettled(at.state) && !this.#ended ? at : undefined;
      return at.state;
    });
    this.#reading = read.catch(() => {});
    return read;
  }

  /** The state after these events, without keeping it. */
  after(events: readonly StoredEvent[]): unknown {
    return fold(this.#aggregate, this.current(), events);
  }

  /** Keeps the state that {@link after} computed, once its events are committed. */
  keep(state: unknown, version: number, snapshotted: boolean): void {
    this.#keepLatest({ state, version });
    if (snapshotted) this.#snapshotVersion = version;
  }

  /** The stream has ended: its state is not kept. */
  end(): void {
    this.#ended = true;
    this.#latest = undefined;
    this.#earlier = undefined;
  }

  /** The text of a snapshot of this state, if one is due and the state can be kept; {@link writeSnapshot} writes it. */
  dueSnapshot(state: unknown, version: number): string | undefined {
    if (this.#ended || version - (this.#snapshotVersion ?? 0) < SNAPSHOT_EVERY) return undefined;
    const snapshot = snapshotOf(state);
    if ("text" in snapshot) return snapshot.text;
    if (!this.#complained) {
      logger.error(
        { message: "a state cannot be stored as a snapshot; every activation folds it from all events", ...this.#place },
        snapshot.problem,
      );
    }
    this.#complained = true;
    return undefined;
  }

  /** Call it inside `transactionSync`, if there is more to write. */
  writeSnapshot(text: string, version: number): void {
    this.#snapshots.write(text, version);
  }

  async #load(): Promise<void> {
    try {
      let at = this.#start();
      this.#keepLatest(at);
      // A state that is not kept would be folded in vain.
      while (at.version < this.#events.head && this.#latest) {
        at = this.#piece(at, this.#events.head);
        this.#keepLatest(at);
        if (at.version >= this.#events.head) this.#leaveSnapshot(at);
        else await othersTurn();
        // A command may have come in between, and gone further.
        at = this.#latest ?? at;
      }
    } catch {
      // Code that needs the state meets the same error, and knows where to report it.
    }
  }

  #leaveSnapshot({ state, version }: At): void {
    const text = this.dueSnapshot(state, version);
    if (text === undefined) return;
    this.writeSnapshot(text, version);
    this.#snapshotVersion = version;
  }

  #keepLatest(at: At): void {
    this.#latest = isSettled(at.state) && !this.#ended ? at : undefined;
  }

  /** The latest state that is known without folding. */
  #start(): At {
    if (this.#latest) return this.#latest;
    const snapshot = this.#snapshots.read();
    this.#snapshotVersion = snapshot?.version ?? 0;
    return snapshot ? { version: snapshot.version, state: settle(snapshot.state) } : this.#initial();
  }

  #initial(): At {
    return { version: 0, state: initialStateOf(this.#aggregate) };
  }

  /** The state some events later, up to `to`. */
  #piece({ version, state }: At, to: number): At {
    const events = this.#events.piece(version + 1, to, PIECE_EVENTS);
    return { version: events.at(-1)?.version ?? to, state: foldStored(this.#aggregate, this.#place.stream, state, events) };
  }
}

/** Lets requests in that have arrived in the meantime. */
function othersTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
