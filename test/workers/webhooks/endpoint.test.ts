/** Promise 6 against endpoints that behave badly. */

import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WEBHOOK_EXCERPT_BYTES } from "../../../src/webhooks/limits.ts";
import { eventually } from "../delivery/support.ts";
import { type Delivery, clock, endpointAt, interceptReads, subscribed } from "./support.ts";
import { expectErrors } from "../errors.ts";

afterEach(() => vi.restoreAllMocks());

const OK = () => new Response(null, { status: 204 });
const FAILED = () => new Response("no", { status: 500 });

/** Numbers that look random and are the same in every run. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

describe("an endpoint that does everything wrong that an endpoint can", () => {
  const STREAMS = 8;
  const EVENTS = 6;

  it.each([1, 2, 3])("gets every event, in order, signed, and delays no healthy endpoint next to it (seed %i)", async (seed) => {
    const store = await subscribed(`chaos-${seed}`);
    const { read, post, json, wake, alarm, endpoint, webhook, report } = store;
    const healthyUrl = `http://healthy-${seed}.test/`;
    const healthy = endpointAt(healthyUrl);
    const beside = await (await post("/webhooks", { url: healthyUrl })).json<{ id: string }>();
    const random = chance(seed);
    const behaviours: ((delivery: Delivery) => Response | Promise<Response>)[] = [
      OK,
      OK,
      FAILED,
      () => new Response("busy", { status: 429, headers: { "retry-after": "20" } }),
      () => new Response("busy", { status: 503, headers: { "retry-after": new Date(Date.now() + 30_000).toUTCString() } }),
      () => new Response(null, { status: 301, headers: { location: "http://elsewhere.test/" } }),
      () => new Response("x".repeat(5_000_000), { status: 500 }),
      () => new Response("x".repeat(5_000_000), { status: 200 }),
      () => new Response(new Uint8Array([0xff, 0xfe, 0, 1, 0xc3]), { status: 502 }),
      () => new Response(endless(), { status: 200 }),
      () => Promise.reject(new Error("connection reset")),
      ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    ];
    const arrived: string[] = [];
    let signed = 0;
    const verifier = new Webhook(webhook.secret);
    endpoint.answer = async (delivery) => {
      // Not `verify`: the clock may have been moved since it was sent.
      const { headers, body } = delivery;
      const sentAt = new Date(Number(headers.get("webhook-timestamp")) * 1_000);
      if (verifier.sign(headers.get("webhook-id") ?? "", sentAt, body) === headers.get("webhook-signature")) signed += 1;
      const behaviour = behaviours[Math.floor(random() * behaviours.length)] ?? OK;
      const response = await behaviour(delivery);
      if (response.ok) arrived.push(`${delivery.stream}/${delivery.version}`);
      return response;
    };
    const wait = globalThis.setTimeout;
    vi.spyOn(globalThis, "setTimeout").mockImplementation(((callback: () => void, ms: number) =>
      wait(callback, ms === 15_000 || ms === 1_000 ? 5 : ms)) as typeof setTimeout); // who hangs is given up soon
    for (let event = 0; event < EVENTS; event++) {
      for (let stream = 0; stream < STREAMS; stream++) await read(`s${stream}`, event);
    }
    const time = clock();
    await wake();
    await wake(beside.id);
    await eventually(() => expect(healthy.received).toHaveLength(STREAMS * EVENTS)); // no time has passed
    for (let day = 0; (await report()).pending > 0; day++) {
      expect(day).toBeLessThan(500);
      await alarm();
      time.pass(3_600_000); // past every pause but the longest
    }
    const { parked } = await report();
    const { deliveries } = await json(`/webhooks/${webhook.id}/deliveries?limit=200`);
    expect(deliveries).toHaveLength(STREAMS * EVENTS);
    expect(deliveries.filter(({ status }: { status: string }) => status === "delivered")).toHaveLength(STREAMS * EVENTS - parked);
    const once = [...new Set(arrived)];
    for (let stream = 0; stream < STREAMS; stream++) {
      const versions = once.filter((one) => one.startsWith(`reading/s${stream}/`)).map((one) => Number(one.split("/")[2]));
      expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    }
    expect(once).toHaveLength(STREAMS * EVENTS - parked);
    expect(signed).toBe(endpoint.received.length);
    const ids = new Map<string, string>();
    for (const { headers, stream, version } of endpoint.received) {
      const id = headers.get("webhook-id") ?? "";
      expect(id).toMatch(/^msg_[0-9a-f]{32}$/);
      expect(ids.get(`${stream}/${version}`) ?? id).toBe(id);
      ids.set(`${stream}/${version}`, id);
    }
    expect(new Set(ids.values()).size).toBe(STREAMS * EVENTS);
  });
});

/** A body that never ends and never says anything more. */
function endless(): ReadableStream {
  return new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("thanks")) });
}

