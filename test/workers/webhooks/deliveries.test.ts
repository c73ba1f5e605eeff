import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WEBHOOK_IN_FLIGHT } from "../../../src/core/limits.ts";
import { eventually } from "../delivery/support.ts";
import { type Delivery, clock, interceptReads, subscribed } from "./support.ts";
import { setVariables } from "../support.ts";

afterEach(() => vi.restoreAllMocks());

const FAILED = () => new Response("no", { status: 500 });

describe("promise 6: webhooks arrive", () => {
  it("signed, with the event as it is in the log", async () => {
    const { webhook, read, wake, json, endpoint } = await subscribed("arrive");
    await read("s", 1);
    await wake();
    await eventually(() => expect(endpoint.received).toHaveLength(1));
    const [{ url, headers, body }] = endpoint.received as [Delivery];
    expect(url).toBe(webhook.url);
    expect(headers.get("content-type")).toBe("application/json");
    const { events } = await json("/log");
    expect(new Webhook(webhook.secret).verify(body, Object.fromEntries(headers))).toEqual({
      type: "Read",
      timestamp: events[0].time,
      data: events[0],
    });
  });

  it("as CloudEvents, signed alike, when the webhook asks for that", async () => {
    const { webhook, read, wake, get, post, endpoint, json, send } = await subscribed("cloudevents", { format: "cloudevents" });
    expect(await json(`/webhooks/${webhook.id}`)).toMatchObject({ format: "cloudevents" });
    await read("s", 1);
    await wake();
    await eventually(() => expect(endpoint.received).toHaveLength(1));
    const [{ headers, body }] = endpoint.received as [Delivery];
    expect(headers.get("content-type")).toBe("application/cloudevents+json");
    const verified = new Webhook(webhook.secret).verify(body, Object.fromEntries(headers));
    const [event] = await (await get("/log", { accept: "application/cloudevents-batch+json" })).json<object[]>();
    expect(verified).toEqual(event);
    expect(event).toMatchObject({ specversion: "1.0", type: "Read", data: { value: 1 }, logposition: "1" });
    await post(`/webhooks/${webhook.id}/test`, undefined);
    expect(JSON.parse(endpoint.received.at(-1)?.body ?? "")).toMatchObject({ specversion: "1.0", type: "$webhook.test" });
    expect((await send("PATCH", `/webhooks/${webhook.id}`, { format: null })).status).toBe(200);
    expect(await json(`/webhooks/${webhook.id}`)).not.toHaveProperty("format");
    expect((await send("PATCH", `/webhooks/${webhook.id}`, { format: "xml" })).status).toBe(400);
  });

  it("once each, even if wake-ups are repeated", async () => {
    const { read, wake, ledger, consumer, webhook, received } = await subscribed("repeated");
    await read("a", 1);
    await read("b", 2);
    await Promise.all([wake(), wake(), wake()]);
    await wake();
    await eventually(async () => expect((await ledger()).map(({ status }) => status)).toEqual(["delivered", "delivered"]));
    await wake();
    expect(received().toSorted((a, b) => (a < b ? -1 : 1))).toEqual(["reading/a/1", "reading/b/1"]);
    expect(await consumer(webhook.id)).toMatchObject({ status: "live", position: 2 });
  });

  it("only those that were asked for", async () => {
    const { read, post, wake, ledger, received } = await subscribed("filter", {
      types: ["Calibrated", "Counted"],
      categories: ["reading"],
    });
    await read("s", 1);
    await post("/streams/reading/s", { type: "Calibrated", data: {} });
    await post("/aggregates/counter/c/Count", {});
    await wake();
    await eventually(() => expect(received()).toEqual(["reading/s/2"]));
    expect((await ledger()).map(({ position }) => position)).toEqual([2]);
  });

  it("from the past, when the webhook begins there", async () => {
    const { read, post, json, wake, endpoint } = await subscribed("old");
    for (const value of [1, 2, 3]) await read("s", value);
    const { id } = await (await post("/webhooks", { url: "http://replay.test/", from: 1 })).json<{ id: string }>();
    await wake();
    await eventually(() => expect(endpoint.received).toHaveLength(3));
    const { position, pending } = await json(`/webhooks/${id}`);
    expect([position, pending]).toEqual([1, 0]);
  });
});

