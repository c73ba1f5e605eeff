/**
 * Random processors over random events: what they store is what a plain interpretation in memory stores, which knows nothing of batches,
 * copies, checkpoints and queues. Each random expression is made as text and, by itself, as a function.
 */

import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import * as z from "zod";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { jump } from "../../../src/consumers/override.ts";
import { prepare } from "../../../src/consumers/schema.ts";
import { type RecordedEvent, categoryOf, streamIdOf } from "../../../src/core/event.ts";
import { derivedId } from "../../../src/core/ids.ts";
import { category, defineApp, view } from "../../../src/index.ts";
import { rulesConsumer } from "../../../src/processors/rules-consumer.ts";
import { shapeInCode } from "../../../src/store/category-shape.ts";
import { runs } from "../../effort.ts";
import { around, rulesFrom } from "../../rules.ts";
import { reading } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { storeNamed } from "../support.ts";

const mark = category("mark", { events: { Marked: z.object({ n: z.number(), m: z.object({ k: z.number() }) }) } });
const sums = view("sums", {
  from: reading,
  row: z.object({ id: z.string(), n: z.int(), sum: z.number() }),
  key: "id",
  on: {
    Read: {
      at: ({ data }) => ["all", data.value > 5 ? "high" : "low"],
      fold: (row, { data }, id) => ({ id, n: (row?.n ?? 0) + 1, sum: (row?.sum ?? 0) + data.value }),
    },
  },
});
const app = defineApp({ categories: [reading, mark], views: [sums] });
const world = around([reading, mark].map(shapeInCode), [sums]);

beforeAll(() => prepare(env.VIEWS));
beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

type Data = Record<string, unknown>;
interface Scope {
  readonly event: RecordedEvent;
  readonly data: Data;
  readonly joined: Readonly<Record<string, Record<string, number>>>;
}
interface Made<Value> {
  readonly text: string;
  readonly of: (scope: Scope) => Value;
}
/** What a plain step does: returns the scope after it; undefined: the event goes no further. */
type Plain = (scope: Scope, emit: (path: string, stream: string, data: Data) => void) => Scope | undefined;
interface Step {
  readonly definition: object;
  readonly plain: Plain;
}

class Stopped extends Error {}

