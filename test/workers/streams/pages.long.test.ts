/** What a stream stores, against a model: pages, streams that version 0.1 has begun, and whatever happens to either of them. */

import * as fc from "fast-check";
import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { StoredEvent } from "../../../src/core/event.ts";
import { FORMAT_KEY } from "../../../src/store/stored-format.ts";
import { STREAM_PAGE_BYTES } from "../../../src/streams/limits.ts";
import { StreamEvents } from "../../../src/streams/stream-events.ts";
import { runs } from "../../effort.ts";
import { freshStore, read } from "../support.ts";
import { storeAsVersion01, storeIn } from "./stored.ts";

/** A row of the platform takes 2 MB; the local runtime takes more. */
const ROW_BYTES = 2_000_000;

const texts = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("", "x", "ü€😀", "\\u001d\\u001e", '\\\\"') },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 9 }).map((times) => "lorem ipsum ".repeat(times * times * 8)) },
  // Each of these fills a good part of a page.
  { weight: 1, arbitrary: fc.constantFrom("a".repeat(120_000), "€".repeat(40_000)) },
);
const event = fc.record({
  type: fc.constantFrom("A", "B", "C"),
  data: texts.map((text) => `{"text":"${text}"}`),
  meta: fc.constantFrom("{}", '{"correlationId":"c"}', '{"by":"ü"}'),
  time: fc.constantFrom(null, "2026-01-01T00:00:00Z"),
  recordedAt: fc.constantFrom(1, 1_790_000_000_000),
  schemaVersion: fc.constantFrom(1, 2),
  erased: fc.constantFrom(false, false, false, true),
  trace: fc.constantFrom(null, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
});
const place = fc.double({ min: 0, max: 1, noNaN: true });

interface Reading {
  readonly read: readonly [number, number];
  readonly limit: number;
  readonly backward: boolean;
  /** The log has everything: nothing is left in memory. */
  readonly isInLog: boolean;
  readonly types?: readonly string[];
}

type Step =
  | { readonly append: readonly Omit<StoredEvent, "version" | "id">[]; readonly times: number; readonly crashes: boolean }
  | { readonly activate: true }
  | { readonly blankBefore: number }
  | Reading;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      append: fc.array(event, { minLength: 1, maxLength: 12 }),
      times: fc.constantFrom(1, 1, 1, 3, 12),
      crashes: fc.constantFrom(false, false, false, true),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ activate: true } as const) },
  { weight: 1, arbitrary: fc.record({ blankBefore: place }) },
  {
    weight: 6,
    arbitrary: fc.record(
      {
        read: fc.tuple(place, place),
        limit: fc.constantFrom(1, 2, 10, 1_000),
        backward: fc.boolean(),
        isInLog: fc.constantFrom(true, true, false),
        types: fc.constantFrom(["A"], ["A", "C"], ["none"]),
      },
      { requiredKeys: ["read", "limit", "backward", "isInLog"] },
    ),
  },
);

interface Model {
  events: StoredEvent[];
  /** The first version of each append. */
  appends: number[];
}

/** Runs the steps on the storage and on the model, and compares after each. */
function follow(storage: DurableObjectStorage, steps: readonly Step[], beganWith01: boolean): void {
  const model: Model = { events: [], appends: [] };
  let real = new StreamEvents(storage);
  for (const [index, one] of steps.entries()) {
    const head = model.events.length;
    if ("append" in one) {
      for (let time = 0; time < one.times; time++) append(storage, real, model, one.append, one.crashes && time === 0);
      if (beganWith01 && index === 0) {
        storeAsVersion01(storage);
        real = new StreamEvents(storage);
      }
    } else if ("activate" in one) real = new StreamEvents(storage);
    else if ("blankBefore" in one) {
      blank(storage, real, model, Math.ceil(one.blankBefore * (head + 1)));
    } else compare(real, model, one);
    expect(real.head).toBe(model.events.length);
  }
  for (const isNew of [false, true]) {
    if (isNew) real = new StreamEvents(storage);
    compareEverywhere(real, model);
  }
  blank(storage, real, model, Math.ceil(model.events.length / 2) + 1);
  expect(plain(real.range(1, real.head))).toEqual(model.events);
  compareEverywhere(new StreamEvents(storage), model);
  const rows = storage.sql.exec(`SELECT name FROM sqlite_master WHERE name = 'pages'`).toArray().length > 0;
  const longest = rows ? storage.sql.exec(`SELECT MAX(LENGTH(CAST(text AS BLOB))) AS bytes FROM pages`).one().bytes : 0;
  expect(Number(longest)).toBeLessThan(ROW_BYTES);
}

