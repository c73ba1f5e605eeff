/**
 * What Cloudflare charges on the Workers Paid plan, in US dollars beyond the amounts that are included. As of 2026-11-21, from
 *
 * - https://developers.cloudflare.com/durable-objects/platform/pricing/
 * - https://developers.cloudflare.com/workers/platform/pricing/
 * - https://developers.cloudflare.com/queues/platform/pricing/
 * - https://developers.cloudflare.com/d1/platform/pricing/
 */

const MILLION = 1_000_000;

/** Dollars for one of each. */
export const PRICES = {
  /** An HTTP request, or a batch of a queue. */
  workerRequest: 0.3 / MILLION,
  workerCpuMs: 0.02 / MILLION,
  /** A call on a stub, or a run of an alarm. */
  objectRequest: 0.15 / MILLION,
  objectGBs: 12.5 / MILLION,
  /** In an object's SQLite. A key set, a key deleted and an alarm set are a row each. */
  objectRowRead: 0.001 / MILLION,
  objectRowWritten: 1 / MILLION,
  d1RowRead: 0.001 / MILLION,
  d1RowWritten: 1 / MILLION,
  /** A message that is written, read or deleted, for each 64 KB of it. */
  queueOperation: 0.4 / MILLION,
} as const;

/** GB that an object is billed for while it is awake, whatever it uses. */
export const OBJECT_GB = 0.128;

/** Bytes of a message that one operation moves. */
export const QUEUE_OPERATION_BYTES = 64_000;
