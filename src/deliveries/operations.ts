/** What operators can do with deliveries: list them, have them tried again, give them up. */

import { MAX_POSITION } from "../core/limits.ts";
import { WEBHOOK_RETRY_DELIVERIES } from "./limits.ts";
import type { BlockedStream } from "./blocked-table.ts";
import type { Ledger } from "./ledger.ts";
import { deliveryId, messageId, parseDeliveryId } from "./delivery-id.ts";
import type { Row } from "./delivery-table.ts";
import type { Refused } from "../store/webhook-protocol.ts";
import type { DeliveriesPage, DeliveriesRequest, DeliveryAttempt, DeliveryReport } from "../store/delivery-protocol.ts";

/** The owner of the deliveries: the store's name and the webhook's id. */
export type About = readonly [store: string, webhook: string];

export function listDeliveries(ledger: Ledger, about: About, { status, after, limit }: DeliveriesRequest): DeliveriesPage {
  const { rows, next } = ledger.table.page(status, after === undefined ? undefined : parseDeliveryId(after), limit);
  return {
    deliveries: rows.map((row) => deliveryReport(ledger, about, row)),
    ...(next ? { next: deliveryId(next) } : {}),
    waiting: ledger.waiting,
  };
}

/** The deliveries of events at these positions. */
export function deliveriesOf(ledger: Ledger, about: About, positions: readonly number[]): DeliveryReport[] {
  return ledger.table.ofEvents(positions).map((row) => deliveryReport(ledger, about, row));
}

/** Everything that waits for another attempt is due now: an operator reports that the endpoint is another one, or works again. */
export function retryNow(ledger: Ledger): void {
  ledger.statistics.health.forgive();
  ledger.waits.hurry(() => true);
}

/** Everything that waits is due now, and so are parked deliveries, as many as one call may try again. */
export function retryAll(ledger: Ledger): void {
  retryNow(ledger);
  retryParked(ledger, 0, MAX_POSITION);
}

/**
 * Parked deliveries of events between two positions wait for another attempt. They have lost their place: their streams have continued
 * without them. Returns how many, and how many are left for the next call.
 */
export function retryParked(ledger: Ledger, from: number, to: number): { retried: number; left: number } {
  ledger.statistics.health.forgive();
  const revived = ledger.table.revive(from, to, WEBHOOK_RETRY_DELIVERIES, Date.now());
  for (const retry of revived) ledger.waits.tryAgain(retry);
  return { retried: revived.length, left: ledger.table.parkedBetween(from, to) };
}

/** One parked or waiting delivery is due now. Undefined: no such delivery exists. */
export function retryDelivery(ledger: Ledger, about: About, delivery: string): DeliveryReport | Refused | undefined {
  const key = parseDeliveryId(delivery);
  const row = key && ledger.table.find(key);
  if (!key || !row) return undefined;
  if (row.status !== "parked" && row.status !== "pending") return { refused: `it is ${row.status}: replay its position to send it again` };
  ledger.statistics.health.forgive();
  const revived = ledger.table.reviveOne(key, Date.now());
  if (revived) ledger.waits.tryAgain(revived);
  return deliveryReport(ledger, about, ledger.table.find(key) ?? row);
}

/** What is put before the error of a delivery that an operator gives up. Stored: change nothing. */
const GIVEN_UP = "skipped by an operator";

/**
 * Gives up what keeps streams waiting, so that they continue.
 *
 * @param only the position of the one delivery to give up; undefined: all
 * @returns how many were given up
 */
export function parkFailing(ledger: Ledger, only?: number): number {
  const stuck = stuckStreams(ledger, only);
  ledger.park(stuck, GIVEN_UP);
  return stuck.length;
}

function stuckStreams(ledger: Ledger, only?: number): BlockedStream[] {
  return ledger.waits.blockedStreams().filter(({ head }) => head !== undefined && (only === undefined || only === head));
}

/** The deliveries that an operator's action would attempt again, or park. */
export function countControl(ledger: Ledger, action: "resume" | "retry" | "skip", only?: number): number {
  if (action === "skip") return stuckStreams(ledger, only).length;
  const parked = action === "retry" ? Math.min(ledger.table.parked(), WEBHOOK_RETRY_DELIVERIES) : 0;
  return ledger.pending + parked;
}

function deliveryReport(ledger: Ledger, about: About, row: Row): DeliveryReport {
  const blocked = ledger.waits.blockedOf(row.run, row.stream);
  return {
    id: deliveryId(row),
    webhookId: messageId(...about, row),
    stream: row.stream,
    position: row.position,
    type: row.type,
    status: row.status,
    attempts: row.attempts,
    lastAttemptAt: new Date(row.at).toISOString(),
    durationMs: row.duration,
    ...(row.response === null ? {} : { response: row.response }),
    ...(row.error === null ? {} : { error: row.error }),
    ...(row.excerpt === null ? {} : { excerpt: row.excerpt }),
    ...(row.next_attempt_at === null ? {} : { nextAttemptAt: new Date(row.next_attempt_at).toISOString() }),
    ...(blocked && blocked.head === row.position && blocked.behind > 0 ? { behind: blocked.behind } : {}),
    history: historyOf(row),
  };
}

/** As `EARLIER` of the table has them. */
type Earlier = readonly [at: number, duration: number, response: number | null, error: string | null];

/** The attempts that are on record. A row that was skipped is none itself: nothing was sent. */
function historyOf({ status, at, duration, response, error, earlier }: Row): DeliveryAttempt[] {
  const before = earlier === null ? [] : (JSON.parse(earlier) as Earlier[]);
  const all: Earlier[] = status === "skipped" ? before : [...before, [at, duration, response, error]];
  return all.map(([at, durationMs, response, error]) => {
    // An operator gave the delivery up after this attempt.
    const own = error?.startsWith(GIVEN_UP) ? error.slice(GIVEN_UP.length + ": ".length) : error;
    return {
      at: new Date(at).toISOString(),
      durationMs,
      ...(response === null ? {} : { response }),
      ...(own === null || own === undefined || own === "" ? {} : { error: own }),
    };
  });
}
