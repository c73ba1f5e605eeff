/** What tests of consumers share: a queue that delivers only what the test hands over, and the rows as they must be. */

import { createExecutionContext, createMessageBatch, evictDurableObject, getQueueResult, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { ConsumerReport } from "../../../src/consumers/report.ts";
import { type RecordedEvent, categoryOf } from "../../../src/core/event.ts";
import type { WakeUp } from "../../../src/store/consumer-protocol.ts";
import { type View, filterOfView, handlerOf } from "../../../src/definitions/views/view.ts";
import type { StoredRow } from "../../../src/definitions/views/handler.ts";
import type { LagSeconds } from "../../../src/operations/lag.ts";
import { freshStore } from "../support.ts";
import worker from "../worker.ts";

export { eventually } from "../eventually.ts";

const clock = Date.now;
let passed = 0;
let stoppedAt: number | undefined;

/** Moves the clock on, for everybody here. Lift it with `vi.restoreAllMocks()`. */
export function later(ms: number): void {
  if (!vi.isMockFunction(Date.now)) [passed, stoppedAt] = [0, undefined];
  passed += ms;
  vi.spyOn(Date, "now").mockImplementation(() => (stoppedAt ?? clock()) + passed);
}

/** The clock stands still, and moves only with {@link later}: for what a slow machine must not be too late for. */
export function stopClock(): void {
  later(0);
  stoppedAt = clock();
}

interface Sent {
  readonly body: WakeUp;
  readonly delaySeconds?: number;
}

/** Stores whose wake-ups the queue refuses. The log of an earlier test's store may send at any time: a mock for the next call would hit it. */
const refused = new Set<string>();

/**
 * Stores whose consumers run only when a test wakes them. Their logs' alarms still go off when their test is over and its mocks are lifted:
 * a consumer that ran then would meet what a later test has prepared for its own.
 */
const quiet = new Set<string>();
const { send, sendBatch } = env.WAKE_UPS;
const isHeard = ({ body }: { readonly body: unknown }) => !quiet.has((body as WakeUp).store);
const taken = { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
Object.assign(env.WAKE_UPS, {
  send: async (body: unknown, options?: QueueSendOptions) => (isHeard({ body }) ? send.call(env.WAKE_UPS, body, options) : taken),
  sendBatch: async (messages: Iterable<MessageSendRequest>) => {
    const heard = [...messages].filter(isHeard);
    return heard.length > 0 ? sendBatch.call(env.WAKE_UPS, heard) : taken;
  },
} satisfies Pick<Queue, "send" | "sendBatch">);

/** Keeps wake-ups from the queue, and says which were sent. Lift it with `vi.restoreAllMocks()`. */
export function holdWakeUps(): Sent[] {
  const sent: Sent[] = [];
  const hold = (messages: readonly Sent[]) => {
    if (messages.some(({ body }) => refused.has(body.store))) throw new Error("Queue sendBatch failed: Queue is overloaded.");
    sent.push(...messages);
    return taken;
  };
  vi.spyOn(env.WAKE_UPS, "send").mockImplementation(async (body, options) => hold([{ body, ...options } as Sent]));
  vi.spyOn(env.WAKE_UPS, "sendBatch").mockImplementation(async (messages) => hold([...(messages as Iterable<Sent>)]));
  return sent;
}

/** The wake-ups of these consumers alone. */
export function naming(wakeUps: readonly Sent[], isNamed: (consumer: string) => boolean): WakeUp[] {
  return wakeUps.flatMap(({ body }) => {
    const consumers = body.consumers.filter(isNamed);
    return consumers.length > 0 ? [{ ...body, consumers }] : [];
  });
}

let messages = 0;

/** Hands one batch to the worker, as the queue would. */
export async function deliver(...bodies: unknown[]) {
  const batch = createMessageBatch(
    "headspring-wake-ups",
    bodies.map((body) => ({ id: String(++messages), timestamp: new Date(), attempts: 1, body })),
  );
  const context = createExecutionContext();
  await worker.queue(batch, env, context);
  return getQueueResult(batch, context);
}

/** A store of its own whose consumers run only when the test wakes them. */
export function quietStore(name: string) {
  const sent = holdWakeUps();
  const store = freshStore(name);
  const { store: id, post, json, logObject } = store;
  quiet.add(id);
  const consumers = async (): Promise<(ConsumerReport & LagSeconds)[]> => (await json("/consumers")).consumers;
  return {
    ...store,
    /** Makes the queue refuse this store's wake-ups, or take them again. */
    refuse: (isRefused: boolean): unknown => (isRefused ? refused.add(id) : refused.delete(id)),
    /** Wake-ups of this store, as they were sent. */
    sent: () => sent.filter(({ body }) => body.store === id),
    read: (stream: string, value: number) => post(`/streams/reading/${stream}`, { type: "Read", data: { value } }),
    wake: (...names: string[]) => deliver(...names.map((consumer) => ({ store: id, consumer, head: 0 }))),
    consumers,
    consumer: (consumer: string): Promise<ConsumerReport> => json(`/consumers/${consumer}`),
    /** Loses every wake-up that was sent so far, and lets the log's alarm go off until every consumer (but one that cannot) has caught up. */
    settle: async (except?: string): Promise<void> => {
      do {
        const before = sent.length;
        await forgetful(logObject());
        await runDurableObjectAlarm(logObject());
        await deliver(...sent.slice(before).map(({ body }) => body));
      } while ((await consumers()).some(({ name, lag }) => name !== except && lag > 0));
    },
    /** All rows of a view, by key. */
    rows: async (view: View) => byKey(view, (await json(`/views/${view.name}?limit=200`)).rows),
    /** The rows as they are by definition: every event of the log, in order, once. */
    folded: async (view: View, until?: number) =>
      folded(view, (await json(`/log?limit=1000${until === undefined ? "" : `&to=${until}`}`)).events),
  };
}

/** A log that does not remember which consumers it has just woken. */
export async function forgetful(logObject: DurableObjectStub): Promise<void> {
  await evictDurableObject(logObject).catch(() => {}); // it is not awake
}

function byKey(view: View, rows: readonly StoredRow[]): Map<unknown, StoredRow> {
  return new Map(rows.map((row) => [row[view.key], row]));
}

/** The rows as they are by definition. */
export function folded(view: View, events: readonly RecordedEvent[]): Map<unknown, StoredRow> {
  const rows = new Map<string, StoredRow>();
  const { categories } = filterOfView(view);
  for (const event of events.filter(({ stream }) => categories.includes(categoryOf(stream)))) {
    const handler = handlerOf(view, event.type);
    for (const key of handler?.at(event) ?? []) {
      const row = handler?.fold(rows.get(key), event, key) ?? null;
      if (row === null) rows.delete(key);
      else rows.set(key, row);
    }
  }
  return rows;
}
