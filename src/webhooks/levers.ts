/** What operators do with a webhook's deliveries: look at them, have them tried again, give them up. */

import { MAX_POSITION, WEBHOOK_RETRY_DELIVERIES } from "../core/limits.ts";
import type { Books } from "./books.ts";
import { deliveryId, messageId, parseDeliveryId } from "./delivery-id.ts";
import type { Row } from "./ledger.ts";
import type { DeliveriesPage, DeliveriesRequest, DeliveryReport, Refused } from "../store/webhook-protocol.ts";

/** Whose deliveries: the store's name and the webhook's id. */
export type About = readonly [store: string, webhook: string];

export function listDeliveries(books: Books, about: About, { status, after, limit }: DeliveriesRequest): DeliveriesPage {
  const { rows, next } = books.ledger.page(status, after === undefined ? undefined : parseDeliveryId(after), limit);
  return {
    deliveries: rows.map((row) => deliveryReport(...about, row)),
    ...(next ? { next: deliveryId(next) } : {}),
    waiting: books.waiting,
  };
}

/** Everything that waits for another attempt is due now: the endpoint is said to be another one, or to work again. */
export function retryNow(books: Books): void {
  books.tally.health.forgive();
  books.waits.hurry(() => true);
}

/** Everything that waits is due now, and so is what was parked, as much as one call may try again. */
export function retryAll(books: Books): void {
  retryNow(books);
  retryParked(books, 0, MAX_POSITION);
}

/**
 * Parked deliveries of events between two positions wait for another attempt. They have lost their place: their streams
 * have gone on without them. Answers with how many, and how many are left for the next call.
 */
export function retryParked(books: Books, from: number, to: number): { retried: number; left: number } {
  books.tally.health.forgive();
  const revived = books.ledger.revive(from, to, WEBHOOK_RETRY_DELIVERIES, Date.now());
  for (const retry of revived) books.waits.tryAgain(retry);
  return { retried: revived.length, left: books.ledger.parkedBetween(from, to) };
}

/** One parked or waiting delivery is due now. Undefined: there is no such delivery. */
export function retryDelivery(books: Books, about: About, delivery: string): DeliveryReport | Refused | undefined {
  const key = parseDeliveryId(delivery);
  const row = key && books.ledger.find(key);
  if (!key || !row) return undefined;
  if (row.status !== "parked" && row.status !== "pending") return { refused: `it is ${row.status}: replay its position to send it again` };
  books.tally.health.forgive();
  const revived = books.ledger.reviveOne(key, Date.now());
  if (revived) books.waits.tryAgain(revived);
  return deliveryReport(...about, books.ledger.find(key) ?? row);
}

/**
 * Gives up what keeps streams waiting, so that they go on.
 *
 * @param only the position of the one delivery to give up; undefined: all
 * @returns how many were given up
 */
export function parkFailing(books: Books, only?: number): number {
  const stuck = books.waits.lanes().filter(({ head }) => head !== undefined && (only === undefined || only === head));
  books.park(stuck, "skipped by an operator");
  return stuck.length;
}

function deliveryReport(store: string, webhook: string, row: Row): DeliveryReport {
  return {
    id: deliveryId(row),
    webhookId: messageId(store, webhook, row),
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
  };
}
