/** Promise 4 to the end: projectors die between any two steps and the database goes away, while views are rebuilt, changed, and erased from. */

import { Store } from "../../../src/store/store.ts";
import { storeNamed, NO_APP } from "../support.ts";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { sql, streamIdOf, view } from "../../../src/index.ts";
import { requestRebuild } from "../../../src/views/generations.ts";
import { project } from "../../../src/views/project.ts";
import { readServing } from "../../../src/views/serving.ts";
import type { View } from "../../../src/definitions/views/view.ts";
import type { StoredRow } from "../../../src/definitions/views/handler.ts";
import { reading } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { declared } from "./declared.ts";
import { type Fate, mortalEnv } from "./mortal.ts";
import { IS_WHOLE, runs } from "../../effort.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
  vi.spyOn(console, "info").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

const row = z.object({ id: z.string(), sum: z.number(), last: z.int() });

/** A row for each stream, and one of all; a calibration halves what is above a hundred. The step makes one definition another. */
const sums = (step: number): View =>
  view("sums", {
    from: reading,
    row,
    key: "id",
    revision: step,
    on: {
      Read: {
        at: ({ stream }) => [streamIdOf(stream), "all"],
        fold: (row, { data, position }, id) => ({ id, sum: (row?.sum ?? 0) + step * data.value, last: position }),
      },
      Calibrated: { sql: (_event, rows) => rows.update(sql`sum = sum / ${2}`, sql`sum > ${100}`) },
    },
  });

/** A kind of such views. */
interface Kind {
  readonly make: (step: number) => View;
  /** The rows of an event. */
  readonly ids: (stream: string) => readonly string[];
  readonly halves?: boolean;
  /** A stream's row goes with the stream. */
  readonly ends?: boolean;
}

const columns = (step: number) =>
  ({
    sum: { type: "number", init: 0, fold: `acc + ${step} * data.value` },
    last: { type: "integer", value: "event.position" },
  }) as const;

const KINDS: readonly (readonly [kind: string, Kind])[] = [
  ["in code", { make: sums, ids: (stream) => [streamIdOf(stream), "all"], halves: true }],
  [
    "over HTTP with a row for each stream",
    {
      make: (step) => declared("sums", { from: "reading", where: "event.type == 'Read'", columns: columns(step) }, step),
      ids: (stream) => [streamIdOf(stream)],
      ends: true,
    },
  ],
  [
    "over HTTP with rows that it names itself",
    {
      make: (step) =>
        declared("sums", { from: "reading", where: "event.type == 'Read'", key: "size(event.streamId)", columns: columns(step) }, step),
      ids: (stream) => [String(streamIdOf(stream).length)],
    },
  ],
];

/** What the rows must be, by definition: the events that say something, one after the other. */
function folded({ ids, halves, ends }: Kind, step: number, events: readonly (RecordedEvent & { erased?: boolean })[]): StoredRow[] {
  const rows = new Map<string, { id: string; sum: number; last: number }>();
  for (const { type, stream, data, position, erased } of events) {
    if (erased) continue;
    if (type === "Read") {
      for (const id of ids(stream))
        rows.set(id, { id, sum: (rows.get(id)?.sum ?? 0) + step * (data as { value: number }).value, last: position });
    }
    if (halves && type === "Calibrated") for (const found of rows.values()) if (found.sum > 100) found.sum /= 2;
    if (ends && type === "$deleted") for (const id of ids(stream)) rows.delete(id);
  }
  return [...rows.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** All goes well for some steps, and then not; after an outage the next step may be reached. */
const fates = fc
  .tuple(fc.nat(12), fc.constantFrom<Fate>("away-before", "away-after", "dead-before", "dead-after"))
  .map(([steps, fate]): Fate[] => [...Array.from({ length: steps }, (): Fate => "done"), fate]);
type Step =
  | { append: number[]; to: string }
  | { calibrate: boolean }
  | { work: Fate[][] }
  | { rebuild: boolean }
  | { erase: boolean }
  | { end: string }
  | { change: boolean };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      append: fc.array(fc.integer({ min: 0, max: 80 }), { minLength: 1, maxLength: 4 }),
      to: fc.constantFrom("a", "b"),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ calibrate: true }) },
  // Some workers at once, each with the outcomes of its queries.
  { weight: 12, arbitrary: fc.record({ work: fc.array(fates, { minLength: 1, maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.constant({ rebuild: true }) },
  { weight: 1, arbitrary: fc.constant({ erase: true }) },
  { weight: 1, arbitrary: fc.record({ end: fc.constantFrom("a", "b") }) },
  { weight: 1, arbitrary: fc.constant({ change: true }) },
);

/** A second definition's table is built, and its worker dies before the table is on record; then there is a third definition. */
const THIRD: [Step[]][] = [5, 6, 7, 8, 9].map((steps) => [
  [
    { append: [0], to: "a" },
    { change: true },
    { work: [[...Array.from({ length: steps }, (): Fate => "done"), "away-before"]] },
    { change: true },
  ],
]);

describe.each(KINDS)("promise 4: views %s are exact", (_kind, kind) => {
  it("even if workers die between any two steps, while the database goes away and the view is rebuilt, changed and erased from", async () => {
    let erased = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
        const { store, post, send, json } = quietStore("deaths");
        const { make } = kind;
        let version = 1;
        let position = 0;
        const work = (fates: readonly Fate[]) =>
          project(new Store(mortalEnv(env, fates), store, NO_APP), make(version), Date.now() + 10_000).catch(() => {});
        const waitingIsOver = () =>
          env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store).run();
        const look = () =>
          readServing(storeNamed(store), make(version), (table, db) =>
            db.prepare(`SELECT * FROM ${table.name} WHERE _store = ? ORDER BY id`).bind(store),
          );
        await work([]);
        for (const [index, step] of steps.entries()) {
          if ("append" in step) {
            const events = step.append.map((value) => ({ type: "Read", data: { value } }));
            await post(`/streams/reading/${step.to}`, { events });
          } else if ("calibrate" in step) await post("/streams/reading/c", { type: "Calibrated", data: {} });
          else if ("rebuild" in step) await requestRebuild(storeNamed(store), make(version));
          else if ("change" in step) version++;
          else if ("end" in step) await send("DELETE", `/streams/reading/${step.end}`);
          else if ("erase" in step) {
            await post(`/streams/reading/e-${index}`, { type: "Read", data: { value: 70 } });
            if (index % 2 === 0) await work([]);
            await send("DELETE", `/streams/reading/e-${index}?erase=true`);
            erased++;
          } else {
            await Promise.all(step.work.map(work));
            await waitingIsOver();
          }
          // Nobody's reads go back.
          const served = await look();
          expect(served.position).toBeGreaterThanOrEqual(position);
          position = served.position;
        }
        await work([]);
        const served = await look();
        const { events, head } = await json("/log?limit=1000");
        expect([served.position, served.stale]).toEqual([head, false]);
        const rows = served.results.map((found) => served.table.fromSql(found));
        expect(rows).toEqual(folded(kind, version, events));
      }),
      { numRuns: runs(50) + THIRD.length, examples: THIRD },
    );
    // A few runs need not have one.
    if (IS_WHOLE) expect(erased).toBeGreaterThan(0);
  }, 120_000);
});
