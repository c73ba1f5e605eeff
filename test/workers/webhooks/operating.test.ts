/** What operators do with a webhook: change it, pause it, try again, send again, look at its books. */

import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it, vi } from "vitest";
import { eventually } from "../delivery/support.ts";
import { interceptLogMethod, read as readJson } from "../support.ts";
import { type Delivery, clock, endpointAt, interceptReads, subscribed } from "./support.ts";

afterEach(() => vi.restoreAllMocks());

const OK = () => new Response(null, { status: 204 });
const FAILED = () => new Response("no", { status: 500 });

describe("PATCH of a webhook", () => {
  it("merges: what is null goes, what is left out stays", async () => {
    const { send, webhook, json } = await subscribed("merge", {
      types: ["Read"],
      description: "old",
      headers: { "X-One": "1", "X-Two": "2" },
      where: { path: "data.value", op: "gte", value: 1 },
      rate: 5,
    });
    const change = { description: null, headers: { "x-one": null, "X-Three": "3" }, rate: 7, concurrency: 2 };
    const response = await send("PATCH", `/webhooks/${webhook.id}`, change);
    expect(response.status).toBe(200);
    const changed = await readJson(response);
    expect(changed).toMatchObject({ types: ["Read"], headers: ["x-two", "x-three"], rate: 7, concurrency: 2, where: { op: "gte" } });
    expect(changed.description).toBeUndefined();
    expect(await json(`/webhooks/${webhook.id}`)).toEqual(changed);
    expect(await readJson(await send("PATCH", `/webhooks/${webhook.id}`, { headers: null, where: null }))).not.toHaveProperty("headers");
  });

  it.each([
    [{ url: null }, "url"],
    [{ url: "ftp://receiver.test/" }, "url"],
    [{ url: "https://user:password@receiver.test/" }, "url"],
    [{ types: [] }, "types"],
    [{ headers: { host: "x" } }, "headers"],
    [{ headers: { "x-a": "1\r\nwebhook-id: 2" } }, "headers"],
    [{ rate: 0 }, "rate"],
    [{ concurrency: 7 }, "concurrency"],
    [{ where: { path: "data.value", op: "matches", value: ".*" } }, "where"],
    [{ secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }, ""],
    [{ from: 0 }, ""],
  ])("refuses %j, and changes nothing", async (change, path) => {
    const { send, webhook, json } = await subscribed("patch");
    const before = await json(`/webhooks/${webhook.id}`);
    const response = await send("PATCH", `/webhooks/${webhook.id}`, change);
    expect(response.status).toBe(400);
    expect((await readJson(response)).issues).toContainEqual(
      expect.objectContaining({ path: expect.stringMatching(new RegExp(`^${path}`)) }),
    );
    expect(await json(`/webhooks/${webhook.id}`)).toEqual(before);
  });

  it("counts headers together with those that are there", async () => {
    const many = (prefix: string) => Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`${prefix}-${index}`, "1"]));
    const { send, webhook } = await subscribed("many", { headers: many("a") });
    expect(await readJson(await send("PATCH", `/webhooks/${webhook.id}`, { headers: many("b") }))).toMatchObject({
      code: "invalid-request",
      issues: [{ path: "headers", message: "at most 20 headers" }],
    });
  });

  it("of the URL sends waiting deliveries to the new one, at once", async () => {
    const { send, webhook, read, wake, endpoint, report } = await subscribed("move");
    endpoint.answer = FAILED;
    for (const stream of ["a", "b", "c", "d"]) await read(stream, 1);
    await wake();
    await eventually(async () => expect((await report()).health.nextAttemptAt).toBeDefined());
    const url = "http://moved.test/";
    const moved = endpointAt(url);
    await send("PATCH", `/webhooks/${webhook.id}`, { url });
    await eventually(() => expect(moved.received.map(({ stream }) => stream)).toContain("reading/d"));
  });

  it("of the filter applies to everything that was not tried yet", async () => {
    const { send, webhook, read, wake, received, endpoint } = await subscribed("filter", { concurrency: 1 });
    const slow = Promise.withResolvers<void>();
    endpoint.answer = async () => {
      await slow.promise;
      return OK();
    };
    for (const value of [1, 2, 3, 4]) await read(`s${value}`, value);
    await wake();
    await eventually(() => expect(received()).toHaveLength(1));
    await send("PATCH", `/webhooks/${webhook.id}`, { where: { path: "data.value", op: "gte", value: 4 } });
    slow.resolve();
    await eventually(() => expect(received()).toEqual(["reading/s1/1", "reading/s4/1"]));
  });
});

