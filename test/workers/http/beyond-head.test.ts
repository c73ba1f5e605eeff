/** Promise 3: a reader whose position is beyond the head (of another log, or a restored one) is refused with the head, and misses nothing. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { quietStore } from "../delivery/support.ts";
import { read } from "../support.ts";

afterEach(() => vi.restoreAllMocks());

/** Sends nothing. */
const HOOK = { url: "http://beyond.test/", types: ["Never"] };
const LIVE = { accept: "text/event-stream" };

/** A store with three events. */
async function three() {
  const store = quietStore("beyond");
  for (let value = 1; value <= 3; value++) await store.read("s", value);
  return store;
}

describe.each([
  ["a page", (at: number) => [`/log?after=${at}`, {}]],
  ["a page with a filter", (at: number) => [`/log?after=${at}&type=None&stream=a/b`, {}]],
  ["a batch of CloudEvents", (at: number) => [`/log?after=${at}`, { accept: "application/cloudevents-batch+json" }]],
  ["an export", (at: number) => [`/log?after=${at}`, { accept: "application/x-ndjson" }]],
  ["server-sent events", (at: number) => [`/log?after=${at}`, LIVE]],
  ["server-sent events that are resumed", (at: number) => ["/log?after=1", { ...LIVE, "last-event-id": String(at) }]],
  ["a WebSocket", (at: number) => [`/log?after=${at}`, { upgrade: "websocket" }]],
  ["a live view", (at: number) => [`/views/values?after=${at}`, LIVE]],
  ["a live view that is resumed", (at: number) => ["/views/values", { ...LIVE, "last-event-id": String(at) }]],
] satisfies [string, (at: number) => [string, Record<string, string>]][])("%s", (_what, asked) => {
  it.each([4, 7, Number.MAX_SAFE_INTEGER])(
    "from position %d, with the head at 3, is refused, and the answer has the head",
    async (position) => {
      const { get } = await three();
      const response = await get(...asked(position));
      expect(response.webSocket ?? null).toBeNull();
      expect([response.status, await read(response)]).toMatchObject([409, { code: "position-beyond-head", head: 3, position }]);
    },
  );

  it("from the head itself is answered", async () => {
    const { get } = await three();
    const response = await get(...asked(3));
    expect([101, 200]).toContain(response.status);
    response.webSocket?.accept();
    response.webSocket?.close();
    await response.body?.cancel();
  });
});

it("a store that was never written to has no position to begin after", async () => {
  const { get } = quietStore("never");
  expect((await get("/log?after=0", LIVE)).status).toBe(200);
  expect((await get("/log?after=1", LIVE)).status).toBe(409);
});

it("reading backward, a position beyond the head shows everything", async () => {
  const { json } = await three();
  expect((await json("/log?direction=backward&after=9&limit=1")).events[0].position).toBe(3);
});

describe("refused at a position beyond the head, without beginning anywhere:", () => {
  it("a webhook", async () => {
    const { post, json } = await three();
    const response = await post("/webhooks", { ...HOOK, from: 4 });
    expect([response.status, await read(response)]).toMatchObject([409, { code: "position-beyond-head", head: 3 }]);
    expect((await json("/webhooks")).webhooks).toEqual(
      (await json("/webhooks")).webhooks.filter(({ origin }: { origin: string }) => origin === "code"),
    );
    expect((await post("/webhooks", { ...HOOK, from: 3 })).status).toBe(201);
  });

  it("a replay", async () => {
    const { post } = await three();
    const { id } = await read(await post("/webhooks", HOOK));
    const response = await post(`/webhooks/${id}/replay`, { from: 4 });
    expect([response.status, await read(response)]).toMatchObject([409, { code: "position-beyond-head", head: 3 }]);
    expect((await post(`/webhooks/${id}/replay`, { from: 3, to: 9 })).status).toBe(202);
  });

  it.each(["reset", "skip"])("a consumer's %s", async (action) => {
    const { post } = await three();
    for (const name of ["relay", "values"]) {
      const response = await post(`/consumers/${name}/${action}`, { position: 4 });
      expect([response.status, await read(response)]).toMatchObject([409, { code: "position-beyond-head", head: 3 }]);
    }
  });
});

describe("lagSeconds", () => {
  it("is the age of the first event that a consumer has not processed, and 0 when there is none", async () => {
    const { read: append, wake, json, post } = quietStore("lag");
    const second = 1_000;
    const now = vi.spyOn(Date, "now");
    const [begun] = [Date.now()];
    now.mockReturnValue(begun);
    await append("s", 1);
    await wake("values");
    now.mockReturnValue(begun + 10 * second);
    await append("s", 2);
    now.mockReturnValue(begun + 15 * second);
    await append("s", 3);
    now.mockReturnValue(begun + 20 * second);
    const named = async (name: string) => (await json("/consumers")).consumers.find((one: { name: string }) => one.name === name);
    expect(await named("values")).toMatchObject({ position: 1, lag: 2, lagSeconds: 10 });
    expect(await named("relay")).toMatchObject({ position: 0, lag: 3, lagSeconds: 20 });
    expect(await json("/consumers/relay")).toMatchObject({ lagSeconds: 20 });
    now.mockRestore();
    await wake("values");
    expect(await json("/consumers/values")).toMatchObject({ lag: 0, lagSeconds: 0 });
    expect(await read(await post("/views/values/rebuild", undefined))).toMatchObject({ lagSeconds: 0 });
  });

  it("is 0, and so is the lag, for a consumer that has nothing to do up to the head, wherever its checkpoint is", async () => {
    const { post, read: append, wake, consumers, consumer } = quietStore("unconcerned");
    const fact = () => post("/streams/sample/s", { type: "Read", data: { value: 1 } });
    for (let times = 0; times < 3; times++) await fact();
    const states = (await consumers()).map(({ status, position, lag, lagSeconds }) => ({ status, position, lag, lagSeconds }));
    expect(states).toEqual(states.map(() => ({ status: "live", position: 3, lag: 0, lagSeconds: 0 })));
    await append("s", 1);
    await fact();
    expect(await consumer("values")).toMatchObject({ status: "catching-up", position: 3, head: 5, lag: 2 });
    expect(await consumer("totals")).toMatchObject({ status: "live", position: 5, lag: 0 });
    const { id } = await read(await post("/webhooks", { url: "http://receiver.test/", types: ["Raised"], categories: ["alarm"], from: 0 }));
    expect(await consumer(id)).toMatchObject({ status: "live", position: 5, lag: 0, lagSeconds: 0 });
    await wake("values");
    expect(await consumer("values")).toMatchObject({ status: "live", position: 5, lag: 0 });
  });

  it("takes one call to the log for all consumers, however many positions they are at", async () => {
    const { store, read: append, wake, consumers, json } = quietStore("once");
    const names = ["values", "relay", "errand"];
    for (const [index, name] of names.entries()) {
      await append("s", index);
      await wake(name);
    }
    await append("s", 9);
    const getByName = env.LOGS.getByName.bind(env.LOGS);
    const asked: string[] = [];
    vi.spyOn(env.LOGS, "getByName").mockImplementation((name) => {
      return new Proxy(getByName(name), {
        get(target, method) {
          if (name === store) asked.push(String(method));
          return Reflect.get(target, method);
        },
      });
    });
    const late = (await consumers()).filter(({ lag }) => lag > 0).map(({ position }) => position);
    expect(new Set(late).size).toBeGreaterThanOrEqual(names.length);
    expect(asked.toSorted()).toEqual(["head", "nextFor", "subscribers"]);
    asked.length = 0;
    await json("/consumers/values");
    expect(asked).toContain("nextFor");
  });
});