describe("an endpoint at which every stream fails", () => {
  it("counts as down: it is tried with one delivery at a time, and gets all when it is back", async () => {
    const { read, wake, alarm, endpoint, received, report, ledger } = await subscribed("down");
    const time = clock();
    endpoint.answer = FAILED;
    for (let stream = 0; stream < 20; stream++) await read(`s${stream}`, 1);
    await wake();
    await eventually(async () => expect((await report()).health.nextAttemptAt).toBeDefined());
    const atOnce = endpoint.received.length;
    expect(atOnce).toBeLessThanOrEqual(8); // six were under way, not twenty
    time.pass(6_000);
    await alarm();
    expect(endpoint.received).toHaveLength(atOnce + 1);
    time.pass(5_000);
    await alarm();
    expect(endpoint.received).toHaveLength(atOnce + 1); // not yet
    time.pass(10_000);
    await alarm();
    expect(endpoint.received).toHaveLength(atOnce + 2);

    endpoint.answer = OK;
    time.pass(60_000);
    await alarm();
    await eventually(async () => expect((await ledger()).filter(({ status }) => status === "delivered")).toHaveLength(20));
    expect(new Set(received()).size).toBe(20);
    expect(await report()).toMatchObject({ pending: 0, attempts: 0, health: { lastSuccessAt: expect.any(String) } });
    expect((await report()).health.failingSince).toBeUndefined();
  });

  it("costs no row for each event that waits", async () => {
    const { read, wake, endpoint, ledger, report } = await subscribed("waits");
    endpoint.answer = FAILED;
    for (let stream = 0; stream < 20; stream++) await read(`s${stream}`, 1);
    await wake();
    await eventually(async () => expect((await report()).health.nextAttemptAt).toBeDefined());
    expect((await ledger()).length).toBeLessThanOrEqual(8);
    expect(await report()).toMatchObject({ pending: 20, position: 20 });
  });
});

describe("several streams that fail at an endpoint that accepts the others", () => {
  it("neither hold back the others again and again, nor lose their attempts in the process", async () => {
    const { read, wake, alarm, endpoint, received, report, ledger } = await subscribed("own-fault");
    const time = clock();
    endpoint.answer = ({ stream }) => (stream.startsWith("reading/bad") ? FAILED() : OK());
    const bad = ["bad-1", "bad-2", "bad-3", "bad-4"];
    for (const stream of bad) await read(stream, 1);
    await wake();
    // So far nothing tells them from an endpoint that is down.
    await eventually(async () => expect((await report()).health).toHaveProperty("nextAttemptAt"));
    await eventually(() => expect(received()).toHaveLength(bad.length));
    time.pass(5_000);
    await read("good", 1);
    await wake();
    await eventually(() => expect(received().slice(bad.length)).toContain("reading/good/1"));
    await eventually(() => expect(received()).toHaveLength(2 * bad.length + 1)); // it is back, and they are tried at once

    for (let version = 2; version < 12; version++) {
      await read("good", version);
      await wake();
      await eventually(() => expect(received()).toContain(`reading/good/${version}`)); // at once
      time.pass(6_000);
      await alarm();
    }
    expect((await report()).health).not.toHaveProperty("nextAttemptAt");
    expect(received()).toHaveLength(2 * bad.length + 11);
    const failed = (await ledger()).filter(({ stream }) => stream.startsWith("reading/bad"));
    expect(failed.map(({ status, attempts }) => [status, attempts])).toEqual(bad.map(() => ["pending", 2]));

    time.pass(300_000); // by their schedule
    await alarm();
    await eventually(() => expect(received()).toHaveLength(3 * bad.length + 11));

    // Should the endpoint go down now, only what failed because of that is tried at once when it is back.
    const answer = endpoint.answer;
    endpoint.answer = FAILED;
    for (const stream of ["x", "y", "z"]) await read(stream, 1);
    await wake();
    await eventually(async () => expect((await report()).health).toHaveProperty("nextAttemptAt"));
    const sent = received().length;
    for (const probe of [1, 2]) {
      time.pass(6_000 * probe);
      await alarm();
      await eventually(() => expect(received()).toHaveLength(sent + probe)); // its next attempt would be in five minutes
    }
    endpoint.answer = answer;
    time.pass(24_000);
    await read("good", 12);
    await wake();
    await alarm();
    await eventually(async () => expect(await report()).toMatchObject({ pending: bad.length, totals: { delivered: 15 } }));
    const left = (await ledger()).filter(({ status }) => status === "pending");
    expect(left.map(({ stream, attempts }) => [stream, attempts])).toEqual(bad.map((stream) => [`reading/${stream}`, 3]));
  });
});