describe("a webhook with a predicate", () => {
  it("is sent only the events that fulfil it", async () => {
    const where = {
      or: [
        { path: "data.value", op: "gt", value: 10 },
        { path: "stream", op: "eq", value: "reading/always" },
      ],
    };
    const { read, wake, received } = await subscribed("where", { where });
    await read("a", 10);
    await read("b", 11);
    await read("always", 1);
    await wake();
    await eventually(() => expect(received().toSorted()).toEqual(["reading/always/1", "reading/b/1"]));
  });
});

describe("a webhook's headers", () => {
  it("are sent, and cannot be read back", async () => {
    const { read, wake, endpoint, json, webhook } = await subscribed("headers", { headers: { Authorization: "Bearer hidden-value" } });
    await read("s", 1);
    await wake();
    await eventually(() => expect(endpoint.received).toHaveLength(1));
    expect(endpoint.received[0]?.headers.get("authorization")).toBe("Bearer hidden-value");
    for (const path of ["/webhooks", `/webhooks/${webhook.id}`, "/consumers"])
      expect(JSON.stringify(await json(path))).not.toContain("hidden-value");
  });
});

describe("a paused webhook", () => {
  it("is sent nothing, loses nothing, and goes on when it is resumed", async () => {
    const { store, sent, send, webhook, read, wake, evict, received, report, object } = await subscribed("pause");
    await read("s", 1);
    expect(await readJson(await send("PATCH", `/webhooks/${webhook.id}`, { paused: true }))).toMatchObject({ status: "paused" });
    await wake();
    await read("s", 2);
    await wake();
    expect(received()).toEqual([]);
    expect(await object.wake()).toBe(Number.MAX_SAFE_INTEGER); // nobody needs to wake it
    await evict();
    expect(await report()).toMatchObject({ status: "paused" });
    expect(await readJson(await send("PATCH", `/webhooks/${webhook.id}`, { paused: false }))).toMatchObject({
      status: expect.not.stringMatching("paused"),
    });
    await eventually(() => expect(received()).toEqual(["reading/s/1", "reading/s/2"]));
    expect(await object.wake()).toBe(2);
    await read("s", 3); // and the log wakes it again
    await eventually(() =>
      expect(sent()).toContainEqual({
        body: expect.objectContaining({ store, consumers: [webhook.id], head: 3, asOf: expect.any(Number) }),
      }),
    );
  });

  it("does the same when paused and resumed as a consumer", async () => {
    const { object } = await subscribed("levers");
    expect(await object.control("pause")).toMatchObject({ status: "paused" });
    expect(await object.control("resume")).toMatchObject({ status: "live" });
  });
});

