/** Random definitions of views and random events, against a plain interpretation in memory. */

import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { control } from "../../../src/consumers/control.ts";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { type ViewDefinition, viewFrom } from "../../../src/definitions/over-http/view.ts";
import { generationsOf, requestRebuild } from "../../../src/views/generations.ts";
import { project } from "../../../src/views/project.ts";
import { viewConsumer } from "../../../src/views/projector.ts";
import { readServing } from "../../../src/views/serving.ts";
import { quietStore } from "../delivery/support.ts";
import { storeNamed } from "../support.ts";
import { IS_WHOLE, runs } from "../../effort.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue();
  vi.spyOn(console, "info").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

type Row = Record<string, unknown>;
type Seen = { readonly event: RecordedEvent & { streamId: string }; readonly data: Row; readonly row: Row; readonly acc: unknown };

/** An expression: its text, and the same in JavaScript. */
interface Expr {
  readonly text: string;
  readonly of: (seen: Seen) => unknown;
}

const fail = (): never => {
  throw new Error("there is no such member");
};
const member = (name: string): Expr => ({ text: `data.${name}`, of: ({ data }) => (Object.hasOwn(data, name) ? data[name] : fail()) });
const literal = (value: number): Expr => ({ text: value < 0 ? `(${value})` : String(value), of: () => value });
const or = (name: string, value: number): Expr => ({
  text: `(has(data.${name}) ? data.${name} : ${value})`,
  of: ({ data }) => (Object.hasOwn(data, name) ? data[name] : value),
});
const version: Expr = { text: "event.version", of: ({ event }) => event.version };
const infix = (a: Expr, operator: string, b: Expr, of: (x: number, y: number) => unknown): Expr => ({
  text: `(${a.text} ${operator} ${b.text})`,
  of: (seen) => of(a.of(seen) as number, b.of(seen) as number),
});
const pick = (condition: Expr, yes: Expr, no: Expr): Expr => ({
  text: `(${condition.text} ? ${yes.text} : ${no.text})`,
  of: (seen) => (condition.of(seen) === true ? yes.of(seen) : no.of(seen)),
});

/** Whole numbers made of an event. `maybe` is a member that many events lack: such an event fails. */
const whole: fc.Arbitrary<Expr> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(member("n")) },
  { weight: 2, arbitrary: fc.constant(or("maybe", 7)) },
  { weight: 1, arbitrary: fc.constant(member("maybe")) },
  { weight: 2, arbitrary: fc.constant(version) },
  { weight: 2, arbitrary: fc.integer({ min: -3, max: 3 }).map(literal) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(member("n"), version, literal(2)), fc.constantFrom("+", "-", "*"), fc.constantFrom(or("maybe", 1), literal(3)))
      .map(([a, operator, b]) => infix(a, operator, b, (x, y) => (operator === "+" ? x + y : operator === "-" ? x - y : x * y))),
  },
);
const comparison: fc.Arbitrary<Expr> = fc
  .tuple(whole, fc.constantFrom("<", ">=", "==", "!="), whole)
  .map(([a, operator, b]) =>
    infix(a, operator, b, (x, y) => (operator === "<" ? x < y : operator === ">=" ? x >= y : operator === "==" ? x === y : x !== y)),
  );
const isRead: Expr = { text: "event.type == 'Read'", of: ({ event }) => event.type === "Read" };
const mark: Expr = { text: "has(data.gone)", of: ({ data }) => Object.hasOwn(data, "gone") };
const condition = fc.oneof(comparison, fc.constantFrom(isRead, mark, { text: `!${mark.text}`, of: (seen: Seen) => !mark.of(seen) }));

const acc: Expr = { text: "acc", of: (seen) => seen.acc };
const before = (name: string): Expr => ({ text: `row.${name}`, of: ({ row }) => row[name] });

