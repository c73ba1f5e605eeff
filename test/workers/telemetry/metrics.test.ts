/** `GET /metrics`: what is stored, counted truly, in a form that Prometheus reads. */

import { env } from "cloudflare:workers";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CheckpointStore } from "../../../src/consumers/checkpoint.ts";
import { prepare } from "../../../src/consumers/schema.ts";
import { createHttp } from "../../../src/http/worker.ts";
import { METRICS_WEBHOOKS } from "../../../src/operations/limits.ts";
import { type Sample, parsePrometheus } from "../../prometheus.ts";
import { app, poison } from "../app.ts";
import { eventually, quietStore } from "../delivery/support.ts";
import { read } from "../support.ts";
import { subscribed } from "../webhooks/support.ts";
import { allowErrors } from "../errors.ts";

beforeEach(() => {
  allowErrors(/a consumer could not process an event and will retry/, /a consumer has failed and stopped/);
});
afterEach(() => {
  poison.active = true;
  vi.restoreAllMocks();
});

/** The figures of a store, by name and the labels that are asked for. */
async function figuresOf({ get }: Pick<ReturnType<typeof quietStore>, "get">) {
  const response = await get("/metrics");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  const families = parsePrometheus(text);
  const samples = (name: string): readonly Sample[] => families.get(`headspring_${name}`)?.samples ?? [];
  return {
    text,
    samples,
    of: (name: string, labels: Record<string, string> = {}) =>
      samples(name).find((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))?.value,
  };
}

const waitingIsOver = (store: string) =>
  env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store).run();

describe("the figures of a store", () => {
  it("are those of an empty store before its first write", async () => {
    const { of, samples } = await figuresOf(quietStore("empty"));
    expect(of("log_head")).toBe(0);
    expect(of("consumer_lag", { consumer: "values" })).toBe(0);
    expect(of("consumer_lag_seconds", { consumer: "values" })).toBe(0);
    expect(samples("consumer_last_progress_timestamp_seconds")).toEqual([]);
    expect(samples("consumer_position")).toHaveLength(app.views.size + app.processors.size);
  });

  it("show how far the log is, and how large", async () => {
    const store = quietStore("log");
    for (let value = 1; value <= 3; value++) await store.read("s", value);
    const { of } = await figuresOf(store);
    expect([of("log_head"), of("log_events_total"), of("log_segments"), of("log_subscriptions")]).toEqual([3, 3, 1, 0]);
    expect(of("log_segment_bytes")).toBeGreaterThan(0);
    expect(of("database_bytes", { database: "VIEWS" })).toBeGreaterThan(0);
  });

  it("follow a consumer: what it has processed, what is left, and since when", async () => {
    const store = quietStore("following");
    await store.read("s", 1);
    await store.post("/streams/sample/s", { type: "Read", data: { value: 1 } }); // not for this view
    await store.read("s", 2);
    const recordedAt = Date.parse(((await store.log()) as unknown as { recordedAt: string }[])[0]?.recordedAt ?? "");
    vi.spyOn(Date, "now").mockReturnValue(recordedAt + 90_000);
    const before = await figuresOf(store);
    const values = { consumer: "values", kind: "view", store: store.store };
    expect(before.of("consumer_lag", values)).toBe(3);
    expect(before.of("consumer_lag_seconds", values)).toBe(90);
    expect(before.of("consumer_status", { ...values, status: "catching-up" })).toBe(1);
    expect(before.of("consumer_status", { ...values, status: "live" })).toBe(0);
    await store.wake("values");
    const after = await figuresOf(store);
    expect([after.of("consumer_position", values), after.of("consumer_lag", values), after.of("consumer_lag_seconds", values)]).toEqual([
      3, 0, 0,
    ]);
    expect(after.of("consumer_processed_total", values)).toBe(2);
    expect(after.of("consumer_failures_total", values)).toBe(0);
    expect(after.of("consumer_last_progress_timestamp_seconds", values)).toBe((recordedAt + 90_000) / 1_000);
  });

  it("count every failed attempt, and go on after an operator has stepped in", async () => {
    const store = quietStore("failing");
    for (const value of [1, -1, 2]) await store.read("s", value);
    const values = { consumer: "values" };
    for (let attempt = 1; attempt <= 8; attempt++) {
      await waitingIsOver(store.store);
      await store.wake("values");
      const { of } = await figuresOf(store);
      expect([of("consumer_failures_total", values), of("consumer_attempts", values), of("consumer_processed_total", values)]).toEqual([
        attempt,
        attempt,
        1,
      ]);
    }
    expect((await figuresOf(store)).of("consumer_status", { ...values, status: "failed" })).toBe(1);
    await store.post("/consumers/values/skip", {});
    await store.wake("values");
    const { of } = await figuresOf(store);
    // What was skipped was not processed.
    expect([of("consumer_failures_total", values), of("consumer_attempts", values), of("consumer_processed_total", values)]).toEqual([
      8, 0, 2,
    ]);
  });

  it("count each event of a processor once, whatever is repeated", async () => {
    const store = quietStore("once");
    for (const value of [1, 2, 3]) await store.read("s", value);
    await Promise.all([store.wake("relay"), store.wake("relay"), store.wake("relay")]);
    await store.wake("relay");
    expect((await figuresOf(store)).of("consumer_processed_total", { consumer: "relay", kind: "processor" })).toBe(3);
    expect(await store.consumer("relay")).toMatchObject({ processed: 3, failures: 0, lastProgressAt: expect.any(String) });
  });

  it("show the outcomes of webhooks' deliveries, even after the object was gone, and nothing of their endpoints", async () => {
    const store = await subscribed("told");
    const { webhook, endpoint, read: append, wake, alarm, evict } = store;
    const consumer = { consumer: webhook.id };
    endpoint.answer = ({ version }) => new Response(null, { status: version === 2 ? 500 : 204 });
    await append("s", 1);
    await append("s", 2);
    await wake();
    await eventually(() => expect(endpoint.received).toHaveLength(2));
    await eventually(async () => expect((await store.report()).attempts).toBe(1));
    const waiting = await figuresOf(store);
    expect([waiting.of("webhook_blocked_streams", consumer), waiting.of("webhook_full", consumer)]).toEqual([1, 0]);
    const { since } = (await store.report()).blocked;
    expect(waiting.of("webhook_blocked_since_timestamp_seconds", consumer)).toBe(Date.parse(since) / 1_000);
    await store.post(`/consumers/${webhook.id}/skip`, {});
    await alarm();
    await evict();
    const { of, text } = await figuresOf(store);
    expect(of("webhook_deliveries_total", { ...consumer, status: "delivered" })).toBe(1);
    expect(of("webhook_deliveries_total", { ...consumer, status: "parked" })).toBe(1);
    expect(of("webhook_deliveries", { ...consumer, status: "parked" })).toBe(1);
    expect(of("webhook_success_ratio", consumer)).toBe(0.5);
    expect([of("webhook_blocked_streams", consumer), of("webhook_blocked_since_timestamp_seconds", consumer)]).toEqual([0, undefined]);
    expect([of("consumer_processed_total", consumer), of("consumer_failures_total", consumer)]).toEqual([1, 1]);
    expect(of("webhooks")).toBe(1);
    expect(text).not.toContain(webhook.url);
    expect(text).not.toContain(webhook.secret);
    expect((await store.report()).totals).toEqual({ delivered: 1, failed: 1, parked: 1, skipped: 0 });
  });

  it("are bounded, and show what they leave out", async () => {
    const store = quietStore("many");
    const log = store.logClient();
    for (let index = 0; index < METRICS_WEBHOOKS + 5; index++) await log.subscribe(`wh_${String(index).padStart(4, "0")}`);
    const { of, samples } = await figuresOf(store);
    expect([of("webhooks"), of("webhooks_not_measured")]).toEqual([METRICS_WEBHOOKS + 5, 5]);
    expect(samples("consumer_position").filter(({ labels }) => labels.kind === "webhook")).toHaveLength(METRICS_WEBHOOKS);
  });
});