describe("retrying", () => {
  async function parked(name: string) {
    const store = await subscribed(name);
    const time = clock();
    store.endpoint.answer = FAILED;
    for (const stream of ["a", "b"]) await store.read(stream, 1);
    await store.wake();
    for (let attempt = 1; attempt < 9; attempt++) {
      await eventually(async () => expect((await store.report()).attempts).toBeGreaterThanOrEqual(Math.min(attempt, 8) * 2));
      time.pass(36_001_000);
      await store.alarm();
    }
    await eventually(async () => expect(await store.report()).toMatchObject({ parked: 2, pending: 0 }));
    store.endpoint.answer = OK;
    return { ...store, time };
  }

  it("one parked delivery sends it again under the same id", async () => {
    const { post, webhook, json, endpoint, report, time } = await parked("one");
    const path = `/webhooks/${webhook.id}/deliveries`;
    const before = endpoint.received.length;
    const response = await post(`${path}/1/retry`, undefined);
    expect(response.status).toBe(202);
    const nextAttemptAt = new Date(time.now()).toISOString();
    expect(await readJson(response)).toMatchObject({ id: "1", status: "pending", attempts: 0, nextAttemptAt });
    await eventually(async () => expect(await report()).toMatchObject({ parked: 1, pending: 0 }));
    expect(endpoint.received).toHaveLength(before + 1);
    const again = endpoint.received.at(-1) as Delivery;
    expect(again.headers.get("webhook-id")).toBe((endpoint.received[0] as Delivery).headers.get("webhook-id"));
    expect(await json(path)).toMatchObject({
      deliveries: [
        { id: "2", status: "parked" },
        { id: "1", status: "delivered", attempts: 1 },
      ],
    });
    expect(await readJson(await post(`${path}/1/retry`, undefined))).toMatchObject({ status: 409, code: "delivery-ended" });
    expect(await readJson(await post(`${path}/99/retry`, undefined))).toMatchObject({ status: 404, code: "unknown-delivery" });
    expect(await readJson(await post(`${path}/x/retry`, undefined))).toMatchObject({ status: 404, code: "unknown-delivery" });
  });

  it("by range sends those between", async () => {
    const { post, webhook, report } = await parked("range");
    const count = await post(`/webhooks/${webhook.id}/deliveries/retry?dryRun=true`, { from: 2, to: 9 });
    expect([count.status, await readJson(count)]).toEqual([200, { deliveries: 1 }]);
    expect(await readJson(await post(`/webhooks/${webhook.id}/deliveries/retry?dryRun=true`, undefined))).toEqual({ deliveries: 2 });
    expect(await report()).toMatchObject({ parked: 2, pending: 0 });
    const answer = await post(`/webhooks/${webhook.id}/deliveries/retry`, { from: 2, to: 9 });
    expect([answer.status, await readJson(answer)]).toEqual([202, { retried: 1, left: 0 }]);
    await eventually(async () => expect(await report()).toMatchObject({ parked: 1, pending: 0 }));
    expect(await readJson(await post(`/webhooks/${webhook.id}/deliveries/retry`, undefined))).toEqual({ retried: 1, left: 0 });
    await eventually(async () => expect(await report()).toMatchObject({ parked: 0, pending: 0 }));
  });

  it("everything, as a consumer's action, also after the object was gone", async () => {
    const { object, evict, report, received } = await parked("all");
    await evict();
    expect(await object.countControl("retry")).toEqual({ after: 2, deliveries: 2 });
    expect(await object.countControl("resume")).toEqual({ after: 2, deliveries: 0 });
    await object.control("retry");
    await eventually(async () => expect(await report()).toMatchObject({ parked: 0, pending: 0 }));
    expect(received().slice(-2).toSorted()).toEqual(["reading/a/1", "reading/b/1"]);
  });

  it("also sends what is backing off, without further waiting", async () => {
    const { post, read, wake, webhook, endpoint, report } = await subscribed("now");
    const time = clock();
    endpoint.answer = FAILED;
    await read("s", 1);
    await wake();
    await eventually(async () => expect(await report()).toMatchObject({ attempts: 1 }));
    endpoint.answer = OK;
    const answer = await readJson(await post(`/webhooks/${webhook.id}/deliveries/1/retry`, undefined));
    expect(answer).toMatchObject({ status: "pending", attempts: 1, nextAttemptAt: new Date(time.now()).toISOString() });
    await eventually(async () => expect(await report()).toMatchObject({ pending: 0 }));
  });
});

describe("skipping", () => {
  it("parks the deliveries that block streams, on record, and the streams go on", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { object, webhook, post, read, wake, endpoint, received, report, ledger } = await subscribed("skip");
    endpoint.answer = ({ version }) => (version === 1 ? FAILED() : OK());
    await read("s", 1);
    await read("s", 2);
    const refused = await post(`/consumers/${webhook.id}/skip`, {});
    expect(await readJson(refused)).toMatchObject({ status: 409, detail: expect.stringContaining("there is nothing to skip") });
    await wake();
    await eventually(async () => expect(await report()).toMatchObject({ attempts: 1 }));
    await object.control("skip");
    await eventually(() => expect(received()).toEqual(["reading/s/1", "reading/s/2"]));
    await eventually(async () => expect(await report()).toMatchObject({ pending: 0, parked: 1 }));
    expect(await ledger()).toMatchObject([{ status: "parked", error: "skipped by an operator: answered 500" }, { status: "delivered" }]);
  });
});

