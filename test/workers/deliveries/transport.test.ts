/** The delivery machine by itself, with a transport that knows no HTTP: readers that take deliveries from memory and acknowledge them. */

import { storeNamed } from "../support.ts";
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Deliveries } from "../../../src/deliveries/deliveries.ts";
import type { Key } from "../../../src/deliveries/delivery-id.ts";
import type { DeliverySettings, Notices, Transport } from "../../../src/deliveries/transport.ts";
import type { LoggedEvent } from "../../../src/core/event.ts";
import type { Outcome } from "../../../src/store/delivery-protocol.ts";
import { eventually, quietStore } from "../delivery/support.ts";

afterEach(() => vi.restoreAllMocks());

const TAKEN: Outcome = { delivered: true, durationMs: 0 };
const REFUSED: Outcome = { delivered: false, error: "put back", durationMs: 0 };

/** Holds each delivery until a reader answers it. */
class MemoryTransport implements Transport {
  readonly ownStream = "$webhook/none";
  readonly waiting = new Map<string, (outcome: Outcome) => void>();
  readonly order: string[] = [];
  wants: DeliverySettings | undefined = {};

  settings(): DeliverySettings | undefined {
    return this.wants;
  }

  send(_key: Key, { stream, version }: LoggedEvent): Promise<Outcome> {
    const name = `${stream.split("/")[1]}@${version}`;
    this.order.push(name);
    return new Promise((resolve) => this.waiting.set(name, resolve));
  }

  answer(name: string, outcome: Outcome): void {
    const resolve = this.waiting.get(name);
    if (!resolve) throw new Error(`${name} is not under way, but ${[...this.waiting.keys()].join(", ")}`);
    this.waiting.delete(name);
    resolve(outcome);
  }
}

const SILENT: Notices = { disabled: () => {}, enabled: () => {}, publish: async () => {} };

/** Deliveries in the storage of an object that is used for nothing else. */
async function inMemory(name: string, test: (given: Given) => Promise<void>) {
  const { store, post } = quietStore(name);
  const append = async (stream: string, count: number) => {
    const events = Array.from({ length: count }, () => ({ type: "Read", data: { value: 1 } }));
    expect((await post(`/streams/reading/${stream}`, { events })).status).toBe(201);
  };
  await runInDurableObject(env.WEBHOOKS.getByName(`${store}/wh_memory`), async (_object, { storage }) => {
    const transports: MemoryTransport[] = [];
    const start = async (notices = SILENT) => {
      const transport = new MemoryTransport();
      transports.push(transport);
      const deliveries = new Deliveries({ store: storeNamed(store), id: "wh_memory", start: "beginning", storage, transport, notices });
      await deliveries.load();
      return { transport, deliveries };
    };
    await test({ append, start });
    // What is still held belongs to no test any more.
    for (const transport of transports) {
      transport.wants = undefined;
      for (const resolve of transport.waiting.values()) resolve(REFUSED);
    }
    await storage.deleteAlarm();
  });
}

interface Given {
  append(stream: string, count: number): Promise<void>;
  start(notices?: Notices): Promise<{ transport: MemoryTransport; deliveries: Deliveries }>;
}

describe("ordered deliveries over another transport than HTTP", () => {
  it("keep the order of each stream, and make no stream wait for another", () =>
    inMemory("memory-order", async ({ append, start }) => {
      await append("a", 3);
      await append("b", 2);
      const { transport, deliveries } = await start();
      expect(await deliveries.wake()).toBe(5);
      await eventually(() => expect([...transport.waiting.keys()].toSorted()).toEqual(["a@1", "b@1"]));
      transport.answer("b@1", TAKEN);
      await eventually(() => expect([...transport.waiting.keys()]).toContain("b@2"));
      expect(transport.order).not.toContain("a@2");
      for (const name of ["a@1", "b@2"]) transport.answer(name, TAKEN);
      await eventually(() => expect([...transport.waiting.keys()]).toEqual(["a@2"]));
      transport.answer("a@2", TAKEN);
      await eventually(() => expect([...transport.waiting.keys()]).toEqual(["a@3"]));
      transport.answer("a@3", TAKEN);
      await eventually(() => expect(deliveries.ledger?.pending).toBe(0));
      expect(transport.order.filter((name) => name.startsWith("a"))).toEqual(["a@1", "a@2", "a@3"]);
    }));

  it("block a stream whose event was put back until it is tried again, and block no other", () =>
    inMemory("memory-blocked", async ({ append, start }) => {
      let now = Date.now();
      vi.spyOn(Date, "now").mockImplementation(() => now);
      await append("a", 2);
      await append("b", 1);
      const { transport, deliveries } = await start();
      await deliveries.wake();
      await eventually(() => expect(transport.waiting.size).toBe(2));
      transport.answer("a@1", REFUSED);
      transport.answer("b@1", TAKEN);
      await eventually(() => expect(deliveries.ledger?.waits.streams).toBe(1));
      await append("b", 1);
      await deliveries.wake();
      await eventually(() => expect([...transport.waiting.keys()]).toEqual(["b@2"]));
      transport.answer("b@2", TAKEN);
      now += 10_000;
      void deliveries.wentOff();
      await eventually(() => expect([...transport.waiting.keys()]).toEqual(["a@1"]));
      transport.answer("a@1", TAKEN);
      await eventually(() => expect([...transport.waiting.keys()]).toEqual(["a@2"]));
      transport.answer("a@2", TAKEN);
      await eventually(() => expect(deliveries.ledger?.pending).toBe(0));
    }));

  it("are repeated if they were under way when the object died, and not if they had been acknowledged before", () =>
    inMemory("memory-crash", async ({ append, start }) => {
      await append("a", 3);
      const first = await start();
      await first.deliveries.wake();
      await eventually(() => expect([...first.transport.waiting.keys()]).toEqual(["a@1"]));
      first.transport.answer("a@1", TAKEN);
      await eventually(() => expect([...first.transport.waiting.keys()]).toEqual(["a@2"]));
      // The object is gone; its storage is not.
      const second = await start();
      void second.deliveries.wentOff();
      await eventually(() => expect([...second.transport.waiting.keys()]).toEqual(["a@2"]));
      second.transport.answer("a@2", TAKEN);
      await eventually(() => expect([...second.transport.waiting.keys()]).toEqual(["a@3"]));
      second.transport.answer("a@3", TAKEN);
      await eventually(() => expect(second.deliveries.ledger?.pending).toBe(0));
      expect(second.transport.order).toEqual(["a@2", "a@3"]);
    }));

  it("stop when the other side is gone for good, and announce that", () =>
    inMemory("memory-gone", async ({ append, start }) => {
      const announced: string[] = [];
      const said = vi.spyOn(console, "error").mockImplementation(() => {});
      const { transport, deliveries } = await start({ ...SILENT, disabled: (reason) => void announced.push(reason) });
      await append("a", 2);
      await deliveries.wake();
      await eventually(() => expect(transport.waiting.size).toBe(1));
      transport.answer("a@1", { ...REFUSED, isGone: true });
      await eventually(() => expect(deliveries.life.status).toBe("failed"));
      expect(announced).toEqual(["gone"]);
      expect(transport.order).toEqual(["a@1"]);
      expect(said).toHaveBeenCalledOnce();
    }));
});