describe("promise 6: in stream order", () => {
  it("one after the other on a stream, while streams do not wait for each other", async () => {
    const slow = Promise.withResolvers<void>();
    const { read, wake, endpoint, received } = await subscribed("order");
    endpoint.answer = async ({ stream }) => {
      if (stream === "reading/a") await slow.promise;
      return new Response(null, { status: 204 });
    };
    for (const stream of ["a", "a", "b", "b"]) await read(stream, 1);
    await wake();
    await eventually(() => expect(received()).toEqual(["reading/a/1", "reading/b/1", "reading/b/2"]));
    slow.resolve();
    await eventually(() => expect(received()).toEqual(["reading/a/1", "reading/b/1", "reading/b/2", "reading/a/2"]));
  });

  it("even if a delivery fails: its stream waits for it, the others go on", async () => {
    const { read, wake, ledger, report, alarm, endpoint, received, json, webhook } = await subscribed("failing");
    const behind = async () =>
      (await json(`/webhooks/${webhook.id}/deliveries`)).deliveries.map((delivery: { behind?: number }) => delivery.behind ?? 0);
    const time = clock();
    endpoint.answer = ({ stream }) => (stream === "reading/a" ? FAILED() : new Response(null, { status: 200 }));
    for (const stream of ["a", "a", "b", "b"]) await read(stream, 1);
    await wake();
    await eventually(async () =>
      expect((await ledger()).map(({ position, status, attempts }) => [position, status, attempts])).toEqual([
        [1, "pending", 1],
        [3, "delivered", 1],
        [4, "delivered", 1],
      ]),
    );
    expect(await report()).toMatchObject({ pending: 2 }); // the second waits behind the first
    expect(await behind()).toEqual([0, 0, 1]);
    expect(received()).not.toContain("reading/a/2");

    endpoint.answer = () => new Response(null, { status: 200 });
    time.pass(5_000);
    await alarm();
    expect(received().slice(3)).toEqual(["reading/a/1", "reading/a/2"]);
    expect(await behind()).toEqual([0, 0, 0, 0]);
  });

  it("even if the log went on in further segments while a stream waited: what waits is behind segments without an event of that stream", async () => {
    const { pass } = clock();
    const { read, wake, alarm, endpoint, received, ledger, segments } = await subscribed("rolled-over");
    endpoint.answer = ({ stream }) => (stream === "reading/a" ? FAILED() : new Response(null, { status: 204 }));
    await read("a", 1);
    await wake();
    await eventually(async () => expect(await ledger()).toMatchObject([{ status: "pending", attempts: 1 }]));
    setVariables({ LOG_SEGMENT_BYTES: "1" }); // every commit fills its segment
    for (const value of [2, 3, 4]) await read("b", value);
    await read("a", 5);
    await read("a", 6);
    setVariables({ LOG_SEGMENT_BYTES: undefined });
    expect((await segments()).length).toBeGreaterThan(3);
    await wake();
    await eventually(() => expect(received().filter((event) => event.startsWith("reading/b"))).toHaveLength(3));
    endpoint.answer = () => new Response(null, { status: 204 });
    pass(6_000);
    await alarm();
    const ofA = () => received().filter((event) => event.startsWith("reading/a"));
    await eventually(() => expect(ofA()).toEqual(["reading/a/1", "reading/a/1", "reading/a/2", "reading/a/3"]));
    await eventually(async () =>
      expect((await ledger()).map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => "delivered")),
    );
  });

  it("a few at a time, and never two of one stream", async () => {
    const { read, wake, ledger, endpoint, received } = await subscribed("flight");
    const underWay = new Set<string>();
    let most = 0;
    const doubled: string[] = [];
    const full = Promise.withResolvers<void>();
    endpoint.answer = async ({ stream }) => {
      if (underWay.has(stream)) doubled.push(stream);
      underWay.add(stream);
      most = Math.max(most, underWay.size);
      if (most >= WEBHOOK_IN_FLIGHT) full.resolve();
      await full.promise; // nobody leaves before all places are taken: what comes too many would be seen
      underWay.delete(stream);
      return new Response(null, { status: 204 });
    };
    const streams = Array.from({ length: 10 }, (_, index) => `s${index}`);
    for (const stream of [...streams, ...streams]) await read(stream, 1);
    await Promise.all([wake(), wake()]);
    await eventually(async () => expect((await ledger()).filter(({ status }) => status === "delivered")).toHaveLength(20));
    expect(doubled).toEqual([]);
    expect(most).toBe(WEBHOOK_IN_FLIGHT);
    expect(received()).toHaveLength(20);
  });
});