describe("sending again", () => {
  it("a range of positions, with new ids, alongside new events", async () => {
    const { post, read, wake, webhook, endpoint, received, report, json } = await subscribed("replay");
    for (const value of [1, 2, 3, 4]) await read("s", value);
    await wake();
    await eventually(() => expect(received()).toHaveLength(4));
    const response = await post(`/webhooks/${webhook.id}/replay`, { from: 2, to: 3 });
    expect([response.status, await readJson(response)]).toEqual([202, { id: 1, position: 1, to: 3 }]);
    await eventually(() => expect(received().slice(4)).toEqual(["reading/s/2", "reading/s/3"]));
    const ids = endpoint.received.map(({ headers }) => headers.get("webhook-id"));
    expect(new Set(ids).size).toBe(6);
    await eventually(async () => expect(await report()).toMatchObject({ replays: [], pending: 0, position: 4 }));
    const { deliveries } = await json(`/webhooks/${webhook.id}/deliveries`);
    expect(deliveries.map(({ id }: { id: string }) => id)).toEqual(["3-1", "2-1", "4", "3", "2", "1"]);
  });

  it("a range of time: from, and before", async () => {
    const { post, read, wake, webhook, received, report } = await subscribed("time");
    const time = clock();
    const times: string[] = [];
    for (const value of [1, 2, 3, 4]) {
      times.push(new Date(time.now()).toISOString());
      await read("s", value);
      time.pass(60_000);
    }
    await wake();
    await eventually(() => expect(received()).toHaveLength(4));
    await post(`/webhooks/${webhook.id}/replay`, { from: times[1], to: times[3] });
    await eventually(() => expect(received().slice(4)).toEqual(["reading/s/2", "reading/s/3"]));
    await eventually(async () => expect(await report()).toMatchObject({ replays: [], pending: 0 }));
    expect(received()).toHaveLength(6);
  });

  it("a range of time, for which it reads nothing else from the log, and which it goes through step by step", async () => {
    const { store, post, read, wake, webhook, received, report } = await subscribed("range-of-time", { types: ["Read"] });
    const time = clock();
    const many = Array.from({ length: 1_000 }, () => ({ type: "Calibrated", data: {} }));
    for (let batch = 0; batch < 6; batch++) await post("/streams/reading/before", { events: many });
    await read("before", 1);
    time.pass(60_000);
    const from = new Date(time.now()).toISOString();
    await read("within", 1);
    await wake();
    await eventually(() => expect(received()).toEqual(["reading/before/6001", "reading/within/1"]));
    const pages: number[] = [];
    interceptReads(store, (real) => async (request) => {
      const page = await real(request);
      if (request.since !== undefined) pages.push(page.events.length);
      return page;
    });
    await post(`/webhooks/${webhook.id}/replay`, { from });
    await eventually(() => expect(received().slice(2)).toEqual(["reading/within/1"]));
    expect(pages).toEqual([0, 1]);
    await eventually(async () => expect(await report()).toMatchObject({ replays: [], pending: 0 }));
  });

  it("a range of time, and nothing outside of it behind a failing delivery, even if clocks run backwards", async () => {
    const { post, read, wake, alarm, webhook, endpoint, received, report } = await subscribed("backwards");
    const time = clock();
    const begun = time.now();
    for (const seconds of [0, -60, 120, -60]) {
      await read("s", 1);
      time.pass(seconds * 1_000); // recorded at 0, 0, before it, after it
    }
    await read("s", 1);
    time.pass(begun + 1_000 - time.now());
    await wake();
    await eventually(() => expect(received()).toHaveLength(5));
    endpoint.answer = FAILED;
    await post(`/webhooks/${webhook.id}/replay`, { from: new Date(begun).toISOString(), to: new Date(begun + 30_000).toISOString() });
    await eventually(async () => expect(await report()).toMatchObject({ attempts: 1, pending: 3 }));
    endpoint.answer = OK;
    time.pass(6_000);
    await alarm();
    await eventually(async () => expect(await report()).toMatchObject({ replays: [], pending: 0 }));
    expect(received().slice(6)).toEqual(["reading/s/1", "reading/s/2", "reading/s/5"]);
  });

  it("a range of time is refused while there is nothing to send, and so is its dry run", async () => {
    const { post, webhook, report } = await subscribed("nothing-again");
    for (const query of ["?dryRun=true", ""]) {
      const refused = await readJson(await post(`/webhooks/${webhook.id}/replay${query}`, { from: "2000-01-01T00:00:00Z" }));
      expect(refused).toMatchObject({ status: 409, code: "replay-refused", detail: expect.stringContaining("its head is at 0") });
    }
    expect((await report()).replays).toEqual([]);
  });

  it("may search long for a time, and new events do not wait for that", async () => {
    const { store, post, object, read, wake, webhook, endpoint, report } = await subscribed("long-look", { types: ["Read"] });
    await post("/streams/reading/old", { events: Array.from({ length: 300 }, () => ({ type: "Calibrated", data: {} })) });
    await wake();
    const looking = Promise.withResolvers<void>();
    let steps = 0;
    interceptReads(store, (real) => async (request) => {
      if (request.since === undefined) return real(request);
      if (++steps === 3) await looking.promise;
      return { events: [], next: (request.after ?? 0) + 1, head: 300 }; // it finds nothing, step by step
    });
    const stepsThen = Promise.withResolvers<number>();
    endpoint.answer = () => {
      stepsThen.resolve(steps);
      return OK();
    };
    await post(`/webhooks/${webhook.id}/replay`, { from: "2000-01-01T00:00:00Z" });
    await eventually(() => expect(steps).toBe(3));
    await read("new", 1);
    const waking = object.wake();
    await object.report(); // comes after the call before it
    looking.resolve();
    await waking;
    expect(await stepsThen.promise).toBeLessThan(300);
    await eventually(async () => expect(await report()).toMatchObject({ replays: [], pending: 0 }));
    expect(steps).toBe(300);
  });

  it("survives a crash in the middle, and ends", async () => {
    const { post, wake, alarm, evict, webhook, endpoint, received, report } = await subscribed("long");
    const events = Array.from({ length: 400 }, () => ({ type: "Read", data: { value: 1 } }));
    for (const stream of ["a", "b", "c"]) await post(`/streams/reading/${stream}`, { events });
    await wake();
    await eventually(async () => expect(await report()).toMatchObject({ pending: 0, position: 1_200 }));
    const before = endpoint.received.length;
    await post(`/webhooks/${webhook.id}/replay`, { from: 1 });
    await eventually(() => expect(endpoint.received.length).toBeGreaterThan(before + 300));
    await evict();
    await eventually(async () => {
      await alarm();
      expect(await report()).toMatchObject({ replays: [], pending: 0 });
    });
    const again = received().slice(before);
    expect(new Set(again).size).toBe(1_200);
    expect(again.length).toBeLessThan(1_200 + 250); // it went on where it was, nearly
  });

  it.each([
    [{ from: 0 }, 400],
    [{ from: "yesterday" }, 400],
    [{}, 400],
    [{ from: 1, to: 0 }, 400],
    [{ from: 2, to: 1 }, 409],
    [{ from: 50 }, 409],
  ])("%j is refused with %i", async (range, status) => {
    const { post, read, webhook } = await subscribed("bad");
    await read("s", 1);
    expect((await post(`/webhooks/${webhook.id}/replay`, range)).status).toBe(status);
  });

  it("everything from a position, as a reset: deliveries waiting before it are not lost, those waiting behind it are sent once more", async () => {
    const { object, read, wake, endpoint, received, report } = await subscribed("reset");
    endpoint.answer = ({ stream }) => (stream === "reading/b" ? FAILED() : OK());
    for (const stream of ["a", "b", "a", "b"]) await read(stream, 1);
    await wake();
    await eventually(async () => expect(await report()).toMatchObject({ pending: 2, attempts: 1 }));
    endpoint.answer = OK;
    const before = received().length;
    expect(await object.control("reset", 2)).toMatchObject({ position: expect.any(Number) });
    await object.control("retry");
    await eventually(async () => expect(await report()).toMatchObject({ pending: 0, position: 4 }));
    expect(received().slice(before).toSorted()).toEqual(["reading/a/2", "reading/b/1", "reading/b/2"]);
    await object.control("reset");
    await eventually(() =>
      expect(
        received()
          .slice(before + 3)
          .toSorted(),
      ).toEqual(["reading/a/1", "reading/a/2", "reading/b/1", "reading/b/2"]),
    );
  });
});

