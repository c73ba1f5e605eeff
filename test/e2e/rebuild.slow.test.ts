/** A developer changes a view of the running shop and deploys: queries are answered throughout, and the new table takes over. */

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../scripts/client.ts";
import { NOTIFY_AGAIN_MS } from "../../src/log/limits.ts";
import { Server } from "./server.ts";

const SKUS = 5;
const DELIVERIES = 400;

interface Page {
  readonly rows: readonly Record<string, unknown>[];
  readonly position: number;
}

describe("a shop whose stock view is changed", () => {
  let server: Server;
  /** What the query answered, in the order of asking. */
  const answers: { status: number; stale: boolean; columns: string; position: number }[] = [];
  let head: number;

  beforeAll(async () => {
    server = await Server.start();
    const { client } = server;
    for (let number = 0; number < DELIVERIES; number += 20) {
      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          client.call(`/aggregates/product/sku-${(number + index) % SKUS}/ReceiveStock`, { quantity: 1 }),
        ),
      );
    }
    const before = await client.get<Page>("/views/stock?consistency=strong", { prefer: "wait=30" });
    head = before.position;
    // Until the log has no wake-up left to send: else its alarm, and not the first query, is what begins to build.
    await sleep(NOTIFY_AGAIN_MS + 1_000);

    await server.crash();
    await server.startAgain({ main: "test/e2e/changed-shop.ts" });
    // As a visitor's page would, and no event comes that could wake the view.
    await until("the new table", async () => {
      const { status, headers, body } = await client.call<Page>("/views/stock");
      const columns = Object.keys(body.rows[0] ?? {}).join();
      answers.push({ status, stale: headers.get("headspring-stale") === "true", columns, position: body.position });
      await sleep(5);
      return columns.includes("onHand") || undefined;
    });
  });
  afterAll(() => server.stop());

  it("answers every query, and never at an earlier position than before", () => {
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(Math.min(...answers.map(({ position }) => position))).toBe(head);
  });

  it("marks its answers while the earlier definition gives them, and switches once", () => {
    expect([...new Set(answers.map(({ stale, columns }) => `${stale ? "stale" : "fresh"} ${columns}`))]).toEqual([
      "stale sku,available,reserved",
      "fresh sku,onHand,reserved,changes",
    ]);
  });

  it("ends with the rows that its new definition makes of the whole log", async () => {
    const { rows, position } = await server.client.get<Page>("/views/stock");
    expect(position).toBe(head);
    expect(rows).toEqual(
      Array.from({ length: SKUS }, (_, sku) => ({ sku: `sku-${sku}`, onHand: DELIVERIES / SKUS, reserved: 0, changes: DELIVERIES / SKUS })),
    );
  });
});
