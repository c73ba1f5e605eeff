/**
 * Random sequences of writes, conditions, repeats, evictions, alarms and outages of the log, against the real objects
 * and a small model of what the promises allow (promises 1, 2, 3 and 8).
 */

import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { freshStore, interceptLog, read } from "./support.ts";
import { runs } from "../effort.ts";

const IDS = ["a", "b", "c"] as const;

/** How the log behaves until told otherwise. `deaf` takes the events, but its answer gets lost. */
const WEATHERS = ["fine", "down", "deaf"] as const;

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("command" as const), id: fc.constantFrom(...IDS), twice: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("append" as const), id: fc.constantFrom(...IDS), events: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("conditional" as const), id: fc.constantFrom(...IDS), off: fc.integer({ min: -1, max: 1 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("repeat" as const), which: fc.nat(), changed: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("read" as const), id: fc.constantFrom(...IDS) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("evict" as const),
      what: fc.constantFrom("log", "counter", "reading"),
      id: fc.constantFrom(...IDS),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("crash" as const), id: fc.constantFrom(...IDS) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("alarm" as const), what: fc.constantFrom("counter", "reading"), id: fc.constantFrom(...IDS) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("weather" as const), weather: fc.constantFrom(...WEATHERS) }) },
);

/** What the promises say must be there: the types of each stream's events, in order. */
class Model {
  readonly streams = new Map<string, number>();
  readonly keyed: { path: string; body: unknown; key: string; answer: Record<string, unknown> }[] = [];

  version(stream: string): number {
    return this.streams.get(stream) ?? 0;
  }

  grow(stream: string, by: number): number {
    this.streams.set(stream, this.version(stream) + by);
    return this.version(stream);
  }
}

describe("any sequence of writes, repeats, evictions, alarms and outages", () => {
  it("ends in streams without holes, and in a log that has each event once, in stream order", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const { store, post, get, log, stream, logObject } = freshStore("model");
        const model = new Model();
        let weather: (typeof WEATHERS)[number] = "fine";
        const { restore } = interceptLog(store, (real) => async (name, events) => {
          if (weather === "down") throw new Error("the log is down");
          const answer = await real(name, events);
          if (weather === "deaf") throw new Error("the answer got lost");
          return answer;
        });
        const write = async (name: string, path: string, body: unknown, by: number, headers: Record<string, string> = {}) => {
          const key = `key-${model.keyed.length}`;
          const response = await post(path, body, { "idempotency-key": key, ...headers });
          const answer = await read(response);
          expect(answer).toMatchObject({ stream: name, version: model.grow(name, by) });
          expect(answer.events).toHaveLength(by);
          // A position is answered only when the log has it, and then it is the log's.
          if (answer.position !== undefined) expect(weather).toBe("fine");
          model.keyed.push({ path, body, key, answer });
        };
        try {
          for (const one of steps) {
            if (one.do === "weather") weather = one.weather;
            else if (one.do === "command") {
              await write(
                `counter/${one.id}`,
                `/aggregates/counter/${one.id}/${one.twice ? "CountTwice" : "Count"}`,
                {},
                one.twice ? 2 : 1,
              );
            } else if (one.do === "append") {
              const events = Array.from({ length: one.events }, (_, value) => ({ type: "Read", data: { value } }));
              await write(`reading/${one.id}`, `/streams/reading/${one.id}`, { events }, one.events);
            } else if (one.do === "conditional") {
              const version = model.version(`counter/${one.id}`);
              const path = `/aggregates/counter/${one.id}/Count`;
              const headers = { "if-match": `"${version + one.off}"` };
              if (one.off === 0) await write(`counter/${one.id}`, path, {}, 1, headers);
              else expect((await post(path, {}, headers)).status).toBe(version + one.off < 0 ? 400 : 412);
            } else if (one.do === "repeat") {
              const earlier = model.keyed[one.which % Math.max(1, model.keyed.length)];
              if (!earlier) continue;
              const body = one.changed ? { events: [{ type: "Calibrated", data: { note: "other" } }], by: 999 } : earlier.body;
              const response = await post(earlier.path, body, { "idempotency-key": earlier.key });
              if (one.changed) expect([400, 409]).toContain(response.status);
              else {
                expect(response.headers.get("idempotent-replayed")).toBe("true");
                const { position: _position, events, ...answer } = await read(response);
                expect(earlier.answer).toMatchObject(answer);
                expect(events).toHaveLength((earlier.answer.events as unknown[]).length);
              }
            } else if (one.do === "read") {
              const response = await get(`/streams/counter/${one.id}?limit=1000`);
              const version = model.version(`counter/${one.id}`);
              if (version === 0) expect(response.status).toBe(404);
              else {
                const { events } = await read(response);
                // What decide saw is the version before, plus one: no command missed another.
                expect(events.map(({ data }: { data: { total: number } }) => data.total)).toEqual(
                  Array.from({ length: version }, (_, at) => at + 1),
                );
              }
            } else if (one.do === "crash") {
              // Stored, and gone before the log has it: the next activation believes that it has everything.
              const before: typeof weather = weather;
              weather = "down";
              await write(`counter/${one.id}`, `/aggregates/counter/${one.id}/Count`, {}, 1);
              await evictDurableObject(stream("counter", one.id));
              weather = before;
            } else if (one.do === "evict") {
              const stub = one.what === "log" ? logObject() : stream(one.what, one.id);
              await evictDurableObject(stub as DurableObjectStub).catch(() => {}); // not running: nothing to evict
            } else if (one.do === "alarm") {
              await runDurableObjectAlarm(stream(one.what, one.id));
            }
          }
          // Nobody writes any more; the alarms that were armed bring the rest.
          weather = "fine";
          for (const name of model.streams.keys()) {
            const [category, id] = name.split("/") as [string, string];
            await runDurableObjectAlarm(stream(category, id));
          }
          const all = await log();
          expect(all.map(({ position }) => position)).toEqual(Array.from({ length: all.length }, (_, at) => at + 1));
          for (const [name, version] of model.streams) {
            expect(all.filter((event) => event.stream === name).map((event) => event.version)).toEqual(
              Array.from({ length: version }, (_, at) => at + 1),
            );
          }
        } finally {
          restore();
        }
      }),
      { numRuns: runs(40) },
    );
  });
});