interface Column {
  readonly definition: NonNullable<ViewDefinition["columns"]>[string];
  readonly of: Expr;
}
const folded = (names: readonly string[]): fc.Arbitrary<Column> =>
  fc.tuple(fc.integer({ min: -2, max: 2 }), whole, fc.constantFrom(...names), fc.nat(3)).map(([init, of, other, form]) => {
    const sum = infix(acc, "+", of, (x, y) => x + y);
    const largest = pick(
      infix(acc, ">", of, (x, y) => x > y),
      acc,
      of,
    );
    const withRow = infix(sum, "-", before(other), (x, y) => x - y);
    const chosen = [sum, largest, withRow, infix(acc, "+", literal(1), (x, y) => x + y)][form] ?? sum;
    return { definition: { type: "integer", init, fold: chosen.text }, of: chosen } as const;
  });
const latest: fc.Arbitrary<Column> = fc.oneof(
  whole.map((of): Column => ({ definition: { type: "number", value: of.text }, of })),
  fc.constantFrom<Column>(
    { definition: { type: "string", value: "event.streamId" }, of: { text: "", of: ({ event }) => event.streamId } },
    { definition: { type: "json", value: "data" }, of: { text: "", of: ({ data }) => data } },
    { definition: { type: "boolean", value: isRead.text }, of: isRead },
  ),
);

interface Random {
  readonly definition: ViewDefinition;
  readonly where?: Expr;
  readonly key?: Expr;
  readonly remove?: Expr;
  /** Undefined: the data as it is. */
  readonly columns?: Readonly<Record<string, Column>>;
}

const NAMES = ["a", "b", "c"];
const definition: fc.Arbitrary<Random> = fc
  .record({
    from: fc.constantFrom<string | string[]>("notes", ["notes", "others"]),
    types: fc.option(fc.constantFrom(["Read"], ["Read", "Other"]), { nil: undefined, freq: 3 }),
    where: fc.option(condition, { nil: undefined }),
    key: fc.option(fc.oneof(whole, fc.constant<Expr>({ text: "event.streamId + '!'", of: ({ event }) => `${event.streamId}!` })), {
      nil: undefined,
    }),
    remove: fc.option(condition, { nil: undefined, freq: 2 }),
    columns: fc.option(fc.tuple(folded(["a"]), fc.oneof(latest, folded(["a"])), fc.oneof(latest, folded(["a"]))), {
      nil: undefined,
      freq: 4,
    }),
  })
  .map(({ from, types, where, key, remove, columns }) => {
    const named = columns && Object.fromEntries(columns.map((column, index) => [NAMES[index] ?? "", column]));
    const texts = named && Object.fromEntries(Object.entries(named).map(([name, one]) => [name, one.definition]));
    return {
      definition: {
        from,
        ...(types ? { types } : {}),
        ...(where ? { where: where.text } : {}),
        ...(key ? { key: key.text } : {}),
        ...(remove ? { remove: remove.text } : {}),
        ...(texts ? { columns: texts } : {}),
      },
      ...(where ? { where } : {}),
      ...(key ? { key } : {}),
      ...(remove ? { remove } : {}),
      ...(named ? { columns: named } : {}),
    };
  });

const data = fc.record(
  {
    n: fc.integer({ min: -5, max: 5 }),
    maybe: fc.integer({ min: 0, max: 4 }),
    gone: fc.constant(true),
    id: fc.constant("own"),
    x: fc.jsonValue(),
  },
  { requiredKeys: ["n"] },
);
const stream = fc.constantFrom("notes/a", "notes/b", "notes/c", "others/a", "others/d");
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      to: stream,
      append: fc.array(fc.record({ type: fc.constantFrom("Read", "Read", "Other", "Third"), data }), { minLength: 1, maxLength: 5 }),
    }),
  },
  { weight: 5, arbitrary: fc.constant({ work: true }) },
  { weight: 1, arbitrary: fc.record({ end: stream, erase: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ rebuild: true }) },
);

