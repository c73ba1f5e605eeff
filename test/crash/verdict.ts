/** The promises, checked against everything that is known at the end. */

import { isDeepStrictEqual } from "node:util";
import type { PaymentService } from "../../scripts/payments.ts";
import { categoryOf } from "../../src/core/event.ts";
import type { View } from "../../src/definitions/views/view.ts";
import { type History, consequences } from "./history.ts";
import type { Endpoint, Event, Follower } from "./witnesses.ts";
import type { Write } from "./writes.ts";

export interface Check {
  readonly promise: number;
  readonly what: string;
  /** How many were checked. */
  readonly count: number;
  readonly violations: readonly string[];
}

/** What a write may be turned down with, by stream or condition. Anything else would be a loss. */
const TURNED_DOWN = [/^410 stream-deleted$/, /^404 unknown-stream$/];

export function writesAreKept(histories: ReadonlyMap<string, History>, writes: readonly Write[]): Check[] {
  const lost: string[] = [];
  const torn: string[] = [];
  const odd: string[] = [];
  const of = (fate: Write["fate"]) => writes.filter((write) => write.fate === fate);
  for (const write of writes) {
    const stored = histories.get(write.store)?.storedBy(write) ?? [];
    const told = `${write.id} ${write.stream} (${write.fate}${write.problem ? `, ${write.problem}` : ""})`;
    if (write.fate === "acknowledged") {
      if (stored.length !== write.types.length)
        lost.push(`${told} has ${stored.length} events in the log instead of ${write.types.length}`);
      for (const [index, { id, version, position }] of (write.answer?.events ?? []).entries()) {
        const event = stored[index];
        if (event?.id !== id || event.version !== version || (position !== undefined && event.position !== position))
          lost.push(
            `${told} was told ${id} at ${version} (${position}), but the log has ${event?.id} at ${event?.version} (${event?.position})`,
          );
      }
      if (write.expected !== undefined && stored[0]?.version !== write.expected + 1)
        torn.push(`${told} was on condition of ${write.expected} and is at ${stored[0]?.version}`);
    } else if (write.fate === "turned-down") {
      const isConflict = write.expected !== undefined && write.problem === "412 version-conflict";
      if (!isConflict && !TURNED_DOWN.some((allowed) => allowed.test(write.problem ?? ""))) odd.push(told);
      if (stored.length > 0 && write.types[0] !== "$deleted") odd.push(`${told} is there all the same`);
    } else if (stored.length !== 0 && stored.length !== write.types.length && !write.imported) {
      torn.push(`${told} has ${stored.length} events in the log instead of ${write.types.length} or none`);
    }
    const first = stored[0]?.position ?? 0;
    if (!write.imported && stored.some(({ position }, index) => position !== first + index)) torn.push(`${told} is scattered over the log`);
  }
  return [
    { promise: 1, what: "acknowledged writes are there, once, as they were told", count: of("acknowledged").length, violations: lost },
    { promise: 2, what: "writes of several events, and of unknown fate, are whole", count: writes.length, violations: torn },
    { promise: 9, what: "writes that were turned down left nothing", count: of("turned-down").length, violations: odd },
  ];
}

export function logIsExact({ store, events, streams }: History): Check[] {
  const holes = events.flatMap(({ position }, index) =>
    position === index + 1 ? [] : [`${store}: ${position} comes as number ${index + 1}`],
  );
  const disorder: string[] = [];
  const undecided: string[] = [];
  for (const [stream, ofStream] of streams) {
    for (const [index, { version }] of ofStream.entries())
      if (version !== index + 1) disorder.push(`${store} ${stream}: ${version} comes as number ${index + 1}`);
    let total = 0;
    for (const { type, version, data } of ofStream) {
      if (type !== "Counted") continue;
      total += Number(data.by);
      if (data.total !== total) undecided.push(`${store} ${stream}, version ${version}: ${String(data.total)} instead of ${total}`);
    }
  }
  return [
    { promise: 3, what: "positions of the log run from 1 without a hole", count: events.length, violations: holes },
    { promise: 3, what: "streams are in the log from 1 on, in order", count: streams.size, violations: disorder },
    {
      promise: 2,
      what: "what was counted was decided on what was there",
      count: events.filter(({ type }) => type === "Counted").length,
      violations: undecided,
    },
  ];
}

