/** Orders by the dozen, and what must be true of a store once it has dealt with them. */

import { expect, it, vi } from "vitest";
import type { Client, ShopEvent } from "../../scripts/client.ts";
import type { Receiver } from "../../scripts/receiver.ts";

/** Milliseconds until everything must be at rest after a crash. The log rings again after five seconds. */
const REST_TIMEOUT_MS = 60_000;
/** Orders that are being placed at the same time. */
const CLERKS = 8;

const STOCK = { apple: 40, pear: 25, plum: 15, fig: 8, quince: 2 };
const SKUS = Object.keys(STOCK);

interface Order {
  readonly id: string;
  /** Half of them ask to be acknowledged at once, when only an alarm stands for it that their events will reach the log. */
  readonly prefer: string;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
}

/** Orders of one to three products each. The stock is not enough for all of them. */
export function* orders(count: number): Generator<Order> {
  for (let number = 0; number < count; number++) {
    const lines = [0, 1, 2].slice(0, 1 + (number % 3));
    yield {
      id: `order-${number}`,
      prefer: number % 2 === 0 ? "wait=0" : "wait=10",
      lines: lines.map((line) => ({ sku: SKUS[(number + 2 * line) % SKUS.length] ?? "", quantity: 1 + ((number + line) % 3) })),
    };
  }
}

/** A webhook for every ready order, and goods on the shelves. */
export async function openShop(client: Client, receiver: Receiver): Promise<void> {
  const webhook = await client.call<{ secret: string }>("/webhooks", { url: receiver.url, types: ["OrderReady"] });
  expect(webhook.status).toBe(201);
  receiver.secret = webhook.body.secret;
  for (const [sku, quantity] of Object.entries(STOCK)) {
    expect((await client.call(`/aggregates/product/${sku}/ReceiveStock`, { quantity })).status).toBe(200);
  }
}

/** What happens while orders are being placed. */
interface Incident {
  /** The moment: when so many orders have been acknowledged. */
  readonly after: number;
  readonly act: () => Promise<void>;
  /** Whether that is the end of placing orders. */
  readonly last: boolean;
}

/**
 * Places orders, each once, several at a time.
 *
 * @returns the ids of those acknowledged: of all others nothing is promised
 */
export async function placeOrders(client: Client, orders: Generator<Order>, { after, act, last }: Incident): Promise<string[]> {
  const acknowledged: string[] = [];
  let incident: Promise<void> | undefined;
  let open = true;
  async function clerk(): Promise<void> {
    while (open) {
      const { value: order } = orders.next();
      if (!order) return;
      const { id, lines, prefer } = order;
      const placing = client.call(`/aggregates/order/${id}/PlaceOrder`, { customer: "a customer", lines }, { prefer });
      const answer = await placing.catch(() => undefined);
      if (answer?.status !== 200) continue;
      acknowledged.push(id);
      if (acknowledged.length !== after) continue;
      incident = act();
      open = !last;
    }
  }
  await Promise.all(Array.from({ length: CLERKS }, clerk));
  expect(acknowledged.length).toBeGreaterThanOrEqual(after);
  await incident;
  return acknowledged;
}

/** A store at rest, after whatever has happened to it. */
export interface Aftermath {
  readonly client: Client;
  readonly receiver: Receiver;
  /** Orders whose placing got a 200. */
  readonly acknowledged: readonly string[];
  readonly log: readonly ShopEvent[];
}

/** Waits, without giving the store any reason to do anything, until it has nothing left to do. */
export async function atRest(client: Client, receiver: Receiver, acknowledged: readonly string[]): Promise<Aftermath> {
  const log = await vi.waitFor(
    async () => {
      const log = await client.log();
      const ends = endsOf(log);
      const { consumers } = await client.get<{ consumers: { name: string; lag: number }[] }>("/consumers");
      const { webhooks } = await client.get<{ webhooks: { pending: number; parked: number }[] }>("/webhooks");
      expect({
        withoutEnd: [...new Set([...acknowledged, ...placedIn(log)])].filter((id) => !ends.has(id)),
        rejectedButHoldingStock: [...heldIn(log)].filter((id) => ends.get(id) === "OrderRejected"),
        consumersBehind: consumers.filter(({ lag }) => lag > 0),
        deliveries: webhooks.map(({ pending, parked }) => ({ pending, parked })),
      }).toEqual({ withoutEnd: [], rejectedButHoldingStock: [], consumersBehind: [], deliveries: [{ pending: 0, parked: 0 }] });
      return log;
    },
    { timeout: REST_TIMEOUT_MS, interval: 200 },
  );
  return { client, receiver, acknowledged, log };
}

