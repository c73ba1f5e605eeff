/** Promise 1, and with it all others, when processes are killed without warning and the queue's messages are lost. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../scripts/client.ts";
import { Receiver, accept } from "../../scripts/receiver.ts";
import { Server } from "./server.ts";
import { type Aftermath, atRest, itHasKeptItsPromises, openShop, orders, placeOrders } from "./shop.ts";

/** A shop of its own, in which this happens, and which is looked at when it is at rest again. */
function shopWhere(happens: (server: Server) => Promise<string[]>) {
  const shop = {} as { server: Server; receiver: Receiver; aftermath: Aftermath }; // filled below, before any test
  beforeAll(async () => {
    shop.receiver = await Receiver.listen();
    shop.server = await Server.start();
    await openShop(shop.server.client, shop.receiver);
    const acknowledged = await happens(shop.server);
    shop.aftermath = await atRest(shop.server.client, shop.receiver, acknowledged);
  });
  afterAll(async () => {
    shop.receiver.close();
    await shop.server.stop();
  });
  return shop;
}

describe("a store whose every process is killed, again and again, while orders come in", () => {
  const shop = shopWhere(async (server) => {
    const coming = orders(100);
    const acknowledged: string[] = [];
    // The first crash comes as early as can be, the others in full swing.
    for (const after of [1, 12, 9, 6]) {
      acknowledged.push(...(await placeOrders(server.client, coming, { after, act: () => server.crash(), last: true })));
      await server.startAgain();
    }
    return acknowledged;
  });

  itHasKeptItsPromises(() => shop.aftermath);

  it("repeats a delivery that was under way, under the same id (promise 6)", async () => {
    const { server, receiver } = shop;
    const { client } = server;
    receiver.answer = () => {}; // leaves the server waiting
    const received = await client.call("/aggregates/product/melon/ReceiveStock", { quantity: 1 });
    expect(received.status).toBe(200);
    const placed = await client.call("/aggregates/order/late/PlaceOrder", {
      customer: "a customer",
      lines: [{ sku: "melon", quantity: 1 }],
    });
    expect(placed.status).toBe(200);
    const deliveries = () => receiver.deliveries.filter(({ event }) => event.stream === "order/late");
    await until("the delivery", () => deliveries()[0]);

    await server.crash();
    receiver.answer = accept;
    await server.startAgain();
    const repeated = await until("its repetition", () => deliveries()[1]);
    expect(repeated).toEqual(deliveries()[0]);
    expect(receiver.refused).toEqual([]);
  });
});

describe("a store whose runtime is killed while orders come in", () => {
  const shop = shopWhere((server) => placeOrders(server.client, orders(24), { after: 6, act: () => server.crashRuntime(), last: false }));

  itHasKeptItsPromises(() => shop.aftermath);
});