export function followersSawAll(history: History, followers: readonly Follower[]): Check {
  const violations: string[] = [];
  let count = 0;
  for (const { store, name, seen, matches } of followers) {
    if (store !== history.store) continue;
    const expected = history.events.filter(matches);
    count += seen.length;
    const at = seen.findIndex(({ id, position }, index) => expected[index]?.id !== id || expected[index]?.position !== position);
    if (at >= 0)
      violations.push(
        `${store}, ${name}: saw ${placeOf(seen[at])} as number ${at + 1}, after ${placeOf(seen[at - 1])}, instead of ${placeOf(expected[at])}`,
      );
    else if (seen.length < expected.length) violations.push(`${store}, ${name}: has not seen ${placeOf(expected[seen.length])}`);
  }
  return { promise: 3, what: "subscribers that resumed saw every event once, in order", count, violations };
}

export function consequencesCame(history: History): Check[] {
  const { store } = history;
  const all = consequences(history);
  const odd = all.flatMap(({ of, what, found }) =>
    found.length === 1 ? [] : [`${store}: ${what} (${of.type}, ${of.stream}, ${of.version}) is there ${found.length} times`],
  );
  const causes = new Set(history.ofType("Read").map(({ id }) => id));
  for (const { type, stream, meta, version } of history.ofType("Counted", "Raised")) {
    const isReaction = stream.startsWith("counter/of-") || type === "Raised";
    if (isReaction && !causes.has(String(meta.causationId))) odd.push(`${store}: ${type} (${stream}, ${version}) has no cause`);
  }
  for (const { stream, data } of history.ofType("SagaFailed")) if (data.undoFailed) odd.push(`${store}: ${stream} could not be undone`);
  const moves = history.ofType("StockReserved", "StockReleased", "ReservationDeclined");
  const repeated = [...Map.groupBy(moves, ({ stream, type, data }) => `${stream} ${type} ${String(data.order)}`)].flatMap(
    ([move, { length }]) => (length === 1 ? [] : [`${store}: ${move} is there ${length} times`]),
  );
  const ready = new Set(history.ofType("OrderReady").map(({ stream }) => stream.slice("order/".length)));
  const held = heldBy(moves);
  for (const order of held) if (!ready.has(order)) repeated.push(`${store}: ${order} holds stock and is not ready`);
  for (const order of ready) if (!held.has(order)) repeated.push(`${store}: ${order} is ready and holds no stock`);
  return [
    { promise: 5, what: "reactions, timers, sagas and effects came to their one end", count: all.length, violations: odd },
    {
      promise: 5,
      what: "stock moved once for every order, and is held for those that are ready",
      count: moves.length,
      violations: repeated,
    },
  ];
}

export function chargesWereMade(histories: ReadonlyMap<string, History>, payments: PaymentService): Check {
  const charges = [...payments.charges.values()].filter(({ order }) => order !== undefined);
  const violations = [...Map.groupBy(charges, ({ order }) => order)].flatMap(([order, { length }]) =>
    length === 1 ? [] : [`${order} was charged under ${length} keys`],
  );
  for (const { store, ...history } of histories.values()) {
    for (const { stream, data } of history.events.filter(({ type }) => type === "Charged"))
      if (!charges.some(({ receipt }) => receipt === data.receipt))
        violations.push(`${store}: ${stream} says that it was charged, and it was not`);
  }
  return { promise: 5, what: "payments were charged under one key each", count: charges.length, violations };
}

