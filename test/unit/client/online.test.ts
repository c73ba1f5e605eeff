/** What the client does when the browser has a network again: nothing waits any longer, and what was on its way is asked for again. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { shop } from "../../../src/shop/app.ts";
import { createClient, createOutbox } from "../../../src/client/index.ts";
import { pause } from "../../../src/client/pause.ts";

/** Longer than any test. */
const LONG_MS = 1_000_000;

let browser: EventTarget;
beforeEach(() => {
  browser = new EventTarget();
  vi.stubGlobal("navigator", { onLine: false });
  vi.stubGlobal("addEventListener", browser.addEventListener.bind(browser));
  vi.stubGlobal("removeEventListener", browser.removeEventListener.bind(browser));
});
afterEach(() => vi.unstubAllGlobals());
const online = () => browser.dispatchEvent(new Event("online"));

/** Requests that are never answered, until they are aborted. */
function hanging() {
  const requests: { readonly url: string; readonly key: string | null; readonly lastId: string | null }[] = [];
  const arrivals = new EventTarget();
  return {
    requests,
    fetch(url: string, init?: RequestInit): Promise<Response> {
      const headers = new Headers(init?.headers);
      requests.push({ url, key: headers.get("idempotency-key"), lastId: headers.get("last-event-id") });
      arrivals.dispatchEvent(new Event("arrival"));
      return new Promise((_resolve, reject) =>
        init?.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))),
      );
    },
    async count(wanted: number): Promise<void> {
      while (requests.length < wanted) await new Promise((resolve) => arrivals.addEventListener("arrival", resolve, { once: true }));
    },
  };
}

describe("when the browser is online again,", () => {
  it("every pause ends, and no listener is left behind", async () => {
    const added = vi.spyOn(browser, "addEventListener");
    const removed = vi.spyOn(browser, "removeEventListener");
    vi.stubGlobal("addEventListener", browser.addEventListener.bind(browser));
    vi.stubGlobal("removeEventListener", browser.removeEventListener.bind(browser));
    const pauses = [pause(LONG_MS), pause(LONG_MS)];
    const abort = new AbortController();
    const aborted = pause(LONG_MS, abort.signal);
    abort.abort();
    await aborted;
    online();
    await Promise.all(pauses);
    await pause(0);
    expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([4, 4]);
  });

  it("an outbox repeats the request that was under way, with the same key", async () => {
    const network = hanging();
    const outbox = createOutbox(createClient<typeof shop>("https://shop.example", { fetch: network.fetch }));
    void outbox.product("apple").ReceiveStock({ quantity: 10 });
    await network.count(1);
    online();
    await network.count(2);
    expect(network.requests[1]).toEqual(network.requests[0]);
    expect(outbox.commands).toHaveLength(1);
  });

  it("a live loop drops a connection that may be dead, and goes on where it was", async () => {
    const network = hanging();
    let streams = 0;
    const client = createClient<typeof shop>("https://shop.example", {
      fetch(url, init) {
        const isFirst = streams++ === 0;
        if (!isFirst) return network.fetch(url, init);
        // It has begun, and then says nothing more.
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => {
            controller.enqueue(new TextEncoder().encode('id: 7\nevent: event\ndata: {"position":7}\n\n'));
            init?.signal?.addEventListener("abort", () => controller.error(new DOMException("aborted", "AbortError")));
          },
        });
        return new Response(body, { headers: { "content-type": "text/event-stream" } });
      },
    });
    const abort = new AbortController();
    const loop = (async () => {
      for await (const event of client.log({ signal: abort.signal })) {
        expect(event.position).toBe(7);
        setTimeout(online); // when the loop waits for the next one
      }
    })();
    await network.count(1);
    expect(network.requests[0]?.lastId).toBe("7");
    abort.abort();
    await loop;
  });
});
