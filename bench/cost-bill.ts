/** From what was counted to dollars. Pure. */

import { OBJECT_GB, PRICES } from "./prices.ts";

/** One for each class of objects. */
export const KINDS = ["stream", "log", "webhook", "catalog", "source"] as const;
export type Kind = (typeof KINDS)[number];

/** What the platform bills for the objects of a class. */
export interface ObjectCounts {
  /** Calls on stubs. */
  calls: number;
  /** Runs of alarms. */
  alarms: number;
  rowsRead: number;
  /** Those of keys and alarms included. */
  rowsWritten: number;
  /** How many of these were alarms. */
  alarmsSet: number;
  /** Milliseconds in which an object was at work or waited for something, and could not be put to sleep. */
  awakeMs: number;
}

/** What the platform bills, CPU time apart. */
export interface Counts {
  /** Requests that came over HTTP. */
  requests: number;
  /** Batches that the queue delivered. */
  batches: number;
  /** Messages written, read and deleted, in 64 KB. */
  queueOperations: number;
  readonly objects: Record<Kind, ObjectCounts>;
  readonly d1: { rowsRead: number; rowsWritten: number };
}

export function nothingCounted(): Counts {
  const objects = { stream: idle(), log: idle(), webhook: idle(), catalog: idle(), source: idle() };
  return { requests: 0, batches: 0, queueOperations: 0, objects, d1: { rowsRead: 0, rowsWritten: 0 } };
}

function idle(): ObjectCounts {
  return { calls: 0, alarms: 0, rowsRead: 0, rowsWritten: 0, alarmsSet: 0, awakeMs: 0 };
}

/** What one of so many commands had of what was counted between two moments. */
export function perCommand(before: Counts, after: Counts, commands: number): Counts {
  return share(before, after) as Counts;

  function share(from: object, to: object): object {
    return Object.fromEntries(
      Object.entries(to).map(([name, value]: [string, unknown]) => {
        const earlier: unknown = Reflect.get(from, name);
        return [name, typeof value === "number" ? (value - Number(earlier)) / commands : share(earlier as object, value as object)];
      }),
    );
  }
}

/** Of all objects together. */
export function ofObjects({ objects }: Counts, what: keyof ObjectCounts): number {
  return KINDS.reduce((sum, kind) => sum + objects[kind][what], 0);
}

/** Dollars, by what they are for. */
export interface Bill {
  readonly rows: number;
  readonly requests: number;
  readonly queue: number;
  readonly duration: number;
  readonly cpu: number;
  readonly total: number;
}

/**
 * Milliseconds for which a call keeps a stream's object awake. Assumed: it waits for its own commit and for the log's, and
 * others have measured 5 to 16 ms for one in production. Not as it is here, where a disk is near and the machine may be busy.
 */
export const STREAM_CALL_MS = 50;

/**
 * GB-seconds of all objects: those of streams by {@link STREAM_CALL_MS}, the others as they were awake.
 *
 * @param distanceMs how much longer a stream waits because its log is far away
 */
export function gigabyteSeconds(counts: Counts, distanceMs = 0): number {
  const { stream, log, webhook, catalog, source } = counts.objects;
  const streamMs = (stream.calls + stream.alarms) * (STREAM_CALL_MS + distanceMs);
  return ((streamMs + log.awakeMs + webhook.awakeMs + catalog.awakeMs + source.awakeMs) / 1_000) * OBJECT_GB;
}

/**
 * @param cpuMs milliseconds of CPU time of the worker
 * @param distanceMs from a stream to its log and back
 */
export function billOf(counts: Counts, cpuMs: number, distanceMs = 0): Bill {
  const { requests: http, batches, queueOperations, d1 } = counts;
  const rows =
    ofObjects(counts, "rowsWritten") * PRICES.objectRowWritten +
    ofObjects(counts, "rowsRead") * PRICES.objectRowRead +
    d1.rowsWritten * PRICES.d1RowWritten +
    d1.rowsRead * PRICES.d1RowRead;
  const requests =
    (http + batches) * PRICES.workerRequest + (ofObjects(counts, "calls") + ofObjects(counts, "alarms")) * PRICES.objectRequest;
  const queue = queueOperations * PRICES.queueOperation;
  const duration = gigabyteSeconds(counts, distanceMs) * PRICES.objectGBs;
  const cpu = cpuMs * PRICES.workerCpuMs;
  return { rows, requests, queue, duration, cpu, total: rows + requests + queue + duration + cpu };
}
