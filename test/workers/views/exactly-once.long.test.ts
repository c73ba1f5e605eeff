import { storeNamed } from "../support.ts";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CheckpointMoved } from "../../../src/consumers/checkpoint.ts";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { toRecorded } from "../../../src/core/event.ts";
import { viewConsumer } from "../../../src/views/projector.ts";
import { totals, values } from "../app.ts";
import type { ViewDefinition } from "../../../src/definitions/over-http/view.ts";
import type { View } from "../../../src/definitions/views/view.ts";
import { deliver, quietStore } from "../delivery/support.ts";
import { declared, storeWith } from "./declared.ts";
import { runs } from "../../effort.ts";

afterEach(() => vi.restoreAllMocks());

const value = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(0.5, 101));
const fact = fc.oneof(
  { weight: 6, arbitrary: value.map((value) => ({ type: "Read", data: { value } })) },
  { weight: 1, arbitrary: fc.constant({ type: "Calibrated", data: {} }) }, // removes a row
);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ to: fc.constantFrom("a", "b"), append: fc.array(fact, { minLength: 1, maxLength: 5 }) }) },
  // Batches of wake-ups, by their place among those sent so far: most are lost, some come twice, some late, some at the same time.
  {
    weight: 3,
    arbitrary: fc.record({ deliver: fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }) }),
  },
);

/** Between two reads of the database much can happen. */
function slowDown(db: D1Database): void {
  const statement: D1PreparedStatement = Object.getPrototypeOf(db.prepare("SELECT 1"));
  const all = Reflect.get(statement, "all");
  vi.spyOn(statement, "all").mockImplementation(async function (this: D1PreparedStatement) {
    const result = await Reflect.apply(all, this, []);
    await scheduler.wait(Math.random() * 10);
    return result;
  });
}

/** A kind of views, in a store that has them: one whose row `any` counts readings until one calibrates, and another one. */
interface Kind {
  readonly values: View;
  readonly other: View;
  readonly open: (name: string) => Promise<ReturnType<typeof quietStore>>;
}

const count = { count: { type: "integer", init: 0, fold: "acc + 1" } } as const;
const DEFINITIONS = {
  "declared-values": { from: "reading", key: "'any'", columns: count, remove: "event.type == 'Calibrated'" },
  // Any number of columns, a filter, and rows that many streams make.
  "declared-others": {
    from: "reading",
    types: ["Read"],
    where: "data.value > 1",
    key: "data.value",
    columns: { ...count, last: { type: "string", value: "event.streamId" }, sum: { type: "number", init: 0, fold: "acc + row.count" } },
  },
} satisfies Record<string, ViewDefinition>;

const KINDS: readonly (readonly [kind: string, Kind])[] = [
  ["in code", { values, other: totals, open: async (name) => quietStore(name) }],
  [
    "declared over HTTP",
    {
      values: declared("declared-values", DEFINITIONS["declared-values"]),
      other: declared("declared-others", DEFINITIONS["declared-others"]),
      open: (name) => storeWith(name, DEFINITIONS),
    },
  ],
];

