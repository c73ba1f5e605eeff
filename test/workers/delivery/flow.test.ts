/** One order on its way through everything, with the queue delivering by itself. */

import { describe, expect, it } from "vitest";
import { freshStore, read } from "../support.ts";

const LINES = [
  { sku: "tea", quantity: 2 },
  { sku: "cup", quantity: 1 },
];

async function shop(stock: Record<string, number>) {
  const store = freshStore("shop");
  for (const [sku, quantity] of Object.entries(stock)) await store.post(`/aggregates/product/${sku}/ReceiveStock`, { quantity });
  const place = (id: string, lines = LINES) => store.post(`/aggregates/order/${id}/PlaceOrder`, { customer: "Ada", lines });
  /** The order once it is neither new nor just placed. */
  const settled = (id: string) => expect.poll(async () => (await store.json(`/aggregates/order/${id}`)).state.status, { timeout: 20_000 });
  const stockOf = async (sku: string) => read(await store.get(`/views/stock/${sku}?consistency=strong`, { prefer: "wait=20" }));
  return { ...store, place, settled, stockOf };
}

describe("an order", { timeout: 60_000 }, () => {
  it("whose lines can all be had becomes ready, and is seen in the view", async () => {
    const { place, get, settled, stockOf, log } = await shop({ tea: 5, cup: 1 });
    await place("42");
    const row = await read(await get("/views/ready-orders/42", { prefer: "wait=20" }));
    expect(row).toEqual({ orderId: "42", customer: "Ada", lines: LINES, readySince: expect.any(String) });
    await settled("42").toBe("ready");
    expect(await stockOf("tea")).toEqual({ sku: "tea", available: 3, reserved: 2 });
    expect(await stockOf("cup")).toEqual({ sku: "cup", available: 0, reserved: 1 });
    expect((await log()).map(({ type }) => type).toSorted()).toEqual(
      [
        "StockReceived",
        "StockReceived",
        "OrderPlaced",
        "StockReserved",
        "StockReserved",
        "OrderLineReserved",
        "OrderLineReserved",
        "OrderReady",
      ].toSorted(),
    );
  });

  it("of which one line cannot be had is rejected, and gives the others back", async () => {
    const { place, settled, stockOf, get } = await shop({ tea: 5 });
    await place("43");
    await settled("43").toBe("rejected");
    await expect.poll(() => stockOf("tea"), { timeout: 20_000 }).toEqual({ sku: "tea", available: 5, reserved: 0 });
    expect((await get("/views/ready-orders/43")).status).toBe(404);
  });

  it("competes with others: the stock goes to as many as it suffices for, and is never sold twice", async () => {
    const { place, settled, stockOf, json } = await shop({ tea: 4, cup: 10 });
    const ids = ["1", "2", "3", "4"];
    await Promise.all(ids.map((id) => place(id)));
    for (const id of ids) await settled(id).not.toBe("placed");
    const states = await Promise.all(ids.map(async (id) => (await json(`/aggregates/order/${id}`)).state.status));
    expect(states.filter((status) => status === "ready")).toHaveLength(2);
    await expect.poll(() => stockOf("tea"), { timeout: 20_000 }).toEqual({ sku: "tea", available: 0, reserved: 4 });
    await expect.poll(() => stockOf("cup"), { timeout: 20_000 }).toEqual({ sku: "cup", available: 8, reserved: 2 });
  });
});
