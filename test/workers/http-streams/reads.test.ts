/** A long answer is made as fast as it is taken, and no faster; and is never taken for whole when it is not. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { StreamReadRequest } from "../../../src/store/stream-reads.ts";
import { expectErrors } from "../errors.ts";
import { freshStore } from "../support.ts";

const STREAM = "/streams/reading/1";
const LINES = { accept: "application/x-ndjson" };

/** A store whose stream `reading/1` has this many events. */
async function filled(count: number) {
  const store = freshStore("reads");
  const events = Array.from({ length: count }, (_, value) => ({ type: "Read", data: { value } }));
  for (let at = 0; at < count; at += 1_000) {
    expect((await store.post(STREAM, { events: events.slice(at, at + 1_000) })).status).toBe(201);
  }
  return store;
}

describe("a stream as lines of JSON", () => {
  it("is read no faster than the client consumes it", async () => {
    const { get, store } = await filled(4_000);
    const reads = spyOnReads(store);
    const body = (await get(STREAM, LINES)).body as ReadableStream<Uint8Array>;
    const reader = body.getReader();
    expect(reads.requests).toHaveLength(1);
    await reader.read();
    await reader.read();
    expect(reads.requests.length).toBeLessThan(4);
    await reader.cancel();
    reads.restore();
    expect(reads.requests.length).toBeLessThan(4);
  });

  it("breaks off when the stream fails on the way", async () => {
    expectErrors(/the stream failed, as the test wants/);
    const { get, store } = await filled(2_500);
    const reads = spyOnReads(store, ({ from }) => from < 1_001);
    const response = await get(STREAM, LINES);
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow("as the test wants");
    reads.restore();
  });

  it("breaks off when the stream is deleted on the way", async () => {
    expectErrors(/the stream was deleted/);
    const { get, send } = await filled(2_500);
    const response = await get(STREAM, LINES);
    await send("DELETE", STREAM);
    await expect(response.arrayBuffer()).rejects.toThrow("the stream was deleted");
  });
});

/** Watches the reads of a store's streams, and lets those fail that do not pass. */
function spyOnReads(store: string, passes: (request: StreamReadRequest) => boolean = () => true) {
  const requests: StreamReadRequest[] = [];
  const getByName = env.STREAMS.getByName.bind(env.STREAMS);
  const spy = vi.spyOn(env.STREAMS, "getByName").mockImplementation((name) => {
    const real = getByName(name);
    if (!name.startsWith(`${store}/`)) return real;
    return new Proxy(real, {
      get(target, property) {
        if (property !== "read") return Reflect.get(target, property);
        return async (request: StreamReadRequest) => {
          requests.push(request);
          if (!passes(request)) throw new Error("the stream failed, as the test wants");
          return target.read(request);
        };
      },
    });
  });
  return { requests, restore: () => spy.mockRestore() };
}