describe("a reset while the log is read", () => {
  it("makes the webhook go on from the position of the reset", async () => {
    const { store, object, read, wake, received, report } = await subscribed("reset-reading");
    for (const stream of ["a", "b", "c"]) await read(stream, 1);
    const answered = Promise.withResolvers<void>();
    let reads = 0;
    interceptReads(store, (real) => async (request) => {
      const page = await real(request);
      if (++reads === 1) await answered.promise;
      return page;
    });
    const waking = wake();
    await eventually(() => expect(reads).toBe(1));
    await object.control("reset", 1);
    answered.resolve();
    await waking;
    await eventually(async () => expect(await report()).toMatchObject({ pending: 0, position: 3 }));
    expect(received().toSorted()).toEqual(["reading/a/1", "reading/b/1", "reading/c/1"]);
    expect(reads).toBeLessThan(10);
  });
});

describe("a reset while events wait", () => {
  it("loses none of those before the position", async () => {
    const { object, read, wake, endpoint, received, report } = await subscribed("rest", { concurrency: 1 });
    const slow = Promise.withResolvers<void>();
    endpoint.answer = async () => {
      await slow.promise;
      return OK();
    };
    for (const stream of ["a", "b", "c"]) await read(stream, 1);
    await wake();
    await eventually(() => expect(received()).toEqual(["reading/a/1"]));
    await object.control("reset", 2);
    slow.resolve();
    await eventually(async () => expect(await report()).toMatchObject({ pending: 0, position: 3 }));
    expect(received().toSorted()).toEqual(["reading/a/1", "reading/b/1", "reading/c/1"]);
  });
});

