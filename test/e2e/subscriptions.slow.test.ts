/** Promise 3 for those who follow the log live: they resume across crashes, and have seen every position once. */

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ShopEvent, until } from "../../scripts/client.ts";
import { EventStream } from "../event-stream.ts";
import { Server } from "./server.ts";

/** Writers at work at the same time, each on a product of its own. */
const WRITERS = 6;

/** Somebody who follows the log, and comes back wherever the connection has broken. */
interface Follower {
  readonly positions: number[];
  /** How often it was connected. */
  connections: number;
}

let server: Server;
/** Aborted when nobody has to follow any more. */
const over = new AbortController();
beforeAll(async () => {
  server = await Server.start();
});
afterAll(async () => {
  over.abort();
  await server.stop();
});

function followEventStream(): Follower {
  const follower: Follower = { positions: [], connections: 0 };
  let lastEventId = "0";
  void comeBack(async () => {
    const { body } = await fetch(`${server.client.url}/log`, { headers: { accept: "text/event-stream", "last-event-id": lastEventId } });
    if (!body) return;
    follower.connections += 1;
    const stream = new EventStream(body as ReadableStream<Uint8Array>, lastEventId);
    for (let message = await stream.next(); message; message = await stream.next()) {
      lastEventId = stream.lastEventId;
      follower.positions.push((JSON.parse(message.data) as ShopEvent).position);
    }
  });
  return follower;
}

function followWebSocket(): Follower {
  const follower: Follower = { positions: [], connections: 0 };
  void comeBack(async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const socket = new WebSocket(`${server.client.url.replace("http", "ws")}/log?after=${follower.positions.at(-1) ?? 0}`);
    socket.addEventListener("open", () => void (follower.connections += 1));
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data as string) as { checkpoint?: unknown; position: number };
      if (message.checkpoint) socket.send(data as string);
      else follower.positions.push(message.position);
    });
    socket.addEventListener("close", () => resolve());
    socket.addEventListener("error", () => resolve());
    await closed;
  });
  return follower;
}

async function comeBack(connect: () => Promise<void>): Promise<void> {
  while (!over.signal.aborted) {
    await connect().catch(() => {});
    await sleep(100);
  }
}

describe("followers of a store that is killed again and again while others write", () => {
  const followers: Record<string, Follower> = {};
  let log: ShopEvent[];

  beforeAll(async () => {
    followers.eventStream = followEventStream();
    followers.webSocket = followWebSocket();
    const enoughWritten = new AbortController();
    let acknowledged = 0;
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      while (!enoughWritten.signal.aborted) {
        const answer = await server.client.call(`/aggregates/product/p-${writer}/ReceiveStock`, { quantity: 1 }).catch(() => undefined);
        if (answer?.status === 200) acknowledged += 1;
        else await sleep(50);
      }
    });
    for (let crash = 1; crash <= 2; crash++) {
      const enough = acknowledged + 60;
      await until("writes", () => acknowledged >= enough || undefined);
      // Both are live when it happens.
      for (const { connections } of Object.values(followers)) await until("a connection", () => connections >= crash || undefined);
      await server.crash();
      await server.startAgain();
    }
    await until("more writes", () => acknowledged >= 180 || undefined);
    enoughWritten.abort();
    await Promise.all(writers);
    log = await server.client.log();
    for (const follower of Object.values(followers))
      await until("the last event", () => (follower.positions.at(-1) ?? 0) >= log.length || undefined);
  });

  it.each(["eventStream", "webSocket"])("the one over %s sees every position, in order, once", (name) => {
    expect(log.length).toBeGreaterThanOrEqual(180);
    expect(followers[name]?.positions).toEqual(log.map((_, index) => index + 1));
  });

  it.each(["eventStream", "webSocket"])("the one over %s is cut off every time", (name) => {
    expect(followers[name]?.connections).toBeGreaterThanOrEqual(3);
  });
});