describe("promise 6: even if the log is out of reach for a while", () => {
  it("no delivery is lost, none overtakes another, and no attempt is counted", async () => {
    const { store, read, wake, ledger, alarm, object, endpoint, received } = await subscribed("unreachable");
    const slow = Promise.withResolvers<void>();
    endpoint.answer = async () => {
      await slow.promise;
      return new Response(null, { status: 204 });
    };
    for (const stream of ["a", "a", "b"]) await read(stream, 1);
    await wake();
    await eventually(() => expect(received()).toHaveLength(2)); // a/1 and b/1 are under way
    let failed = false;
    const reading = interceptReads(store, () => async () => {
      failed = true;
      throw new Error("the log is out of reach");
    });
    const later = clock();
    later.pass(2_000); // what was read is not fresh any more
    await read("c", 1).catch(() => {});
    await object.wake().catch(() => {});
    await eventually(() => expect(failed).toBe(true));
    reading.mockRestore();
    // The alarm finds deliveries still under way, and must not begin second ones next to them.
    await Promise.race([alarm(), eventually(() => expect(received().length).toBeGreaterThan(2))]);
    slow.resolve();
    later.pass(5_000);
    await eventually(async () => {
      await alarm();
      expect((await ledger()).map(({ status, attempts }) => [status, attempts])).toEqual(Array.from({ length: 4 }, () => ["delivered", 1]));
    });
    expect(received().filter((one) => one.startsWith("reading/a"))).toEqual(["reading/a/1", "reading/a/2"]);
    expect(received()).toHaveLength(4);
  });
});