describe.each(KINDS)("promise 4: views %s are exact", (_kind, { values, other, open }) => {
  const any = (count: number) => ({ [values.key]: "any", count });

  it("whatever the queue loses, repeats, reorders or delivers at the same time", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const { post, sent, settle, rows, folded } = await open("queue");
        for (const step of steps) {
          if ("append" in step) await post(`/streams/reading/${step.to}`, { events: step.append });
          else {
            const known = sent();
            const batches = step.deliver.map((picks) => picks.flatMap((pick) => known[pick % known.length]?.body ?? []));
            await Promise.all(batches.map((batch) => deliver(...batch)));
          }
        }
        await settle();
        expect(await rows(values)).toEqual(await folded(values));
        expect(await rows(other)).toEqual(await folded(other));
      }),
      { numRuns: runs(25) },
    );
  });

  it("when many projectors race on one view while events keep coming", async () => {
    const { store, read, rows, folded, consumer } = await open("race");
    const race = () =>
      Array.from({ length: 8 }, () => catchUp(viewConsumer(storeNamed(store), values), storeNamed(store).log, Number.POSITIVE_INFINITY));
    const racing: Promise<unknown>[] = [];
    for (let round = 0; round < 10; round++) {
      await read(`s${round % 3}`, round % 4);
      racing.push(...race());
    }
    await Promise.all(racing);
    await Promise.all(race());
    expect((await consumer(values.name)).lag).toBe(0);
    expect(await rows(values)).toEqual(await folded(values));
    expect((await rows(values)).get("any")).toEqual(any(10));
  });

  it("at every moment: an answer has the rows of the position that it names", async () => {
    const { read, wake, json, folded } = await open("moment");
    slowDown(env.VIEWS);
    const answers = new Map<string, { rows: Record<string, unknown>[]; position: number }>();
    const written = new AbortController();
    const look = async () => {
      while (!written.signal.aborted) {
        const answer = await json(`/views/${values.name}`);
        answers.set(JSON.stringify(answer), answer);
      }
    };
    const looking = [look(), look(), look(), look()];
    for (let round = 0; round < 20; round++) {
      await read("s", 1);
      await wake(values.name);
    }
    written.abort();
    await Promise.all(looking);
    for (const { rows, position } of answers.values()) {
      expect(new Map(rows.map((row) => [row[values.key], row]))).toEqual(await folded(values, position));
    }
    expect(answers.size).toBeGreaterThan(1);
  });

  it("when a projector commits after a faster one: its commit is refused, and nothing of it is written", async () => {
    const { store, read, wake, rows, consumer } = await open("guard");
    const slow = viewConsumer(storeNamed(store), values);
    await read("s", 1);
    await slow.checkpoint.load();
    const page = await storeNamed(store).log.read({ after: 0, limit: 10 });

    await wake(values.name);
    await read("s", 2);
    await wake(values.name);
    const before = await rows(values);

    await expect(slow.apply({ events: page.events.map(toRecorded), from: 0, to: 1 })).rejects.toBeInstanceOf(CheckpointMoved);
    expect(await rows(values)).toEqual(before);
    expect(before.get("any")).toEqual(any(2));
    expect((await consumer(values.name)).position).toBe(2);
  });

  it("when the same events reach a projector that read its rows before another wrote them", async () => {
    const { store, read, rows } = await open("interleaved");
    await read("s", 1);
    const [one, other] = [viewConsumer(storeNamed(store), values), viewConsumer(storeNamed(store), values)];
    await one.checkpoint.load();
    const events = (await storeNamed(store).log.read({ after: 0, limit: 10 })).events.map(toRecorded);
    const outcomes = await Promise.allSettled([one, other].map((each) => each.apply({ events, from: 0, to: 1 })));
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect((await rows(values)).get("any")).toEqual(any(1));
  });

  it("when the commit fails: neither rows nor checkpoint have moved, and the next attempt brings both", async () => {
    const { store, read, wake, rows, consumer } = await open("commit");
    vi.spyOn(console, "error").mockReturnValue();
    await read("s", 1);
    await wake(values.name);
    await read("s", 2);

    const { checkpoint } = viewConsumer(storeNamed(store), values);
    const { batch: ask } = env.VIEWS;
    const batch = vi
      .spyOn(env.VIEWS, "batch")
      .mockImplementationOnce((statements) => ask.call(env.VIEWS, statements) as never) // where the view stands
      .mockRejectedValueOnce(new Error("D1 is away"));
    await wake(values.name);
    batch.mockRestore();
    expect((await rows(values)).get("any")).toEqual(any(1));
    expect(await checkpoint.look()).toMatchObject({
      position: 1,
      status: "active",
      attempts: 1,
      error: { message: "D1 is away", event: { position: 2 } },
    });

    await env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store).run();
    await wake(values.name);
    expect((await rows(values)).get("any")).toEqual(any(2));
    expect(await consumer(values.name)).toMatchObject({ status: "live", position: 2, attempts: 0 });
  });

  it("when a row cannot be written: the checkpoint stays with the rows", async () => {
    const { store, read, wake, consumer } = await open("effects");
    await read("s", 1);
    await wake(values.name);
    const { checkpoint } = viewConsumer(storeNamed(store), values);
    const effects = [env.VIEWS.prepare(`INSERT INTO no_such_table VALUES (1)`)];
    await expect(checkpoint.commit(1, 2, effects, { events: [] })).rejects.toThrow("no_such_table");
    expect((await consumer(values.name)).position).toBe(1);
  });

  it("when an event is of no interest: the checkpoint moves past it", async () => {
    const { read, wake, consumer, rows } = await open("passing");
    await read("s", 1); // too little for one, of another category for the other
    await wake(other.name);
    expect(await consumer(other.name)).toMatchObject({ status: "live", position: 1 });
    expect(await rows(other)).toEqual(new Map());
  });
});
