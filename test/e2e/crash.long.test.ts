/**
 * Promises 1 to 9, when processes are killed without warning and the queue's messages are lost: `npm run test:crash` for a short time.
 * What is checked, and how, is in `test/crash`.
 */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../scripts/client.ts";
import { Receiver, accept } from "../../scripts/receiver.ts";
import { type Report, crash } from "../crash/crash.ts";
import { IS_LONG } from "../effort.ts";
import { Server } from "./server.ts";

/** Begun rounds are ended. Ours: some four rounds. */
const LONG_SECONDS = 60;
/** Half a minute is what it takes; a store that does not come to rest is given up after two, and then that is what must be said. */
const PATIENCE_MS = 300_000;

describe("a store that is killed again and again under load", () => {
  let report: Report;
  beforeAll(async () => {
    report = await crash({ seed: 20261121, seconds: IS_LONG ? LONG_SECONDS : 0, kills: 2, pauseMs: 1_500 });
  }, PATIENCE_MS);

  it("has kept its promises", () => {
    expect(report.violations).toEqual([]);
  });

  it("had something to promise", () => {
    const { rounds = 0 } = report.counts;
    expect(rounds).toBeGreaterThanOrEqual(1);
    expect(report.counts.kills).toBe(3 * rounds);
    for (const [what, least] of Object.entries({ acknowledged: 30, "events in the logs": 60, "connections of subscribers": 16 }))
      expect(report.counts[what], what).toBeGreaterThanOrEqual(least);
  });
});

describe("a store that is killed while a webhook's endpoint makes up its mind", () => {
  let server: Server;
  let receiver: Receiver;
  beforeAll(async () => {
    receiver = await Receiver.listen();
    server = await Server.start();
  });
  afterAll(async () => {
    receiver.close();
    await server.stop();
  });

  it("repeats the delivery that was under way, under the same id (promise 6)", async () => {
    const { client } = server;
    const webhook = await client.call<{ secret: string }>("/webhooks", { url: receiver.url, types: ["StockReceived"] });
    receiver.secret = webhook.body.secret;
    receiver.answer = () => {}; // leaves the server waiting
    expect((await client.call("/aggregates/product/melon/ReceiveStock", { quantity: 1 })).status).toBe(200);
    await until("the delivery", () => receiver.deliveries[0]);

    await server.crash();
    receiver.answer = accept;
    await server.startAgain();
    const repeated = await until("its repetition", () => receiver.deliveries[1]);
    expect(repeated).toEqual(receiver.deliveries[0]);
    expect(receiver.refused).toEqual([]);
  });
});