describe("promise 6: retried on a schedule, and never silently dropped", () => {
  const SCHEDULE_S = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];

  it("after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h, and then parked, where it can be seen", async () => {
    const { read, wake, ledger, alarm, report, endpoint } = await subscribed("schedule");
    const time = clock();
    endpoint.answer = FAILED;
    await read("s", 1);
    await wake();
    await eventually(async () => expect((await ledger())[0]?.attempts).toBe(1));
    for (const [index, seconds] of SCHEDULE_S.entries()) {
      expect(await ledger()).toMatchObject([
        {
          position: 1,
          stream: "reading/s",
          status: "pending",
          attempts: index + 1,
          next_attempt_at: time.now() + seconds * 1_000,
          response: 500,
        },
      ]);
      time.pass(seconds * 1_000 - 1_001);
      await alarm();
      expect(endpoint.received).toHaveLength(index + 1); // not earlier than the last second, which is waited for in place
      time.pass(1_001);
      await alarm();
      expect(endpoint.received).toHaveLength(index + 2);
    }
    expect(await ledger()).toMatchObject([{ status: "parked", attempts: 8, response: 500, error: "answered 500" }]);
    expect(await report()).toMatchObject({ pending: 0, parked: 1 });
    await alarm();
    expect(endpoint.received).toHaveLength(8);
  });

  it("with the same id and body, and a new time and signature, in every attempt", async () => {
    const { webhook, read, wake, ledger, alarm, endpoint } = await subscribed("same");
    endpoint.answer = FAILED;
    await read("s", 1);
    await wake();
    await eventually(async () => expect((await ledger())[0]?.attempts).toBe(1));
    const time = clock();
    time.pass(6_000);
    await alarm();
    const [first, second] = endpoint.received as [Delivery, Delivery];
    expect(second.headers.get("webhook-id")).toBe(first.headers.get("webhook-id"));
    expect(second.body).toBe(first.body);
    for (const { body, headers } of endpoint.received) {
      expect(() => new Webhook(webhook.secret).verify(body, Object.fromEntries(headers))).not.toThrow();
    }
  });

  it("and followed by the stream's next event when one was parked", async () => {
    const { read, wake, ledger, alarm, endpoint } = await subscribed("next");
    const time = clock();
    endpoint.answer = ({ version }) => (version === 1 ? FAILED() : new Response(null, { status: 204 }));
    await read("s", 1);
    await read("s", 2);
    await wake();
    await eventually(async () => expect((await ledger())[0]?.attempts).toBe(1));
    for (const seconds of SCHEDULE_S) {
      time.pass(seconds * 1_000);
      await alarm();
    }
    expect((await ledger()).map(({ status }) => status)).toEqual(["parked", "delivered"]);
  });

  it.each([
    ["an error", () => FAILED(), { response: 500, error: "answered 500" }],
    ["a refusal", () => new Response(null, { status: 404 }), { response: 404, error: "answered 404" }],
    [
      "a redirect",
      () => new Response(null, { status: 302, headers: { location: "http://elsewhere.test/" } }),
      { response: 302, error: "answered 302" },
    ],
    ["no connection", () => Promise.reject(new Error("connection refused")), { response: null, error: "Error: connection refused" }],
    [
      "an endless complaint",
      () => Promise.reject(new Error("x".repeat(10_000))),
      { response: null, error: expect.stringMatching(/^.{200}$/) },
    ],
  ])("when the endpoint answers with %s", async (_what, answer, line) => {
    const { read, wake, ledger, endpoint } = await subscribed("failure");
    endpoint.answer = answer;
    await read("s", 1);
    await wake();
    await eventually(async () => expect(await ledger()).toMatchObject([{ status: "pending", attempts: 1, ...line }]));
    expect(endpoint.received).toHaveLength(1);
  });

  it("when the endpoint does not answer within 15 s", async () => {
    const { read, wake, ledger, endpoint } = await subscribed("timeout");
    endpoint.answer = ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    await read("s", 1);
    const wait = globalThis.setTimeout;
    vi.spyOn(globalThis, "setTimeout").mockImplementation(((callback: () => void, ms: number) =>
      wait(callback, ms === 15_000 ? 0 : ms)) as typeof setTimeout); // fifteen seconds pass at once
    await wake();
    await eventually(async () =>
      expect(await ledger()).toMatchObject([{ status: "pending", attempts: 1, response: null, error: "TimeoutError: no answer in time" }]),
    );
  });

  it.each([200, 201, 202, 204, 299])("but not when it answers %i", async (status) => {
    const { read, wake, ledger, endpoint } = await subscribed("success");
    endpoint.answer = () => new Response(null, { status });
    await read("s", 1);
    await wake();
    await eventually(async () =>
      expect(await ledger()).toMatchObject([{ status: "delivered", attempts: 1, response: status, error: null }]),
    );
  });

  it("even when its URL is no longer allowed: nothing is sent, and the ledger has the reason", async () => {
    const { read, wake, ledger, endpoint } = await subscribed("forbidden");
    await read("s", 1);
    const deployed = vi.spyOn(env, "HEADSPRING_ENV", "get").mockReturnValue("deployed");
    await wake();
    await eventually(async () =>
      expect(await ledger()).toMatchObject([{ status: "pending", attempts: 1, error: "a webhook's URL must begin with https://" }]),
    );
    deployed.mockRestore();
    expect(endpoint.received).toEqual([]);
  });
});