function blank(storage: DurableObjectStorage, real: StreamEvents, model: Model, before: number): void {
  storage.transactionSync(() => real.blankBefore(before));
  model.events = model.events.map((event) =>
    event.version < before ? { ...event, data: "{}", meta: "{}", trace: null, erased: true } : event,
  );
}

function append(
  storage: DurableObjectStorage,
  real: StreamEvents,
  model: Model,
  events: readonly Omit<StoredEvent, "version" | "id">[],
  crashes: boolean,
): void {
  const head = model.events.length;
  const fresh = events.map((event, at) => ({ ...event, version: head + 1 + at, id: `id-${head + 1 + at}` }));
  const prepared = real.prepare(fresh);
  const write = () => {
    real.insert(prepared);
    if (crashes) throw new Error("the storage failed");
  };
  if (crashes) {
    expect(() => storage.transactionSync(write)).toThrow("the storage failed");
    return;
  }
  if (prepared.isOneStatement) write();
  else storage.transactionSync(write);
  real.advance(prepared);
  model.events.push(...fresh);
  model.appends.push(head + 1);
}

function compare(real: StreamEvents, model: Model, { read: [low, high], limit, backward, isInLog, types }: Reading): void {
  if (isInLog) real.sequenced(real.head);
  const head = model.events.length;
  const [from, to] = [Math.ceil(low * head), Math.ceil(high * head)].toSorted((a, b) => a - b) as [number, number];
  expect(plain(real.range(Math.max(1, from), to))).toEqual(model.events.slice(Math.max(1, from) - 1, to));
  if (from >= 1) expect(real.idAt(from)).toBe(model.events[from - 1]?.id);
  // Page by page, as a reader goes.
  const seen: StoredEvent[] = [];
  let [begin, end] = [Math.max(1, from), to];
  for (let pages = 0; pages <= head + 1; pages++) {
    const request = { from: begin, to: end, limit, direction: backward ? "backward" : "forward", ...(types ? { types } : {}) } as const;
    const page = real.page(request);
    expect(page.events.length).toBeLessThanOrEqual(limit);
    seen.push(...page.events);
    if (page.next === undefined) break;
    if (backward) end = page.next;
    else begin = page.next;
  }
  const asked = model.events.slice(Math.max(1, from) - 1, to).filter(({ type }) => !types || types.includes(type));
  expect(plain(seen)).toEqual(backward ? asked.toReversed() : asked);
}

/** All of it, from around where the first and the last appends begin, in both directions; and the appends. */
function compareEverywhere(real: StreamEvents, model: Model): void {
  const { events, appends } = model;
  const around = [...appends.slice(0, 2), ...appends.slice(-2)].flatMap((first) => [first - 1, first, first + 1]);
  for (const from of new Set(around)) {
    for (const backward of [false, true]) {
      const read = [from / events.length, Math.min(1, (from + 30) / events.length)] as const;
      compare(real, model, { read, limit: 7, backward, isInLog: true });
    }
  }
  expect(plain(real.range(1, real.head))).toEqual(events);
  compareAppends(real, model);
}

function compareAppends(real: StreamEvents, { events, appends }: Model): void {
  for (const [index, first] of appends.entries()) {
    const last = (appends[index + 1] ?? events.length + 1) - 1;
    if (index < 3 || index > appends.length - 3) expect(real.appendAround(last)).toEqual({ first, last });
    // Only whole appends are sent, and the first one is.
    if (index < 3) {
      const batch = real.unsequenced(first);
      expect(batch[0]?.version).toBe(first);
      expect(batch.length).toBeGreaterThanOrEqual(last - first + 1);
      expect([...appends.map((one) => one - 1), events.length]).toContain(batch.at(-1)?.version);
    }
  }
}