export function deliveriesArrived(history: History, endpoints: readonly Endpoint[]): Check {
  const violations: string[] = [];
  let count = 0;
  for (const endpoint of endpoints.filter(({ store }) => store === history.store)) {
    const { name, receiver, accepted } = endpoint;
    const said = (what: string) => violations.push(`${history.store}, ${name}: ${what}`);
    count += receiver.deliveries.length;
    for (const why of receiver.refused) said(why);
    const got = endpoint.positions;
    for (const event of history.events.filter((event) => endpoint.wants(event) && !event.erased))
      if (!got.has(event.position)) said(`never got ${placeOf(event)}`);
    for (const { run, event } of endpoint.owedByReplays(history.events))
      if (!history.erased.has(event.stream)) said(`never got ${placeOf(event)} by its replay ${run}`);
    const reached = new Map<string, number>();
    const events = new Map<string, Event>();
    for (const { id, event } of receiver.deliveries) {
      const logged = history.events[event.position - 1];
      if (!isDeepStrictEqual(event, logged) && !(logged?.erased && logged.id === event.id))
        said(`got ${placeOf(event)}, and the log has something else there`);
      if (events.has(id) && events.get(id)?.id !== event.id) said(`got two events as ${id}`);
      events.set(id, event);
    }
    for (const id of accepted) {
      const event = events.get(id);
      if (!event) continue;
      // A replay is a series of its own, separate from new events.
      const series = `${endpoint.runOf({ id, event })} ${event.stream}`;
      if (event.position < (reached.get(series) ?? 0))
        said(`got ${placeOf(event)} after position ${reached.get(series)} of its stream, in run ${series}`);
      reached.set(series, event.position);
    }
  }
  return { promise: 6, what: "webhooks got every event, signed, in the order of its stream", count, violations };
}

/** @param rows all rows of the view, and the position that was named with them */
export function viewIsFold(history: History, view: View, rows: readonly Record<string, unknown>[], position: number): Check {
  const fold = new Fold(view);
  for (const event of history.events.slice(0, position)) fold.take(event);
  const expected = fold.rows;
  const violations = rows.flatMap((row) => {
    const key = String(row[view.key]);
    const fold = expected.get(key);
    expected.delete(key);
    return isDeepStrictEqual(row, fold)
      ? []
      : [`${history.store}, ${view.name}: ${JSON.stringify(row)} instead of ${JSON.stringify(fold)}`];
  });
  for (const key of expected.keys()) violations.push(`${history.store}, ${view.name}: no row ${key}`);
  return { promise: 4, what: `view ${view.name} is the fold of the log`, count: rows.length, violations };
}

/** A view's rows in memory. What was erased has never been said. */
export class Fold {
  readonly rows = new Map<string, ReturnType<NonNullable<ReturnType<View["handlers"]["get"]>>["fold"]> & {}>();
  readonly #view: View;
  readonly #categories: ReadonlySet<string>;

  constructor(view: View) {
    this.#view = view;
    this.#categories = new Set(view.followed.map(({ name }) => name));
  }

  take(event: Event): void {
    if (event.erased || !this.#categories.has(categoryOf(event.stream))) return;
    const handler = this.#view.handlers.get(event.type);
    for (const key of handler?.at(event) ?? []) {
      const row = handler?.fold(this.rows.get(key), event, key) ?? null;
      if (row === null) this.rows.delete(key);
      else this.rows.set(key, row);
    }
  }
}

/** Orders for which stock is reserved. */
function heldBy(moves: readonly Event[]): Set<string> {
  const held = new Map<string, string>();
  for (const { stream, type, data } of moves) {
    const order = String(data.order);
    if (type === "StockReserved") held.set(`${stream} ${order}`, order);
    if (type === "StockReleased") held.delete(`${stream} ${order}`);
  }
  return new Set(held.values());
}

export function placeOf(event: Event | undefined): string {
  return event ? `position ${event.position} (${event.type}, ${event.stream}, ${event.version})` : "nothing";
}