describe("a dry run of a replay", () => {
  it("answers how many events would be sent again, and does nothing", async () => {
    const { post, read, wake, webhook, report, ledger, received } = await subscribed("dry-run", {
      categories: ["reading"],
      where: { path: "data.value", op: "gte", value: 2 },
    });
    for (const value of [1, 2, 3]) await read("s", value);
    await post("/aggregates/counter/c/Count", {});
    await wake();
    await eventually(() => expect(received()).toHaveLength(2));
    const before = await ledger();
    const ask = (range: object) => post(`/webhooks/${webhook.id}/replay?dryRun=true`, range);
    const answer = await ask({ from: 1 });
    expect([answer.status, await readJson(answer)]).toEqual([200, { events: 2, position: 4, to: 4 }]);
    expect(await readJson(await ask({ from: 3, to: 3 }))).toEqual({ events: 1, position: 3, to: 3 });
    expect(await readJson(await ask({ from: "2000-01-01T00:00:00Z", to: "2000-01-02T00:00:00Z" }))).toMatchObject({ events: 0 });
    expect((await ask({ from: 9 })).status).toBe(409);
    expect(await ledger()).toEqual(before);
    expect((await report()).replays).toEqual([]);
  });

  it("is refused like the replay itself where the log has no events in the range", async () => {
    const { post, webhook, report } = await subscribed("dry-run-empty");
    for (const path of ["replay?dryRun=true", "replay"]) {
      expect(await readJson(await post(`/webhooks/${webhook.id}/${path}`, { from: "2000-01-01T00:00:00Z" }))).toMatchObject({
        status: 409,
        code: "replay-refused",
        detail: "the log has no events in this range: its head is at 0",
      });
    }
    expect((await report()).replays).toEqual([]);
  });
});