describe("a webhook's intent to deliver", () => {
  it("is there before anything is sent", async () => {
    const { read, wake, ledger, progress, armed, endpoint } = await subscribed("before");
    const slow = Promise.withResolvers<void>();
    endpoint.answer = async () => {
      await slow.promise;
      return new Response(null, { status: 204 });
    };
    await read("s", 1);
    await wake();
    expect(await ledger()).toEqual([]);
    expect((await progress())?.feeds).toEqual([{ run: 0, settled: 0 }]); // from where it is read again
    expect(await armed()).toBe(true); // should this object be gone before the delivery ends
    slow.resolve();
  });

  it("stays in the log until it is carried out, even when later deliveries are in the ledger", async () => {
    const { read, wake, ledger, progress, armed, received, endpoint } = await subscribed("under-way");
    const slow = Promise.withResolvers<void>();
    endpoint.answer = async ({ stream }) => {
      if (stream === "reading/slow") await slow.promise;
      return new Response(null, { status: stream === "reading/bad" ? 500 : 204 });
    };
    for (const stream of ["slow", "bad", "good"]) await read(stream, 1);
    await wake();
    // A failure is stored at once, and with it how far everything is.
    await eventually(async () => expect(await ledger()).toHaveLength(2));
    expect(received()).toContain("reading/slow/1");
    expect((await progress())?.feeds).toEqual([{ run: 0, settled: 0 }]);
    expect(await armed()).toBe(true);
    slow.resolve();
  });

  it("survives the object: what was not delivered is delivered by the next object's alarm", async () => {
    const { read, wake, ledger, object, alarm, endpoint } = await subscribed("evicted");
    const time = clock();
    endpoint.answer = FAILED;
    await read("s", 1);
    await wake();
    await eventually(async () => expect((await ledger())[0]?.attempts).toBe(1));
    await evictDurableObject(object);
    endpoint.answer = () => new Response(null, { status: 204 });
    time.pass(5_000);
    expect(await alarm()).toBe(true); // armed, and kept by the storage
    expect(await ledger()).toMatchObject([{ status: "delivered", attempts: 2 }]);
  });

  it("covers as many deliveries as there are events, page after page", async () => {
    const { post, wake, ledger, report } = await subscribed("pages", { types: ["Calibrated"] });
    const events = Array.from({ length: 1_000 }, (_, index) =>
      index % 100 === 99 ? { type: "Calibrated", data: {} } : { type: "Read", data: { value: 1 } },
    );
    await post("/streams/reading/s", { events });
    await post("/streams/reading/t", { events });
    await wake();
    await eventually(async () => expect(await ledger()).toHaveLength(20));
    expect(await report()).toMatchObject({ position: 2_000, pending: 0 });
  });
});

describe("a webhook that is deleted", () => {
  it("is sent nothing more", async () => {
    const { webhook, read, send, wake, endpoint } = await subscribed("deleted");
    await send("DELETE", `/webhooks/${webhook.id}`);
    await read("s", 1);
    await wake();
    expect(endpoint.received).toEqual([]);
  });

  it("leaves nothing behind, even if it was reading the log", async () => {
    const { store, webhook, read, send, wake, tables, progress, received } = await subscribed("reading");
    const slow = Promise.withResolvers<void>();
    let asked = false;
    await read("s", 1);
    interceptReads(store, (real) => async (request) => {
      const page = await real(request);
      asked = true;
      await slow.promise;
      return page;
    });
    const taking = wake();
    await eventually(() => expect(asked).toBe(true));
    await send("DELETE", `/webhooks/${webhook.id}`);
    slow.resolve();
    expect((await taking).explicitAcks).toHaveLength(1);
    expect(await tables()).toEqual([]);
    expect(await progress()).toBeUndefined();
    expect(received()).toEqual([]);
  });

  it("leaves nothing behind, even if a delivery was under way", async () => {
    const { webhook, read, send, wake, tables, alarm, endpoint } = await subscribed("traces");
    const slow = Promise.withResolvers<void>();
    endpoint.answer = async () => {
      await slow.promise;
      return FAILED();
    };
    await read("s", 1);
    await read("s", 2);
    await wake();
    await eventually(() => expect(endpoint.received).toHaveLength(1));
    await send("DELETE", `/webhooks/${webhook.id}`);
    slow.resolve();
    await eventually(async () => expect(await alarm()).toBe(false));
    expect(await tables()).toEqual([]);
    expect(endpoint.received).toHaveLength(1);
  });
});
