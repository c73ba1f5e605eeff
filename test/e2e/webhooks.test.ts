/** Promise 6 when everything is killed, and the queue's messages are lost, in the middle of a burst to several endpoints. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, until } from "../../scripts/client.ts";
import { Receiver, accept } from "../../scripts/receiver.ts";
import { WEBHOOK_IN_FLIGHT } from "../../src/core/limits.ts";
import { Server } from "./server.ts";

const STREAMS = 50;
const EVENTS = 500;
const CRASHES = 2;

describe("a burst of 500 events to three endpoints, in which the store is killed twice", () => {
  let server: Server;
  const receivers: Receiver[] = [];

  beforeAll(async () => {
    server = await Server.start();
    const { client } = server;
    await made(client.call("/streams/reading", {}, {}, "PUT"));
    for (let index = 0; index < 3; index++) {
      const receiver = await Receiver.listen();
      receivers.push(receiver);
      const { secret } = await made(client.call<{ secret: string }>("/webhooks", { url: receiver.url, categories: ["reading"] }));
      receiver.secret = secret;
    }
    const [, slow, flaky] = receivers as [Receiver, Receiver, Receiver];
    slow.answer = (response) => void setTimeout(() => accept(response), 10);
    const failed = new Set<string>();
    flaky.answer = (response, { id, event }) => {
      if (event.position % 20 !== 0 || failed.has(id)) return accept(response);
      failed.add(id);
      response.writeHead(500).end();
    };
    for (let stream = 0; stream < STREAMS; stream++) {
      const events = Array.from({ length: EVENTS / STREAMS }, (_, value) => ({ type: "Read", data: { value } }));
      await made(client.call(`/streams/reading/s${stream}`, { events }));
    }
    for (let crash = 1; crash <= CRASHES; crash++) {
      const enough = crash * 100;
      await until("deliveries", () => receivers.every(({ deliveries }) => deliveries.length >= enough) || undefined);
      await server.crash();
      await server.startAgain();
    }
    await until("the last delivery", () => receivers.every((receiver) => accepted(receiver, failed).size === EVENTS) || undefined);
  });
  afterAll(async () => {
    for (const receiver of receivers) receiver.close();
    await server.stop();
  });

  it.each([0, 1, 2])("endpoint %i gets every event, with a valid signature", (index) => {
    const { deliveries, refused } = receivers[index] as Receiver;
    expect(new Set(deliveries.map(({ event }) => `${event.stream}/${event.version}`)).size).toBe(EVENTS);
    expect(refused).toEqual([]);
  });

  it.each([0, 1, 2])("endpoint %i gets each stream's events in order", (index) => {
    const { deliveries } = receivers[index] as Receiver;
    for (const [stream, ofStream] of Map.groupBy(deliveries, ({ event }) => event.stream)) {
      const versions = [...new Set(ofStream.map(({ event }) => event.version))];
      expect({ stream, versions }).toEqual({ stream, versions: Array.from({ length: EVENTS / STREAMS }, (_, version) => version + 1) });
    }
  });

  it.each([0, 1])("endpoint %i gets only what was under way again, under the same id", (index) => {
    const { deliveries } = receivers[index] as Receiver;
    const byEvent = Map.groupBy(deliveries, ({ event }) => `${event.stream}/${event.version}`);
    for (const [, attempts] of byEvent) expect(new Set(attempts.map(({ id }) => id)).size).toBe(1);
    expect(deliveries.length - EVENTS).toBeLessThanOrEqual(CRASHES * WEBHOOK_IN_FLIGHT);
  });

  it("leaves the ledger in order", async () => {
    const { webhooks } = await until("the books", async () => {
      const answer = await server.client.get<{ webhooks: { pending: number; parked: number }[] }>("/webhooks");
      return answer.webhooks.every(({ pending }) => pending === 0) ? answer : undefined;
    });
    expect(webhooks.map(({ pending, parked }) => ({ pending, parked }))).toEqual(
      Array.from({ length: 3 }, () => ({ pending: 0, parked: 0 })),
    );
  });
});

/** What was made, if it was. */
async function made<Body>(calling: Promise<Answer<Body>>): Promise<Body> {
  const { status, body } = await calling;
  if (status !== 201) throw new Error(`answered ${status} ${JSON.stringify(body)}`);
  return body;
}

/** Ids of the deliveries that were answered with a success, at last. */
function accepted({ deliveries }: Receiver, failed: ReadonlySet<string>): Set<string> {
  const attempts = Map.groupBy(deliveries, ({ id }) => id);
  return new Set([...attempts].filter(([id, { length }]) => length > (failed.has(id) ? 1 : 0)).map(([id]) => id));
}