describe("one stream that fails", () => {
  it("never holds back the others, however many events it has", async () => {
    const { post, read, wake, endpoint, received, report } = await subscribed("poison");
    endpoint.answer = ({ stream }) => (stream === "reading/poison" ? FAILED() : OK());
    const many = Array.from({ length: 1_000 }, () => ({ type: "Read", data: { value: 1 } }));
    await post("/streams/reading/poison", { events: many });
    await read("good", 1);
    await wake();
    await eventually(() => expect(received()).toContain("reading/good/1"));
    await eventually(async () => expect(await report()).toMatchObject({ pending: 1_000 }));
    expect(received().filter((one) => one.startsWith("reading/poison"))).toEqual(["reading/poison/1"]);
  });

  it("goes on behind the one that failed, in order, also after a crash", async () => {
    const { post, wake, alarm, evict, endpoint, received, report } = await subscribed("behind");
    const time = clock();
    endpoint.answer = FAILED;
    const events = Array.from({ length: 30 }, () => ({ type: "Read", data: { value: 1 } }));
    await post("/streams/reading/s", { events });
    await wake();
    await eventually(async () => expect(await report()).toMatchObject({ pending: 30, attempts: 1 }));
    await evict();
    expect(await report()).toMatchObject({ pending: 30, attempts: 1 });
    endpoint.answer = OK;
    time.pass(5_000);
    await alarm();
    await eventually(async () => expect(await report()).toMatchObject({ pending: 0 }));
    expect(received().slice(1)).toEqual(Array.from({ length: 30 }, (_, index) => `reading/s/${index + 1}`));
  });
});

describe("an endpoint that answers 429 or 503 with Retry-After", () => {
  it.each([429, 503])("%i: is left alone for that long, for all streams", async (status) => {
    const { read, wake, alarm, endpoint, ledger, report } = await subscribed("later");
    const time = clock();
    endpoint.answer = () => new Response(null, { status, headers: { "retry-after": "120" } });
    await read("a", 1);
    await wake();
    await eventually(async () => expect(await report()).toMatchObject({ attempts: 1 }));
    expect(await ledger()).toMatchObject([{ status: "pending", next_attempt_at: time.now() + 120_000 }]); // and says so
    endpoint.answer = OK;
    await read("b", 1);
    await wake();
    time.pass(100_000);
    await alarm();
    expect(endpoint.received).toHaveLength(1);
    time.pass(20_000);
    await alarm();
    await eventually(async () => expect(await report()).toMatchObject({ pending: 0 }));
  });
});