/** The rows by definition, and the events at which it fails, which are passed over. */
function interpreted({ definition, where, key, remove, columns }: Random, events: readonly (RecordedEvent & { erased?: boolean })[]) {
  const rows = new Map<string, Row>();
  const failed: number[] = [];
  for (const event of events) {
    const [category = "", streamId = ""] = event.stream.split("/");
    if (event.erased || ![definition.from].flat().includes(category)) continue;
    if (event.type === "$deleted") {
      if (!key) rows.delete(streamId);
      continue;
    }
    if (definition.types && !definition.types.includes(event.type)) continue;
    const seen = { event: { ...event, streamId }, data: event.data as Row, row: {}, acc: undefined };
    try {
      const isWanted = !where || where.of(seen) === true;
      const isRemoved = (isWanted || remove) && remove?.of(seen) === true;
      if (!isWanted && !isRemoved) continue;
      const id = key ? String(key.of(seen)) : streamId;
      if (isRemoved) {
        rows.delete(id);
        continue;
      }
      if (!columns) {
        rows.set(id, { ...(event.data as Row), id });
        continue;
      }
      const row = rows.get(id) ?? Object.fromEntries(Object.entries(columns).map(([name, one]) => [name, one.definition.init ?? null]));
      const next = Object.entries(columns).map(([name, { of }]) => [name, of.of({ ...seen, row, acc: row[name] })] as const);
      rows.set(id, { id, ...Object.fromEntries(next) });
    } catch {
      failed.push(event.position);
    }
  }
  return { rows: [...rows.values()].toSorted(byId), failed };
}

const byId = (a: Row, b: Row) => (String(a.id) < String(b.id) ? -1 : 1);

describe("a view declared over HTTP", () => {
  it("has the rows that a plain reading of its definition gives, live and rebuilt, whatever its definition and its events", async () => {
    const around = {
      categories: new Map(
        ["notes", "others"].map((name) => [
          name,
          // Only `n` is named, so that the view without columns can be queried by it.
          {
            name,
            kind: "plain" as const,
            strict: false,
            events: { Read: { properties: { n: { type: "integer" } } } },
            source: { name, events: {} },
          },
        ]),
      ),
      views: new Map(),
    };
    const seen = { failed: 0, rows: 0, removed: 0, erased: 0 };
    await fc.assert(
      fc.asyncProperty(definition, fc.array(step, { minLength: 3, maxLength: 25 }), async (random, steps) => {
        const { store: id, send, post, json } = quietStore("random");
        await send("PUT", "/streams/notes", {});
        await send("PUT", "/streams/others", {});
        const view = viewFrom("random", random.definition, around, { incarnation: 1, at: 1 });
        const store = storeNamed(id);
        /** Runs the view, and has it skip what it fails at. */
        const work = async () => {
          for (;;) {
            const { outcome } = await project(store, view, Date.now() + 10_000);
            if (outcome !== "resting" && outcome !== "backing-off") return;
            const { serving, wanted } = await generationsOf(store, view);
            for (const table of new Set([serving, wanted])) await control(viewConsumer(store, view, table), "skip");
          }
        };
        for (const one of steps) {
          if ("append" in one) await post(`/streams/${one.to}`, { events: one.append });
          else if ("end" in one) await send("DELETE", `/streams/${one.end}?erase=${one.erase}`);
          else if ("rebuild" in one) await requestRebuild(store, view);
          else await work();
        }
        await work();
        const look = async () => {
          const { results, table } = await readServing(store, view, (table, db) =>
            db.prepare(`SELECT * FROM ${table.name} WHERE _store = ? ORDER BY id`).bind(id),
          );
          return { rows: results.map((row) => table.fromSql(row)).toSorted(byId), results };
        };
        const { events } = await json("/log?limit=1000");
        const expected = interpreted(random, events);
        const live = await look();
        expect(live.rows).toEqual(expected.rows);
        if (!random.columns) expect(live.results.map(({ n }) => n)).toEqual(live.rows.map(({ n }) => n));
        const { skipped } = await generationsOf(store, view);
        expect([...skipped]).toEqual(expect.arrayContaining(expected.failed));
        await requestRebuild(store, view);
        await work();
        expect((await look()).rows).toEqual(expected.rows);
        seen.failed += expected.failed.length;
        seen.rows += expected.rows.length;
        seen.removed += random.remove ? 1 : 0;
        seen.erased += events.filter(({ erased }: { erased?: boolean }) => erased).length;
      }),
      { numRuns: runs(100) },
    );
    // A few runs need not meet all of it.
    if (IS_WHOLE) for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  }, 180_000);
});