/** The promises that a crash must not break, as tests of what is there afterwards. */
export function itHasKeptItsPromises(aftermath: () => Aftermath): void {
  it("has brought every acknowledged order to its end (promise 1)", () => {
    const { acknowledged, log } = aftermath();
    const ends = endsOf(log);
    expect(acknowledged.filter((id) => !ends.has(id))).toEqual([]);
    // Else the stock is not what makes this test worth its while.
    expect(new Set(ends.values())).toEqual(new Set(["OrderReady", "OrderRejected"]));
  });

  it("has the log's positions from 1 to its head, without a hole (promise 3)", async () => {
    const { client, log } = aftermath();
    const { head } = await client.get<{ head: number }>("/log/head");
    expect(log.map(({ position }) => position)).toEqual(Array.from({ length: head }, (_, index) => index + 1));
  });

  it("has every stream's events in the log, in the stream's order, each once (promise 3)", async () => {
    const { client, log } = aftermath();
    for (const [stream, logged] of Map.groupBy(log, ({ stream }) => stream)) {
      const { events } = await client.get<{ events: ShopEvent[] }>(`/streams/${stream}?limit=1000&positions=true`);
      expect({ stream, events }).toEqual({ stream, events: logged });
      expect(events.map(({ version }) => version)).toEqual(events.map((_, index) => index + 1));
    }
  });

  it("has every ready order in the view, once, and no other (promise 4)", async () => {
    const { client, log } = aftermath();
    const { rows } = await client.get<{ rows: { orderId: string }[] }>("/views/ready-orders?limit=200");
    expect(rows.map(({ orderId }) => orderId).toSorted()).toEqual(readyIn(log).toSorted());
  });

  it("shows the stock that the log adds up to (promise 4)", async () => {
    const { client, log } = aftermath();
    const { rows } = await client.get<{ rows: { sku: string }[] }>("/views/stock?limit=200");
    expect(Object.fromEntries(rows.map(({ sku, ...pieces }) => [sku, pieces]))).toEqual(stockIn(log));
    for (const { available } of Object.values(stockIn(log))) expect(available).toBeGreaterThanOrEqual(0);
  });

  it("has reacted to every order once (promise 5)", () => {
    const { log } = aftermath();
    const reactions = log.filter(({ data }) => data.order !== undefined).map(({ stream, type, data }) => `${stream} ${type} ${data.order}`);
    expect(reactions.filter((reaction, index) => reactions.indexOf(reaction) !== index)).toEqual([]);
  });

  it("has delivered every ready order to the webhook, signed (promise 6)", () => {
    const { receiver, log } = aftermath();
    expect(receiver.refused).toEqual([]);
    expect(new Set(receiver.deliveries.map(({ event }) => event.stream))).toEqual(new Set(readyIn(log).map((id) => `order/${id}`)));
    for (const [id, repeats] of Map.groupBy(receiver.deliveries, ({ id }) => id)) {
      for (const { event } of repeats) expect({ id, event }).toEqual({ id, event: log[event.position - 1] });
    }
  });
}

/** How every order ended that has. */
function endsOf(log: readonly ShopEvent[]): Map<string, string> {
  const ends = log.filter(({ type }) => type === "OrderReady" || type === "OrderRejected");
  return new Map(ends.map(({ stream, type }) => [idOf(stream), type]));
}

function readyIn(log: readonly ShopEvent[]): string[] {
  return log.filter(({ type }) => type === "OrderReady").map(({ stream }) => idOf(stream));
}

function placedIn(log: readonly ShopEvent[]): Set<string> {
  return new Set(log.filter(({ type }) => type === "OrderPlaced").map(({ stream }) => idOf(stream)));
}

/** Orders for which stock is reserved. */
function heldIn(log: readonly ShopEvent[]): Set<string> {
  const held = new Map<string, string>();
  for (const { stream, type, data } of log) {
    if (type === "StockReserved") held.set(`${stream} ${data.order}`, data.order ?? "");
    if (type === "StockReleased") held.delete(`${stream} ${data.order}`);
  }
  return new Set(held.values());
}

/** Pieces by product, added up from the events. */
function stockIn(log: readonly ShopEvent[]): Record<string, { available: number; reserved: number }> {
  const stock: Record<string, { available: number; reserved: number }> = {};
  for (const { stream, type, data } of log.filter(({ stream }) => stream.startsWith("product/"))) {
    const pieces = (stock[idOf(stream)] ??= { available: 0, reserved: 0 });
    const quantity = data.quantity ?? 0;
    if (type === "StockReceived") pieces.available += quantity;
    if (type === "StockReserved") [pieces.available, pieces.reserved] = [pieces.available - quantity, pieces.reserved + quantity];
    if (type === "StockReleased") [pieces.available, pieces.reserved] = [pieces.available + quantity, pieces.reserved - quantity];
  }
  return stock;
}

function idOf(stream: string): string {
  return stream.slice(stream.indexOf("/") + 1);
}