describe("what an endpoint answers", () => {
  it("is kept up to its first bytes, without terminals' control characters", async () => {
    const { read, wake, ledger, endpoint } = await subscribed("excerpt");
    endpoint.answer = () => new Response(`\u001b[31mno\u0000 ${"x".repeat(2_000_000)}`, { status: 500 });
    await read("s", 1);
    await wake();
    await eventually(async () => expect(await ledger()).toHaveLength(1));
    const excerpt = (await ledger())[0]?.excerpt ?? "";
    expect(excerpt).toMatch(/^\[31mno xxx/);
    expect(excerpt.length).toBeLessThanOrEqual(WEBHOOK_EXCERPT_BYTES);
  });

  it("counts by its status, even if its body cannot even be cancelled", async () => {
    const { read, wake, ledger, endpoint } = await subscribed("stubborn");
    const body = () =>
      new ReadableStream({
        pull: (controller) => controller.enqueue(new TextEncoder().encode("thanks ".repeat(100))),
        cancel: () => Promise.reject(new Error("it will not end")),
      });
    endpoint.answer = () => new Response(body(), { status: 200 });
    await read("s", 1);
    await wake();
    await eventually(async () =>
      expect(await ledger()).toMatchObject([{ status: "delivered", excerpt: expect.stringMatching(/^thanks/) }]),
    );
  });

  it("counts by its status, even if its body never ends", async () => {
    const { read, wake, ledger, endpoint } = await subscribed("endless");
    endpoint.answer = () => new Response(endless(), { status: 200 });
    await read("s", 1);
    await wake();
    await eventually(async () => expect(await ledger()).toMatchObject([{ status: "delivered", excerpt: "thanks" }]));
  });
});

describe("an endpoint that is gone", () => {
  it("with a 410 is switched off at once; that is announced, and events of that time are sent when it is back", async () => {
    expectErrors(/a webhook was switched off/);
    const { read, wake, alarm, json, endpoint, received, report, webhook, send, consumer } = await subscribed("gone"); // of everything: but not of itself
    endpoint.answer = () => new Response(null, { status: 410 });
    await read("s", 1);
    await wake();
    await eventually(async () => expect(await report()).toMatchObject({ status: "failed", disabled: { reason: "gone" } }));
    await alarm();
    const announced = async () => (await json("/log?type=$webhook.disabled")).events;
    await eventually(async () =>
      expect(await announced()).toMatchObject([
        { stream: `$webhook/${webhook.id}`, data: { webhook: webhook.id, origin: new URL(webhook.url).origin, reason: "gone" } },
      ]),
    );
    // Its path may be a secret: who reads the log does not read that.
    expect(JSON.stringify(await announced())).not.toContain("/hook");
    await alarm();
    expect(await announced()).toHaveLength(1);

    await read("t", 1);
    await wake();
    expect(received()).toEqual(["reading/s/1"]);
    endpoint.answer = OK;
    expect((await send("PATCH", `/webhooks/${webhook.id}`, { paused: false })).status).toBe(200);
    await eventually(() => expect(received().toSorted()).toEqual(["reading/s/1", "reading/s/1", "reading/t/1"]));
    expect(await report()).toMatchObject({ attempts: 0 });
    await eventually(async () => expect((await json("/log?type=$webhook.enabled")).events).toHaveLength(1));
    await wake();
    await eventually(async () => expect(await consumer(webhook.id)).toMatchObject({ lag: 0 }));
  });

  it("after five days of failure is switched off too", async () => {
    expectErrors(/a webhook was switched off/);
    const { read, wake, alarm, endpoint, report } = await subscribed("hopeless");
    const time = clock();
    endpoint.answer = FAILED;
    await read("s", 1);
    await wake();
    await eventually(async () => expect(await report()).toMatchObject({ attempts: 1 }));
    time.pass(4.9 * 86_400_000);
    await alarm();
    expect(await report()).toMatchObject({ status: "live", attempts: 2 });
    time.pass(0.2 * 86_400_000);
    await alarm();
    await eventually(async () => expect(await report()).toMatchObject({ status: "failed", disabled: { reason: "failing" } }));
  });

  it("is announced once, even if the announcement was not recorded as made", async () => {
    expectErrors(/a webhook was switched off/);
    const { read, wake, alarm, evict, endpoint, json, report, storage } = await subscribed("announced");
    endpoint.answer = () => new Response(null, { status: 410 });
    await read("s", 1);
    await wake();
    await eventually(async () => expect(await report()).toMatchObject({ status: "failed" }));
    const kept = await storage((storage) => storage.kv.get("announcements"));
    await alarm();
    await storage((storage) => storage.kv.put("announcements", kept ?? []));
    await evict();
    await storage((storage) => storage.setAlarm(Date.now() + 60_000));
    await alarm();
    await eventually(async () => expect((await json("/log?type=$webhook.disabled")).events).toHaveLength(1));
  });
});

describe("an event that was erased while its delivery waited", () => {
  it("is not sent, not even with the content that was read before", async () => {
    const { read, send, wake, alarm, endpoint, ledger, report } = await subscribed("erased", { types: ["Read"] });
    const time = clock();
    endpoint.answer = FAILED;
    for (const value of [4242, 4343]) await read("secret", value);
    await wake();
    await eventually(async () => expect(await report()).toMatchObject({ attempts: 1, pending: 2 }));
    expect((await send("DELETE", "/streams/reading/secret?erase=true")).status).toBe(200);
    endpoint.answer = OK;
    time.pass(6_000);
    await alarm();
    await eventually(async () => expect(await report()).toMatchObject({ pending: 0 }));
    expect(endpoint.received).toHaveLength(1);
    expect(await ledger()).toMatchObject([{ status: "skipped", error: "the event was erased" }]);
  });

  it("is not sent from memory either", async () => {
    const { store, read, send, wake, alarm, endpoint, received, report } = await subscribed("memory", { types: ["Read"], concurrency: 1 });
    const slow = Promise.withResolvers<void>();
    endpoint.answer = async () => {
      await slow.promise;
      return OK();
    };
    await read("first", 1);
    await read("secret", 4242);
    await wake();
    await eventually(() => expect(received()).toEqual(["reading/first/1"]));
    await send("DELETE", "/streams/reading/secret?erase=true");
    const time = clock();
    time.pass(2_000);
    let reads = 0;
    interceptReads(store, (real) => async (request) => {
      reads += 1;
      return real(request);
    });
    slow.resolve();
    await eventually(async () => {
      await alarm();
      expect(await report()).toMatchObject({ pending: 0 });
    });
    expect(received()).toEqual(["reading/first/1"]);
    expect(reads).toBeGreaterThan(0);
  });
});
