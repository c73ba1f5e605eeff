/** One order on its way through everything, with the queue delivering by itself. */

import { describe, expect, it } from "vitest";
import { freshStore, read } from "../support.ts";
import { eventually } from "./support.ts";

const LINES = [
  { sku: "tea", quantity: 2 },
  { sku: "cup", quantity: 1 },
];

async function shop(stock: Record<string, number>) {
  const store = freshStore("shop");
  for (const [sku, quantity] of Object.entries(stock)) await store.post(`/aggregates/product/${sku}/ReceiveStock`, { quantity });
  const place = (id: string, lines = LINES) => store.post(`/aggregates/order/${id}/PlaceOrder`, { customer: "a customer", lines });
  const statusOf = async (id: string) => (await store.json(`/aggregates/order/${id}`)).state.status;
  const stockOf = async (sku: string) => read(await store.get(`/views/stock/${sku}?consistency=strong`, { prefer: "wait=20" }));
  return { ...store, place, statusOf, stockOf };
}

describe("an order", () => {
  it("whose lines are all in stock becomes ready, and shows in the view", async () => {
    const { place, get, statusOf, stockOf, log } = await shop({ tea: 5, cup: 1 });
    await place("42");
    const row = await read(await get("/views/ready-orders/42", { prefer: "wait=20" }));
    expect(row).toEqual({ orderId: "42", customer: "a customer", lines: LINES, readySince: expect.any(String) });
    await eventually(async () => expect(await statusOf("42")).toBe("ready"));
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

  it("with a line that is out of stock is rejected, and gives the other lines back", async () => {
    const { place, statusOf, stockOf, get } = await shop({ tea: 5 });
    await place("43");
    await eventually(async () => expect(await statusOf("43")).toBe("rejected"));
    await eventually(async () => expect(await stockOf("tea")).toEqual({ sku: "tea", available: 5, reserved: 0 }));
    expect((await get("/views/ready-orders/43")).status).toBe(404);
  });

  it("competes with others: the stock goes to as many orders as it is enough for, and is never sold twice", async () => {
    const { place, statusOf, stockOf } = await shop({ tea: 4, cup: 10 });
    const ids = ["1", "2", "3", "4"];
    await Promise.all(ids.map((id) => place(id)));
    for (const id of ids) await eventually(async () => expect(await statusOf(id)).not.toBe("placed"));
    const statuses = await Promise.all(ids.map(statusOf));
    expect(statuses.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(["ready", "ready", "rejected", "rejected"]);
    await eventually(async () => expect(await stockOf("tea")).toEqual({ sku: "tea", available: 0, reserved: 4 }));
    await eventually(async () => expect(await stockOf("cup")).toEqual({ sku: "cup", available: 8, reserved: 2 }));
  });
});
