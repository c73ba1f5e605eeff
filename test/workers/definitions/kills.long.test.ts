// oxlint-disable vitest/expect-expect -- the comparison with a clean run is in a function of its own
/**
 * Promise 5 for processors that are declared over HTTP, and with their joins promise 4: workers die between every two steps, wake-ups come
 * twice and in any order, processors are reset and objects evicted. What is stored in the end is what one clean run stores, and the copies
 * of joined views are what a fold of the log gives.
 */

import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { CheckpointMoved } from "../../../src/consumers/checkpoint.ts";
import { jump } from "../../../src/consumers/override.ts";
import { prepare } from "../../../src/consumers/schema.ts";
import { type RecordedEvent, categoryOf } from "../../../src/core/event.ts";
import { category, defineApp, view } from "../../../src/index.ts";
import { rulesConsumer } from "../../../src/processors/rules-consumer.ts";
import { copiesOf } from "../../../src/rows/copies.ts";
import { shapeInCode } from "../../../src/store/category-shape.ts";
import { Store } from "../../../src/store/store.ts";
import { STRIDE, runs } from "../../effort.ts";
import { around, rulesFrom } from "../../rules.ts";
import { reading } from "../app.ts";
import { folded, quietStore } from "../delivery/support.ts";
import { IMMORTAL, KILLED, type Life, mortal, mortalEnv } from "../processors/mortal.ts";
import { storeNamed } from "../support.ts";

const mark = category("mark", { events: { Marked: z.object({ n: z.number(), sum: z.number() }) } });
const echo = category("echo", { events: { Marked: z.object({ n: z.number(), sum: z.number() }) } });
/** Two rows that every reading changes: a copy that misses one, or has one twice, shows it at once. */
const sums = view("sums", {
  from: reading,
  row: z.object({ id: z.string(), n: z.int(), sum: z.number() }),
  key: "id",
  on: {
    Read: {
      at: ({ data }) => ["all", data.value > 100 ? "high" : "low"],
      fold: (row, { data }, id) => ({ id, n: (row?.n ?? 0) + 1, sum: (row?.sum ?? 0) + data.value }),
    },
  },
});
const app = defineApp({ categories: [reading, mark, echo], views: [sums] });
const world = around([reading, mark, echo].map(shapeInCode), [sums]);

const DATA = { n: "all.n", sum: "kind.sum" };
const marks = rulesFrom(
  "marks",
  {
    from: "reading",
    types: ["Read"],
    steps: [
      { join: { with: "sums", by: "'all'", as: "all" } },
      { join: { with: "sums", by: "data.value > 100.0 ? 'high' : 'low'", as: "kind" } },
      { emit: { to: "mark", type: "'Marked'", id: "event.streamId", data: DATA } },
      {
        branch: [
          { when: "data.value > 100.0", steps: [{ emit: { to: "mark", type: "'Marked'", id: "'high-' + event.streamId", data: DATA } }] },
        ],
      },
    ],
  },
  world,
);
const echoes = rulesFrom(
  "echoes",
  {
    from: ["mark", "echo"],
    onError: "skip",
    steps: [
      { join: { with: "mark", by: "event.streamId", as: "latest", missing: "skip" } },
      { set: { sum: "data.n == 2.0 ? 1 / 0 : latest.sum" } },
      { emit: { to: "echo", id: "event.streamId" } },
    ],
  },
  world,
);
const RULES = { marks, echoes } as const;
const NAMES = ["marks", "echoes"] as const;

/** Appends of facts, in their order. */
const FACTS: readonly (readonly [stream: string, ...values: number[]])[] = [
  ["a", 101, 2],
  ["b", 1, 102],
  ["a", 103],
];

beforeAll(() => prepare(env.VIEWS));
beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

