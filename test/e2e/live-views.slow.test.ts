/** A live view across crashes of the whole store: a reader that applies its messages ends with the rows of the view. */

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../scripts/client.ts";
import { LiveRows } from "../live-rows.ts";
import { Server } from "./server.ts";

/** Writers at work at the same time, each on products of its own. */
const WRITERS = 4;

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.stop());

const get = (path: string, headers: Record<string, string>) => fetch(server.client.url + path, { headers });

describe("readers of a live view whose store is killed again and again while others write", () => {
  it.each(["/views/stock?sort=sku", "/views/stock?available.gte=10"])("end with the rows that %s has", async (query) => {
    const path = query.replace("?sort=sku", "");
    const reader = await LiveRows.start(get, path, "sku");
    let connections = 0;
    // A connection that breaks is made again until the last row is there, not until the last write.
    const [over, read] = [new AbortController(), new AbortController()];
    let written = 0;
    const following = (async () => {
      while (!read.signal.aborted) {
        await reader
          .connect()
          .then(() => (connections += 1))
          .then(() => reader.end())
          .catch(() => {});
        await sleep(50);
      }
    })();
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let n = 0; !over.signal.aborted; n++) {
        const answer = await server.client
          .call(`/aggregates/product/${writer}-${n % 8}/${n % 3 === 2 ? "ReserveStock" : "ReceiveStock"}`, {
            quantity: 3,
            ...(n % 3 === 2 ? { order: `${writer}-${n}` } : {}),
          })
          .catch(() => undefined);
        if (answer?.status === 200) written += 1;
        else await sleep(50);
      }
    });
    for (let crash = 1; crash <= 2; crash++) {
      const [enough, again] = [written + 40, connections];
      await until("writes", () => written >= enough || undefined);
      await server.crash();
      await server.startAgain();
      await until("a connection", () => connections > again || undefined);
    }
    const last = written + 20;
    await until("more writes", () => written >= last || undefined);
    over.abort();
    await Promise.all(writers);
    const answer = await get(`${path}${path.includes("?") ? "&" : "?"}limit=200&consistency=strong`, { prefer: "wait=30" });
    const { rows, position } = await answer.json<{ rows: { sku: string }[]; position: number }>();
    await until("the last event", () => reader.position >= position || undefined);
    read.abort();
    await reader.close();
    await following;
    expect(rows.length).toBeGreaterThan(0);
    expect(reader.sorted).toEqual(rows.toSorted((a, b) => (a.sku < b.sku ? -1 : 1)));
    expect(connections).toBeGreaterThanOrEqual(3);
  });
});