describe("a dry run of a replay whose log was put back to an earlier time since its head was asked for", () => {
  it("ends where the log ends", async () => {
    const { store, webhook, read, post } = await subscribed("put-back");
    for (const value of [1, 2, 3]) await read("s", value);
    interceptLogMethod(store, "head", () => async () => 9);
    const answer = await post(`/webhooks/${webhook.id}/replay?dryRun=true`, { from: 2 });
    expect([answer.status, await readJson(answer)]).toEqual([200, { events: 2, position: 3, to: 9 }]);
  });
});

describe("the deliveries of a webhook", () => {
  it("are listed newest first, by pages and by status", async () => {
    const { json, get, read, wake, webhook, endpoint, report } = await subscribed("list");
    endpoint.answer = ({ stream }) => (stream === "reading/bad" ? new Response("why not", { status: 422 }) : OK());
    for (const stream of ["a", "bad", "b", "c", "bad"]) await read(stream, 1);
    await wake();
    await eventually(async () => expect(await report()).toMatchObject({ pending: 2, attempts: expect.any(Number) }));
    const path = `/webhooks/${webhook.id}/deliveries`;
    await eventually(async () => expect((await json(path)).deliveries).toHaveLength(4));
    const first = await json(`${path}?limit=3`);
    expect(first.deliveries.map(({ id }: { id: string }) => id)).toEqual(["4", "3", "2"]);
    expect([first.waiting, first.hasMore]).toEqual([1, true]);
    const second = await json(first.next.replace(/^.*(?=\/webhooks)/, ""));
    expect(second.deliveries.map(({ id }: { id: string }) => id)).toEqual(["1"]);
    expect(second).toMatchObject({ hasMore: false });
    expect(second).not.toHaveProperty("next");
    expect((await json(`${path}?status=pending`)).deliveries).toEqual([
      {
        id: "2",
        webhookId: endpoint.received.find(({ stream }) => stream === "reading/bad")?.headers.get("webhook-id"),
        stream: "reading/bad",
        position: 2,
        type: "Read",
        status: "pending",
        attempts: 1,
        lastAttemptAt: expect.stringMatching(/Z$/),
        durationMs: expect.any(Number),
        response: 422,
        error: "answered 422",
        excerpt: "why not",
        nextAttemptAt: expect.stringMatching(/Z$/),
        behind: 1,
        history: [{ at: expect.stringMatching(/Z$/), durationMs: expect.any(Number), response: 422, error: "answered 422" }],
      },
    ]);
    expect((await json(`${path}?status=delivered`)).deliveries).toHaveLength(3);
    expect((await json(`${path}?status=parked`)).deliveries).toEqual([]);
    for (const query of ["status=odd", "limit=0", "limit=201", "after=x"]) expect((await get(`${path}?${query}`)).status).toBe(400);
  });
});

describe("a test message", () => {
  it("is sent now, signed, and its outcome is the answer; the ledger knows nothing of it", async () => {
    const { post, webhook, endpoint, ledger, report } = await subscribed("test");
    const response = await post(`/webhooks/${webhook.id}/test`, undefined);
    expect([response.status, await readJson(response)]).toEqual([200, { delivered: true, response: 204, durationMs: expect.any(Number) }]);
    const [{ headers, body }] = endpoint.received as [Delivery];
    expect(new Webhook(webhook.secret).verify(body, Object.fromEntries(headers))).toMatchObject({
      type: "$webhook.test",
      data: { type: "$webhook.test", data: { webhook: webhook.id } },
    });
    endpoint.answer = FAILED;
    expect(await readJson(await post(`/webhooks/${webhook.id}/test`, undefined))).toMatchObject({
      delivered: false,
      response: 500,
      excerpt: "no",
    });
    expect(await ledger()).toEqual([]);
    expect(await report()).toMatchObject({ attempts: 0, health: {} });
  });
});