/** Makes a processor of random numbers. */
class Maker {
  readonly #numbers: Iterator<number>;
  #steps = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers[Symbol.iterator]();
  }

  /** Less than this. */
  below(limit: number): number {
    const { value = 0 } = this.#numbers.next() as { value?: number };
    return value % limit;
  }

  pick<One>(...all: readonly One[]): One {
    return all[this.below(all.length)] as One;
  }

  number(names: readonly string[], joined: readonly string[], depth = 0): Made<number> {
    const kind = this.below(depth > 2 ? 3 : 5);
    if (kind === 0) {
      const value = this.below(9);
      return { text: `${value}`, of: () => value };
    }
    if (kind === 1 && names.length > 0) {
      const name = this.pick(...names);
      return { text: `data.${name}`, of: ({ data }) => at(data, name) as number };
    }
    if (kind === 2 && joined.length > 0) {
      const [name, member] = [this.pick(...joined), this.pick("n", "sum")];
      return { text: `${name}.${member}`, of: ({ joined }) => joined[name]?.[member] as number };
    }
    const [a, b] = [this.number(names, joined, depth + 1), this.number(names, joined, depth + 1)];
    const sign = this.pick("+", "-", "*");
    const of = (scope: Scope) =>
      sign === "+" ? a.of(scope) + b.of(scope) : sign === "-" ? a.of(scope) - b.of(scope) : a.of(scope) * b.of(scope);
    return { text: `(${a.text} ${sign} ${b.text})`, of };
  }

  condition(names: readonly string[], joined: readonly string[]): Made<boolean> {
    const [a, b] = [this.number(names, joined), this.number(names, joined)];
    return this.below(2) === 0
      ? { text: `${a.text} < ${b.text}`, of: (scope) => a.of(scope) < b.of(scope) }
      : { text: `${a.text} != ${b.text}`, of: (scope) => a.of(scope) !== b.of(scope) };
  }

  /** @param rows the view's rows as of an event */
  steps(path: string, depth: number, names: readonly string[], joined: readonly string[], rows: Rows): Step[] {
    let [known, tables] = [names, joined];
    const made: Step[] = [];
    const next = (kind: number): Step[] => {
      this.#steps++;
      const place = `${path}.${made.length}`;
      if (kind === 0) {
        const test = this.condition(known, tables);
        return [{ definition: { filter: test.text }, plain: (scope) => (test.of(scope) ? scope : undefined) }];
      }
      if (kind === 1) {
        const [name, other] = [this.pick("x", "y", "deep.z"), "w"];
        const [value, further] = [this.number(known, tables), this.number(known, tables)];
        known = [...new Set([...known, name, other])];
        const plain: Plain = (scope) => ({ ...scope, data: set(set(scope.data, name, value.of(scope)), other, further.of(scope)) });
        return [{ definition: { set: { [name]: value.text, [other]: further.text } }, plain }];
      }
      if (kind === 2) {
        const [value, x] = [this.number(known, tables), this.number(known, tables)];
        known = ["value", "x"];
        return [
          {
            definition: { map: { value: value.text, x: x.text } },
            plain: (scope) => ({ ...scope, data: { value: value.of(scope), x: x.of(scope) } }),
          },
        ];
      }
      if (kind === 3) {
        const as = `j${this.#steps}`;
        const key = this.pick("all", "high", "low", "none");
        const missing = this.pick("skip", "null", "fail");
        if (missing !== "null") tables = [...tables, as];
        const plain: Plain = (scope) => {
          const row = rows(scope.event).get(key);
          if (row) return { ...scope, joined: { ...scope.joined, [as]: row } };
          if (missing === "fail") throw new Stopped();
          return missing === "skip" ? undefined : scope;
        };
        return [{ definition: { join: { with: "sums", by: `'${key}'`, as, missing } }, plain }];
      }
      if (kind === 4 || kind === 6) {
        const [n, m] = [this.number(known, tables), this.number(known, tables)];
        const isOwn = this.below(2) === 0;
        const definition = {
          emit: { to: "mark", type: "'Marked'", id: isOwn ? "event.streamId" : "'one'", data: { n: n.text, "m.k": m.text } },
        };
        const plain: Plain = (scope, emit) => {
          emit(place, `mark/${isOwn ? streamIdOf(scope.event.stream) : "one"}`, { n: n.of(scope), m: { k: m.of(scope) } });
          return scope;
        };
        return [{ definition, plain }];
      }
      const branches: { readonly when: Made<boolean> | undefined; readonly steps: readonly Step[] }[] = [];
      for (let left = 1 + this.below(3); left > 0; left--) {
        const when = this.below(3) === 0 ? undefined : this.condition(known, tables);
        const steps = this.steps(`${place}.branch.${branches.length}.steps`, depth + 1, known, tables, rows);
        if (steps.length > 0) branches.push({ when, steps });
      }
      if (branches.length === 0) return [];
      const plain: Plain = (scope, emit) => {
        let isHeld = false;
        for (const { when, steps } of branches) {
          const taken: boolean = when ? when.of(scope) : !isHeld;
          isHeld ||= taken;
          if (taken) through(steps, scope, emit);
        }
        return scope;
      };
      return [
        {
          definition: {
            branch: branches.map(({ when, steps }) => ({
              ...(when ? { when: when.text } : {}),
              steps: steps.map((one) => one.definition),
            })),
          },
          plain,
        },
      ];
    };
    // Not left to chance: that something is joined, and that something is emitted.
    if (depth === 1) made.push(...next(3));
    for (let left = 1 + this.below(3); left > 0 && this.#steps < 18; left--) made.push(...next(this.below(depth > 2 ? 5 : 7)));
    if (depth === 1) made.push(...next(4));
    return made;
  }
}