/** Without the difference between absent and empty, which nobody sees. */
function plain(events: readonly StoredEvent[]): StoredEvent[] {
  return events.map(({ erased, trace, ...event }) => ({ ...event, erased: Boolean(erased), trace: trace ?? null }));
}

describe("a stream's pages", () => {
  it.each([
    ["of this version", false],
    ["after events of version 0.1", true],
  ])("hold what was stored, through appends, crashes, erasures and activations: %s", async (_what, beganWith01) => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(event, fc.array(step, { minLength: 2, maxLength: 10 }), async (first, steps) => {
        const stub = env.STREAMS.getByName(`pages-${beganWith01}/reading/${number++}`);
        await runInDurableObject(stub, (_instance, { storage }) =>
          follow(storage, [{ append: [first], times: 2, crashes: false }, ...steps], beganWith01),
        );
      }),
      { numRuns: runs(40) },
    );
    expect(number).toBeGreaterThanOrEqual(runs(40));
  });

  it("fit into rows, whatever an append holds, and their parts make up that append again", async () => {
    await runInDurableObject(env.STREAMS.getByName("pages-large/reading/1"), (_instance, { storage }) => {
      const large = { type: "A", meta: "{}", time: null, recordedAt: 1, schemaVersion: 1, erased: false, trace: null };
      const events = Array.from({ length: 30 }, (_, at) => ({
        ...large,
        data: `{"text":"${"€".repeat(43_000)}"}`,
        version: at + 1,
        id: `id-${at}`,
      }));
      const stored = new StreamEvents(storage);
      const prepared = stored.prepare(events);
      expect(prepared.isOneStatement).toBe(false);
      storage.transactionSync(() => stored.insert(prepared));
      const again = new StreamEvents(storage);
      expect(again.range(1, 30)).toEqual(events);
      expect(again.appendAround(17)).toEqual({ first: 1, last: 30 });
      expect(again.unsequenced(1)).toHaveLength(30);
      const rows = storage.sql.exec<{ bytes: number }>(`SELECT LENGTH(CAST(text AS BLOB)) AS bytes FROM pages`).toArray();
      expect(Math.max(...rows.map(({ bytes }) => bytes))).toBeLessThanOrEqual(STREAM_PAGE_BYTES);
      expect(rows.length).toBe(4);
    });
  });

  it("refuse a value that contains a separator", async () => {
    await runInDurableObject(env.STREAMS.getByName("pages-hostile/reading/1"), (_instance, { storage }) => {
      const hostile = { version: 1, id: "i", type: "A\u001e", data: "{}", meta: "{}", time: null, recordedAt: 1, schemaVersion: 1 };
      expect(() => new StreamEvents(storage).prepare([hostile])).toThrow("control character");
    });
  });

  it("are refused by code of the previous version, which compares the version as a number", async () => {
    for (const [id, text] of [
      ["short", "x"],
      ["long", "x".repeat(100_000)],
    ] as const) {
      const refuses = await runInDurableObject(env.STREAMS.getByName(`pages-refused/reading/${id}`), (_instance, { storage }) => {
        const event = {
          version: 1,
          id: "i",
          type: "A",
          data: `{"text":"${text}"}`,
          meta: "{}",
          time: null,
          recordedAt: 1,
          schemaVersion: 1,
        };
        storeIn(storage, [event]);
        const stored = storage.kv.get<number>(FORMAT_KEY) ?? 1;
        return [stored > 1, `version ${stored} of what STREAMS store`];
      });
      expect(refuses).toEqual([true, "version 2 of what STREAMS store"]);
    }
  });

  it("allow a stream to be erased after a reader has stopped in the middle of them, with and without a snapshot", async () => {
    for (const isOld of [false, true]) {
      const { post, get, send, stream } = freshStore();
      const stub = stream("counter", "1");
      for (let times = 0; times < 55; times++) await post("/aggregates/counter/1/CountTwice", {});
      if (isOld) await runInDurableObject(stub, (_instance, { storage }) => storeAsVersion01(storage));
      await evictDurableObject(stub);
      expect((await read(await get("/streams/counter/1?limit=3"))).events).toHaveLength(3);
      expect((await send("DELETE", "/streams/counter/1?erase=true")).status).toBeLessThan(300);
      expect((await get("/streams/counter/1")).status).toBe(410);
    }
  });
});
