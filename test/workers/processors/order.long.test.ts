/** Reactions to different streams go on at once; what one stream gets keeps its order, and what is committed has no hole. */

import { type PackedAppend, received } from "../../../src/store/packed-stream.ts";
import { Store } from "../../../src/store/store.ts";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { prepare } from "../../../src/consumers/schema.ts";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { append, reactor, streamIdOf } from "../../../src/index.ts";
import { REACTIONS_IN_FLIGHT } from "../../../src/processors/limits.ts";
import type { AppendRequest } from "../../../src/store/stream-protocol.ts";
import { alarm, app, reading } from "../app.ts";
import { reactorConsumer } from "../../../src/processors/reactor-consumer.ts";
import { processorStore as store } from "./support.ts";
import { runs } from "../../effort.ts";

beforeAll(() => prepare(env.VIEWS));
afterEach(() => vi.restoreAllMocks());

/** Bindings whose streams do what the test wants before an append. */
const withStreams = (before: (name: string, request: AppendRequest) => Promise<unknown>): Env =>
  ({
    ...env,
    STREAMS: {
      getByName: (name: string) => ({
        append: async (request: PackedAppend) => {
          await before(name, { ...request, events: received(request.packed) });
          return env.STREAMS.getByName(name).append(request);
        },
      }),
    },
  }) as unknown as Env; // all that a reactor uses of it

const raised = (from: string, value: number) => ({ from, value });

describe("reactions of one batch", () => {
  it("are under way at once for different streams, a bounded number of them", async () => {
    const { store: name, read, run } = store("together");
    for (let stream = 0; stream < REACTIONS_IN_FLIGHT + 4; stream++) await read(`s${stream}`, stream);
    let underWay = 0;
    let most = 0;
    const full = Promise.withResolvers<void>();
    const bound = withStreams(async () => {
      most = Math.max(most, ++underWay);
      if (underWay === REACTIONS_IN_FLIGHT) full.resolve();
      await full.promise; // nobody goes on before all are there
      underWay--;
    });
    const copy = reactor("copy", {
      from: reading,
      emits: alarm,
      on: { Read: ({ stream, data }) => append(alarm, streamIdOf(stream), "Raised", raised(stream, data.value)) },
    });
    expect(await run(reactorConsumer(new Store(bound, name, app), copy))).toMatchObject({ outcome: "caught-up" });
    expect(most).toBe(REACTIONS_IN_FLIGHT);
  });

  it(
    "arrive at every stream, and from every stream, in the order of the log, however long each takes and whenever it fails",
    { timeout: 120_000 },
    async () => {
      vi.spyOn(console, "error").mockReturnValue();
      const few = fc.constantFrom("a", "b", "c", "d");
      const facts = fc.array(fc.record({ from: few, to: fc.array(few, { maxLength: 3 }) }), { minLength: 1, maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(
          facts,
          fc.array(fc.nat({ max: 4 }), { minLength: 40, maxLength: 40 }),
          fc.nat({ max: 12 }),
          async (list, delays, broken) => {
            const { store: name, read, run, timePasses, log } = store("shuffled");
            for (const [index, { from }] of list.entries()) await read(from, index);
            const spread = reactor("spread", {
              from: reading,
              emits: alarm,
              on: {
                Read: ({ stream, data }) =>
                  (list[data.value]?.to ?? []).map((to) => append(alarm, to, "Raised", raised(stream, data.value))),
              },
            });
            let calls = 0;
            let isBroken = true;
            const bound = withStreams(async (_stream, { events }) => {
              for (let turns = delays[calls++ % delays.length] ?? 0; turns > 0; turns--) await log(); // takes its time
              const { value } = JSON.parse(events[0]?.data ?? "") as { value: number };
              if (value === broken && isBroken) throw new Error("broken");
            });
            const consumer = reactorConsumer(new Store(bound, name, app), spread);
            const first = await run(consumer);
            const failing = list.findIndex(({ to }, index) => index === broken && to.length > 0);
            if (failing === -1) expect(first).toMatchObject({ position: list.length, outcome: "caught-up" });
            else expect(first).toMatchObject({ position: failing, outcome: "backing-off" });
            isBroken = false;
            await timePasses();
            expect(await run(consumer)).toMatchObject({ outcome: "caught-up" });

            const stored = (await log()).filter(({ type }) => type === "Raised") as RecordedEvent<
              "Raised",
              { from: string; value: number }
            >[];
            for (const stream of ["a", "b", "c", "d"]) {
              const wanted = list.flatMap(({ to }, index) => to.filter((one) => one === stream).map(() => index));
              expect(stored.filter((one) => one.stream === `alarm/${stream}`).map(({ data }) => data.value)).toEqual(wanted);
              const caused = stored.filter(({ data }) => data.from === `reading/${stream}`).map(({ data }) => data.value);
              expect(caused).toEqual(caused.toSorted((a, b) => a - b));
            }
          },
        ),
        { numRuns: runs(30) },
      );
    },
  );

  it("that follow a failed one on the same stream do not overtake it", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const { store: name, read, run, timePasses, log } = store("overtake");
    await read("a", 1);
    await read("b", 2);
    await read("c", 3);
    let broken = true;
    const bound = withStreams(async (_stream, { events }) => {
      if (events[0]?.data.includes('"value":1') && broken) throw new Error("broken");
    });
    const join = reactor("join", {
      from: reading,
      emits: alarm,
      on: { Read: ({ stream, data }) => append(alarm, data.value === 3 ? "other" : "all", "Raised", raised(stream, data.value)) },
    });
    const consumer = reactorConsumer(new Store(bound, name, app), join);
    expect(await run(consumer)).toMatchObject({ position: 0, outcome: "backing-off" });
    expect((await log()).filter(({ type }) => type === "Raised")).toEqual([]);
    broken = false;
    await timePasses();
    expect(await run(consumer)).toMatchObject({ outcome: "caught-up" });
    const all = (await log()).filter(({ stream }) => stream === "alarm/all");
    expect(all.map(({ data }) => (data as { value: number }).value)).toEqual([1, 2]);
  });
});