type Rows = (event: RecordedEvent) => ReadonlyMap<string, Record<string, number>>;

function through(steps: readonly Step[], scope: Scope, emit: Parameters<Plain>[1]): void {
  let now: Scope | undefined = scope;
  for (const { plain } of steps) now = now && plain(now, emit);
}

function at(data: Data, name: string): unknown {
  return name.split(".").reduce<unknown>((value, part) => (value as Data)[part], data);
}

function set(data: Data, name: string, value: unknown): Data {
  const [first = "", ...rest] = name.split(".");
  return { ...data, [first]: rest.length === 0 ? value : set((data[first] as Data | undefined) ?? {}, rest.join("."), value) };
}

/** The rows of the view after each event. */
function rowsOf(events: readonly RecordedEvent[]): Rows {
  const after = new Map<number, ReadonlyMap<string, Record<string, number>>>();
  let rows = new Map<string, Record<string, number>>();
  for (const { position, data } of events) {
    const { value } = data as { value: number };
    rows = new Map(rows);
    for (const key of ["all", value > 5 ? "high" : "low"])
      rows.set(key, { n: (rows.get(key)?.n ?? 0) + 1, sum: (rows.get(key)?.sum ?? 0) + value });
    after.set(position, rows);
  }
  return ({ position }) => after.get(position) ?? new Map();
}

it("a random processor stores what a plain interpretation of it stores", { timeout: 300_000 }, async () => {
  let emitted = 0;
  const property = fc.asyncProperty(
    fc.array(fc.nat(1_000), { minLength: 60, maxLength: 400 }),
    fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.integer({ min: 0, max: 9 })), { minLength: 1, maxLength: 12 }),
    fc.nat(12),
    async (numbers, facts, resetTo) => {
      const quiet = quietStore("random");
      for (const [stream, value] of facts) await quiet.read(stream, value);
      const events: RecordedEvent[] = (await quiet.json("/log?limit=1000")).events;
      const steps = new Maker(numbers).steps("steps", 1, ["value"], [], rowsOf(events));
      const rules = rulesFrom("random", { from: "reading", onError: "skip", steps: steps.map(({ definition }) => definition) }, world);
      const expected: Record<string, unknown[]> = {};
      for (const event of events) {
        const made: [stream: string, event: object][] = [];
        try {
          through(steps, { event, data: event.data as Data, joined: {} }, (path, stream, data) =>
            made.push([
              stream,
              { id: derivedId("random", event.stream, event.id, path), type: "Marked", data: JSON.parse(JSON.stringify(data)) as Data },
            ]),
          );
        } catch (error) {
          if (!(error instanceof Stopped)) throw error;
          continue;
        }
        for (const [stream, one] of made) (expected[stream] ??= []).push(one);
      }
      const consumer = rulesConsumer(storeNamed(quiet.store, app), rules);
      await catchUp(consumer, storeNamed(quiet.store).log, Number.POSITIVE_INFINITY);
      const { position } = await consumer.checkpoint.load();
      await jump(consumer.checkpoint, position, Math.min(resetTo, position));
      await catchUp(consumer, storeNamed(quiet.store).log, Number.POSITIVE_INFINITY);
      const stored: Record<string, unknown[]> = {};
      for (const { stream, id, type, data } of (await quiet.json("/log?limit=1000")).events as RecordedEvent[])
        if (categoryOf(stream) === "mark") (stored[stream] ??= []).push({ id, type, data });
      expect(stored).toEqual(expected);
      emitted += Object.values(stored).flat().length;
    },
  );
  await fc.assert(property, { numRuns: runs(60) });
  expect(emitted).toBeGreaterThan(10);
});
