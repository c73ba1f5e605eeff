/**
 * What a stream keeps: events, receipts, timers, a snapshot. One transaction writes everything that one request leads to, or nothing of it
 * (promise 2).
 */

import { DELETED, type StoredEvent, erases } from "../core/event.ts";
import type { AlarmClock } from "../core/alarm-clock.ts";
import type { TimerChange } from "./decide.ts";
import { StreamEvents } from "./stream-events.ts";
import { type GivenId, type Receipt, Receipts } from "./receipts.ts";
import type { StateCache } from "./state.ts";
import { type TimerName, Timers } from "./timers.ts";

/** Everything that one request leads to. */
export interface Entry {
  readonly now: number;
  /** They follow the head. */
  readonly events: readonly StoredEvent[];
  /** Event ids that the request gave, and the rows where they go. */
  readonly givenIds?: readonly (GivenId & { readonly row: string })[];
  /** @see Receipts */
  readonly receipt?: { readonly row: string; readonly ours: boolean; readonly receipt: Receipt };
  readonly timers?: readonly {
    readonly change: TimerChange;
    readonly commandId: string;
    readonly correlationId: string;
    readonly causationId: string;
  }[];
  /** The timer that this request carries out. */
  readonly firedTimer?: TimerName;
  /** The state after the events. */
  readonly state?: { readonly cache: StateCache; readonly next: unknown };
}

export class Journal {
  readonly events: StreamEvents;
  readonly receipts: Receipts;
  readonly timers: Timers;
  readonly #storage: DurableObjectStorage;
  readonly #alarm: AlarmClock;
  #deleted: boolean;

  constructor(storage: DurableObjectStorage, alarm: AlarmClock) {
    this.#storage = storage;
    this.#alarm = alarm;
    this.events = new StreamEvents(storage);
    this.receipts = new Receipts(storage.sql);
    this.timers = new Timers(storage);
    this.#deleted = this.events.range(this.events.head, this.events.head)[0]?.type === DELETED;
  }

  /** The stream's version. 0: never written. */
  get head(): number {
    return this.events.head;
  }

  /** The stream has ended: it can neither be read nor written any more. */
  get deleted(): boolean {
    return this.#deleted;
  }

  /** Writes an entry, whole or not at all. Memory changes only after storage has it. */
  commit(entry: Entry): void {
    const { now, events, givenIds = [], receipt, timers = [], firedTimer, state } = entry;
    const head = this.head + events.length;
    const snapshot = state && events.length > 0 ? state.cache.dueSnapshot(state.next, head) : undefined;
    const append = events.length > 0 ? this.events.prepare(events) : undefined;
    const write = () => {
      if (append) this.events.insert(append);
      this.receipts.recordEventIds(givenIds);
      if (receipt) this.receipts.record(receipt.row, receipt.receipt, now, receipt.ours);
      if (firedTimer !== undefined) this.timers.remove(firedTimer);
      for (const { change, ...of } of timers) {
        this.timers.change(change, of);
        if ("due" in change) this.#alarm.wakeAt(change.due);
      }
      if (snapshot !== undefined) state?.cache.writeSnapshot(snapshot, head);
    };
    // One statement is atomic by itself, and a transaction around it costs as much as the statement (measured).
    const isAll = !receipt && givenIds.length === 0 && timers.length === 0 && firedTimer === undefined && snapshot === undefined;
    try {
      if (append?.isOneStatement && isAll) write();
      else this.#storage.transactionSync(write);
    } catch (error) {
      this.timers.rolledBack();
      void this.#alarm.load();
      throw error;
    }
    if (append) this.events.advance(append);
    this.receipts.committed(receipt !== undefined, givenIds.length > 0);
    state?.cache.keep(state.next, head, snapshot !== undefined);
  }

  /** Ends the stream with this event; if the event is an erasure, no content of its events is kept. */
  end(event: StoredEvent, idGiven = false): void {
    const append = this.events.prepare([event]);
    this.#storage.transactionSync(() => {
      this.events.insert(append);
      if (idGiven) this.receipts.recordEventIds([{ row: event.id, version: event.version, fingerprint: null }]);
      this.timers.removeAll();
      if (!erases(event)) return;
      this.events.blankBefore(event.version);
      this.receipts.blank();
      this.#storage.sql.exec(`DROP TABLE IF EXISTS snapshot`);
    });
    this.events.advance(append);
    this.receipts.committed(false, idGiven);
    this.#deleted = true;
  }
}
