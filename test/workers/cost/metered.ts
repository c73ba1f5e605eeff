/** What tests of costs share: objects and a database whose rows are counted, and alarms that are counted and never go off. */

import { createExecutionContext, createMessageBatch, getQueueResult, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type ObjectCounts, nothingCounted } from "../../../bench/cost-bill.ts";
import { meterStorage } from "../../../bench/cost-meter.ts";
import { billed, counted } from "../../../bench/counted.ts";
import type { App } from "../../../src/definitions/app.ts";
import { handleWakeUps } from "../../../src/operations/wake-up.ts";

export interface Written {
  /** Rows written since it was read last, those of keys and alarms included; and how many of them were alarms. */
  since(): { rows: number; alarms: number };
}

/** Counts what these objects write together, from now on. */
export async function written(...stubs: DurableObjectStub[]): Promise<Written> {
  const count = await metered(...stubs);
  return {
    since() {
      const { rowsWritten: rows, alarmsSet: alarms } = count.since();
      return { rows, alarms };
    },
  };
}

/** Counts what these objects read and write together, from now on. An alarm that went off would write at a time of its own, so none does. */
export async function metered(...stubs: DurableObjectStub[]): Promise<{ since(): ObjectCounts }> {
  const count = nothingCounted().objects.stream;
  for (const stub of stubs) {
    await runInDurableObject(stub, async (_instance, state) => {
      await state.storage.deleteAlarm();
      Object.defineProperty(state.storage, "setAlarm", { value: async () => {}, configurable: true });
      meterStorage(count, state);
    });
  }
  return {
    since() {
      const counted = { ...count };
      Object.assign(count, nothingCounted().objects.stream);
      return counted;
    },
  };
}

/** Rows that an object reads until it can do something, after it was gone from memory. */
export function rowsOfActivation(stub: DurableObjectStub, use: (object: never) => Promise<unknown>): Promise<number> {
  return runInDurableObject(stub, async (instance, state) => {
    const count = nothingCounted().objects.stream;
    meterStorage(count, state);
    // Another one, over what is stored: the platform makes none where it could be counted.
    const again: unknown = Reflect.construct(instance.constructor, [state, env]);
    await use(again as never);
    return count.rowsRead;
  });
}

/** Lets an object's alarm go off, which the platform does not do any more once its rows are counted. */
export function goOff(stub: DurableObjectStub): Promise<void> {
  return runInDurableObject(stub, (instance) => (instance as unknown as { alarm(): Promise<void> }).alarm());
}

/** Wakes these consumers of an app in one batch. Answers with the rows that were written in D1. */
export async function rowsOfWaking(app: App, store: string, ...consumers: string[]): Promise<number> {
  return (await billOfWaking(app, store, ...consumers)).rowsWritten;
}

/** The same, with the rows that were read. */
export async function billOfWaking(app: App, store: string, ...consumers: string[]): Promise<typeof billed> {
  const messages = consumers.map((consumer) => ({
    id: consumer,
    timestamp: new Date(),
    attempts: 1,
    body: { store, consumer, head: 0 },
  }));
  const batch = createMessageBatch("headspring-wake-ups", messages);
  const before = { ...billed };
  await handleWakeUps(app, { ...env, VIEWS: counted(env.VIEWS) }, batch);
  await getQueueResult(batch, createExecutionContext());
  return { rowsRead: billed.rowsRead - before.rowsRead, rowsWritten: billed.rowsWritten - before.rowsWritten };
}