async function begun() {
  const quiet = quietStore("rules");
  const { store } = quiet;
  for (const [index, [stream, ...values]] of FACTS.entries()) {
    const events = values.map((value) => ({
      type: "Read",
      data: { value },
      id: `0198c0de-0000-4000-8000-${String(value).padStart(12, "0")}`,
    }));
    await quiet.post(`/streams/reading/${stream}`, { events }, { "correlation-id": `fact-${index}` });
  }
  const wake = async (name: (typeof NAMES)[number], life: Life): Promise<void> => {
    const bound = mortalEnv(env, life, () => {});
    await catchUp(
      rulesConsumer(new Store(bound, store, app), RULES[name]),
      mortal(storeNamed(store).log, ["read"], life),
      Number.POSITIVE_INFINITY,
    ).catch((error: unknown) => {
      if (!life.dead) throw error;
      expect(String(error)).toContain(KILLED);
    });
  };
  const timePasses = () => env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store).run();
  const consumer = (name: (typeof NAMES)[number]) => rulesConsumer(storeNamed(store, app), RULES[name]);
  return {
    ...quiet,
    wake,
    timePasses,
    async reset(name: (typeof NAMES)[number], to: number) {
      const { checkpoint } = consumer(name);
      const { position } = await checkpoint.load();
      await jump(checkpoint, position, Math.min(to, position)).catch((error: unknown) => {
        if (!(error instanceof CheckpointMoved)) throw error;
      });
    },
    async finish() {
      for (let head = -1; head !== (await quiet.log()).length;) {
        head = (await quiet.log()).length;
        for (const name of NAMES) {
          await timePasses();
          await wake(name, IMMORTAL());
        }
      }
    },
    /** Everything that is stored, by stream; the copy's rows; what was skipped. */
    async stored() {
      const { events } = (await quiet.json("/log?limit=1000")) as { events: RecordedEvent[] };
      const streams: Record<string, unknown[]> = {};
      for (const { id, stream, version, type, data, meta } of events.toSorted((a, b) => a.version - b.version))
        (streams[stream] ??= []).push({ id, version, type, data, meta });
      const table = copiesOf(marks).get(sums);
      const { results } = await env.VIEWS.prepare(`SELECT id, n, sum FROM ${table?.name} WHERE _store = ? ORDER BY id`).bind(store).all();
      const readings = events.filter(({ stream }) => categoryOf(stream) === "reading");
      expect(new Set(results)).toEqual(new Set(folded(sums, readings).values()));
      return streams;
    },
  };
}

describe("a processor, whatever dies and however often it is woken or reset", () => {
  const clean = async () => {
    const one = await begun();
    await one.finish();
    return one.stored();
  };

  it("stores what the definitions describe in a run without faults", async () => {
    const streams = await clean();
    const data = Object.fromEntries(
      Object.entries(streams).map(([stream, events]) => [stream, events.map((one) => (one as RecordedEvent).data)]),
    );
    expect(data).toMatchObject({
      "mark/a": [
        { n: 1, sum: 101 },
        { n: 2, sum: 2 },
        { n: 5, sum: 306 },
      ],
      "mark/b": [
        { n: 3, sum: 3 },
        { n: 4, sum: 203 },
      ],
      "mark/high-a": [
        { n: 1, sum: 101 },
        { n: 5, sum: 306 },
      ],
      "mark/high-b": [{ n: 4, sum: 203 }],
      "echo/a": [
        { n: 1, sum: 101 },
        { n: 5, sum: 306 },
      ],
    });
  });

  it("finishes in another worker whatever step the first one dies at", { timeout: 300_000 }, async () => {
    const streams = await clean();
    for (const name of NAMES) {
      for (let steps = 1; ; steps += STRIDE) {
        const one = await begun();
        if (name === "echoes") await one.wake("marks", IMMORTAL());
        const life = mortal.life(steps, true);
        await one.wake(name, life);
        await one.finish();
        expect(await one.stored(), `${name}, dead after step ${steps}`).toEqual(streams);
        if (!life.dead) break;
        expect(steps).toBeLessThan(100);
      }
    }
  });

  it("ends the same way after any order of deaths, resets, repeated wake-ups and two workers at once", { timeout: 300_000 }, async () => {
    const streams = await clean();
    const name = fc.constantFrom(...NAMES);
    const steps = fc.integer({ min: 1, max: 20 });
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant("die" as const), name, steps, after: fc.boolean() }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("wake" as const), name }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("race" as const), name, steps }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("reset" as const), name, to: fc.nat(6) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("time" as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (plan) => {
        const one = await begun();
        for (const now of plan) {
          if (now.do === "die") await one.wake(now.name, mortal.life(now.steps, now.after));
          else if (now.do === "wake") await one.wake(now.name, IMMORTAL());
          else if (now.do === "reset") await one.reset(now.name, now.to);
          else if (now.do === "race")
            await Promise.all([
              one.wake(now.name, IMMORTAL()),
              one.wake(now.name, mortal.life(now.steps, true)),
              one.wake(now.name, IMMORTAL()),
            ]);
          else await one.timePasses();
        }
        await one.finish();
        expect(await one.stored()).toEqual(streams);
      }),
      { numRuns: runs(25) },
    );
  });
});
