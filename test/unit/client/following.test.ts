/** How the client goes on when a stream of events ends: where it was, soon after a good connection, and not at all after an error that stays. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createClient } from "../../../src/client/index.ts";
import type { shop } from "../../../src/shop/app.ts";

/** The most that a client waits for, in milliseconds: the pauses after many failures are half a minute. */
const LONG_MS = 30_000;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(1);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A client whose connections to the log are these, one after the other; then none is answered. */
function clientOf(...answers: ((signal?: AbortSignal | null) => Response)[]) {
  const asked: { readonly at: number; readonly lastId: string | null }[] = [];
  const client = createClient<typeof shop>("https://shop.example", {
    fetch(_url, init) {
      asked.push({ at: Date.now(), lastId: new Headers(init?.headers).get("last-event-id") });
      const answer = answers.shift();
      if (answer) return answer(init?.signal);
      return new Promise((_resolve, reject) =>
        init?.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))),
      );
    },
  });
  const abort = new AbortController();
  const positions: number[] = [];
  const loop = (async () => {
    for await (const { position } of client.log({ signal: abort.signal })) positions.push(position);
  })();
  return { asked, positions, loop, abort };
}

const event = (position: number) => `id: ${position}\nevent: event\ndata: {"position":${position}}\n\n`;

/** A connection that sends this, holds for so long, and ends in order, as a proxy ends one. */
function connection(text: string, ms = 0): (signal?: AbortSignal | null) => Response {
  return (signal) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(text));
        if (ms === 0) return controller.close();
        const timer = setTimeout(() => controller.close(), ms);
        signal?.addEventListener("abort", () => {
          clearTimeout(timer);
          controller.error(new DOMException("aborted", "AbortError"));
        });
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
}

describe("a loop over the log", () => {
  it("goes on where a connection has ended in order, without what had not arrived completely", async () => {
    const { asked, positions, loop, abort } = clientOf(
      connection(`${event(1)}${event(2)}id: 3\nevent: event\ndata: {"posi`),
      connection(event(3)),
    );
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(positions).toEqual([1, 2, 3]);
    expect(asked.map(({ lastId }) => lastId)).toEqual([null, "2", "3"]);
    abort.abort();
    await loop;
  });

  it("waits longer after each connection that ends at once, and only a moment after one that has held", async () => {
    const short = connection(": nothing new\n\n");
    const { asked, loop, abort } = clientOf(short, short, short, short, connection(": nothing new\n\n", 12_000), short);
    await vi.advanceTimersByTimeAsync(LONG_MS);
    const pauses = asked.slice(1).map(({ at }, index) => at - (asked[index]?.at ?? 0));
    const [first = 0] = pauses;
    expect(pauses).toEqual([first, 2 * first, 4 * first, 8 * first, 12_000 + first, 2 * first]);
    abort.abort();
    await loop;
  });

  it("drops a connection that has said nothing for so long that it must be dead", async () => {
    const { asked, positions, loop, abort } = clientOf(connection(event(1), 10 * LONG_MS), connection(event(2)));
    await vi.advanceTimersByTimeAsync(2 * LONG_MS);
    expect(asked.map(({ lastId }) => lastId)).toEqual([null, "1", "2"]);
    expect(positions).toEqual([1, 2]);
    abort.abort();
    await loop;
  });
});