describe("access to the figures", () => {
  it("needs the right to read: a scraper's token need not be able to change anything", async () => {
    const tokens = ["read", "write", "admin"].map((right) => {
      return { name: right, sha256: createHash("sha256").update(right).digest("hex"), rights: [right] };
    });
    const http = createHttp(app);
    const statuses = await Promise.all(
      ["read", "write", "admin"].map(async (token) => {
        const headers = { authorization: `Bearer ${token}` };
        return (await http.request("/stores/rights/metrics", { headers }, { ...env, API_TOKENS: JSON.stringify(tokens) })).status;
      }),
    );
    expect(statuses).toEqual([200, 403, 403]);
    expect(await read(await http.request("/stores/rights/metrics", {}, { ...env, API_TOKENS: JSON.stringify(tokens) }))).toMatchObject({
      code: "unauthorized",
    });
  });
});

describe("a database from before anything was counted", () => {
  it("gets what it lacks, and counts from then on", async () => {
    const { ARCHIVE: old } = env as unknown as { ARCHIVE: D1Database }; // the tests' own binding
    await old.prepare(`DROP TABLE IF EXISTS headspring_checkpoints`).run();
    await old
      .prepare(
        `CREATE TABLE headspring_checkpoints (store TEXT NOT NULL, consumer TEXT NOT NULL, generation TEXT NOT NULL, position INTEGER NOT NULL,
         moved_from INTEGER NOT NULL, status TEXT NOT NULL DEFAULT 'active', attempts INTEGER NOT NULL DEFAULT 0,
         next_attempt_at INTEGER NOT NULL DEFAULT 0, error TEXT, born_at INTEGER NOT NULL, started_at INTEGER NOT NULL, pace REAL,
         retired_at INTEGER, PRIMARY KEY (store, consumer, generation)) STRICT, WITHOUT ROWID`,
      )
      .run();
    await old
      .prepare(`INSERT INTO headspring_checkpoints (store, consumer, generation, position, moved_from, born_at, started_at)
       VALUES ('old', 'c', '', 7, 7, 0, 0)`)
      .run();
    // A database that is away just then is given it later.
    const away = vi.spyOn(old, "prepare").mockImplementation((query) => {
      away.mockRestore();
      const statement = old.prepare(query);
      vi.spyOn(old, "prepare").mockImplementation((one) => {
        const all = Object.getPrototypeOf(old).prepare.call(old, one);
        return one.startsWith("ALTER") ? Object.assign(all, { run: () => Promise.reject(new Error("D1 DB is overloaded.")) }) : all;
      });
      return statement;
    });
    await expect(prepare(old, ["SELECT 0"])).rejects.toThrow("overloaded");
    vi.restoreAllMocks();
    // As two isolates that begin at the same time.
    await Promise.all([prepare(old, ["SELECT 1"]), prepare(old, ["SELECT 2"])]);
    const checkpoint = new CheckpointStore(old, "old", "c");
    expect(await checkpoint.load()).toMatchObject({ position: 7, processed: 0, failures: 0 });
    await checkpoint.commit(7, 10, [], { events: [8, 9, 12].map((position) => ({ position })) });
    expect(await checkpoint.look()).toMatchObject({ position: 10, processed: 2 });
  });
});
