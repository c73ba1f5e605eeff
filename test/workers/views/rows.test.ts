import { storeNamed } from "../support.ts";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { streamIdOf, view } from "../../../src/index.ts";
import { prepare } from "../../../src/consumers/schema.ts";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import { viewConsumer } from "../../../src/views/projector.ts";
import { queryView } from "../../../src/views/query.ts";
import type { SqlRow } from "../../../src/rows/stored-row.ts";
import { tableOf } from "../../../src/rows/table.ts";
import type { View } from "../../../src/definitions/views/view.ts";
import type { StoredRow } from "../../../src/definitions/views/handler.ts";
import { reading, values } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { expectErrors } from "../errors.ts";

afterEach(() => vi.restoreAllMocks());

/** The rows of a view that no app declares. */
async function rowsOf(store: string, view: View): Promise<readonly StoredRow[]> {
  await catchUp(viewConsumer(storeNamed(store), view), storeNamed(store).log, Number.POSITIVE_INFINITY);
  return (await queryView(storeNamed(store), view, { limit: 100 })).rows;
}

const counts = (revision: number) =>
  view("counts", {
    from: reading,
    row: z.object({ id: z.string(), count: z.int() }),
    key: "id",
    revision,
    on: { Read: (row, { stream }) => ({ id: streamIdOf(stream), count: (row?.count ?? 0) + 1 }) },
  });

describe("a view's rows", () => {
  it("are as many per event as the handler names, and change together", async () => {
    const { read, wake, rows } = quietStore("several");
    await read("s", 7);
    await wake("values");
    expect([...(await rows(values)).values()]).toEqual([
      { value: "7", count: 1 },
      { value: "any", count: 1 },
    ]);
  });

  it("are folded one event after the other, within a batch and across batches", async () => {
    const [batch, single] = [quietStore("batch"), quietStore("single")];
    for (const value of [1, 2, 1, 0.5, 1]) {
      await batch.read("s", value);
      await single.read("s", value);
      await single.wake("values");
    }
    await batch.wake("values");
    expect(await batch.rows(values)).toEqual(await single.rows(values));
    expect((await batch.rows(values)).get("1")).toEqual({ value: "1", count: 3 });
  });

  it("are removed when a handler returns null, and start from scratch after that", async () => {
    const { post, read, wake, rows } = quietStore("removal");
    const calibrate = () => post("/streams/reading/s", { type: "Calibrated", data: {} });
    await read("s", 1);
    await wake("values");
    await calibrate();
    await wake("values");
    expect([...(await rows(values)).keys()]).toEqual(["1"]);
    await read("s", 1);
    await calibrate(); // written and removed within one batch
    await read("s", 2);
    await wake("values");
    expect((await rows(values)).get("any")).toEqual({ value: "any", count: 1 });
    expect((await rows(values)).get("1")).toEqual({ value: "1", count: 2 });
  });

  it("stay as they are when the removed row never existed", async () => {
    const { post, wake, rows, consumer } = quietStore("nothing");
    await post("/streams/reading/s", { type: "Calibrated", data: {} });
    await wake("values");
    expect(await rows(values)).toEqual(new Map());
    expect((await consumer("values")).position).toBe(1);
  });

  it("belong to their store", async () => {
    const [one, other] = [quietStore("mine"), quietStore("yours")];
    await one.read("s", 1);
    await one.wake("values");
    await other.wake("values");
    expect((await one.rows(values)).size).toBe(2);
    expect((await other.rows(values)).size).toBe(0);
  });

  it("reach handlers as the last handler left them: what is read equals what was folded", async () => {
    const seen: unknown[] = [];
    const kinds = view("kinds", {
      from: reading,
      row: z.object({
        id: z.string(),
        flag: z.boolean(),
        note: z.string().optional(),
        gone: z.string().nullable(),
        list: z.array(z.object({ at: z.number() })),
        maybe: z.record(z.string(), z.boolean()).optional(),
        share: z.number().nullable(),
      }),
      key: "id",
      on: {
        Read: (row, { stream, data }) => {
          seen.push(row);
          const list = [...(row?.list ?? []), { at: data.value }];
          return {
            id: streamIdOf(stream),
            flag: data.value > 1,
            gone: null,
            list,
            share: data.value / 3,
            ...(data.value > 1 ? { note: "", maybe: { yes: true } } : {}),
          };
        },
      },
    });
    const { store, read } = quietStore("kinds");
    await read("s", 1);
    const first = await rowsOf(store, kinds);
    await read("s", 2);
    const second = await rowsOf(store, kinds);
    await read("s", 1);
    const third = await rowsOf(store, kinds);

    expect(first).toEqual([{ id: "s", flag: false, gone: null, list: [{ at: 1 }], share: 1 / 3 }]);
    expect(second).toEqual([
      { id: "s", flag: true, note: "", gone: null, list: [{ at: 1 }, { at: 2 }], maybe: { yes: true }, share: 2 / 3 },
    ]);
    expect(third).toEqual([{ id: "s", flag: false, gone: null, list: [{ at: 1 }, { at: 2 }, { at: 1 }], share: 1 / 3 }]);
    expect(seen).toEqual([undefined, first[0], second[0]]);
  });

  it("are the same under a new definition that starts from the beginning, and the old ones stay", async () => {
    const { store, read } = quietStore("rebuild");
    const live = counts(1);
    for (const value of [1, 2, 3]) {
      await read(value === 2 ? "b" : "a", value);
      await rowsOf(store, live);
    }
    expect(await rowsOf(store, counts(2))).toEqual(await rowsOf(store, live));
    expect(await rowsOf(store, live)).toEqual([
      { id: "a", count: 2 },
      { id: "b", count: 1 },
    ]);
  });

  it("are written however many a batch touches, and however large they are", async () => {
    const wide = view("wide", {
      from: reading,
      row: z.object({ id: z.string(), text: z.string() }),
      key: "id",
      on: {
        Read: {
          at: () => Array.from({ length: 40 }, (_, index) => `row-${index}`),
          fold: (_row, { data }, id) => ({ id, text: "x".repeat(data.value) }),
        },
      },
    });
    const { store, read } = quietStore("wide");
    await read("s", 50_000); // two megabytes of rows in one commit
    const rows = await rowsOf(store, wide);
    expect(rows).toHaveLength(40);
    expect(rows.every(({ text }) => text === "x".repeat(50_000))).toBe(true);
  });
});

const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "a\u0000b", "\ud800", "'\"\\", "null", "1", "🍵", "\u2028"));
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((double) => double + 0); // JSON has no -0
const json = fc.jsonValue().map((value): StoredRow[string] => JSON.parse(JSON.stringify(value)));

describe("the content of a row", () => {
  const everything = view("everything", {
    from: reading,
    row: z.object({
      id: z.string(),
      text: z.string(),
      noText: z.string().optional(),
      nullText: z.string().nullable(),
      integer: z.int(),
      noInteger: z.int().optional(),
      real: z.number(),
      nullReal: z.number().nullable(),
      flag: z.boolean(),
      noFlag: z.boolean().optional(),
      list: z.array(z.json()),
      noObject: z.record(z.string(), z.json()).optional(),
    }),
    key: "id",
    on: {},
  });

  const row = fc.record({
    text: text.map((one) => one.toWellFormed()),
    noText: optional(text.map((one) => one.toWellFormed())),
    nullText: fc.option(text.map((one) => one.toWellFormed())),
    integer: fc.maxSafeInteger(),
    noInteger: optional(fc.maxSafeInteger()),
    real: number,
    nullReal: fc.option(number),
    flag: fc.boolean(),
    noFlag: optional(fc.boolean()),
    list: fc.array(json),
    noObject: optional(fc.dictionary(fc.string(), json)),
  });

  it("is read as it was written", async () => {
    const table = tableOf(everything);
    await prepare(env.VIEWS, table.schema);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          fc.tuple(
            text.map((key) => key.toWellFormed()),
            row,
          ),
          { minLength: 1, maxLength: 10, selector: ([key]) => key },
        ),
        async (entries) => {
          const store = `everything-${++run}`;
          const rows = new Map(entries.map(([id, rest]) => [id, { id, ...rest }] as const));
          await env.VIEWS.batch(table.write(env.VIEWS, store, rows));
          const { results } = await table.select(env.VIEWS, store, [...rows.keys()]).all<SqlRow>();
          expect(new Map(results.map((row) => [row.id, table.fromSql(row)]))).toEqual(rows);

          await env.VIEWS.batch(table.write(env.VIEWS, store, new Map([...rows.keys()].map((key) => [key, null]))));
          expect((await table.select(env.VIEWS, store, [...rows.keys()]).all()).results).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("is frozen, and so is its event: a fold that writes into them and fails leaves nothing behind", async () => {
    expectErrors(/a consumer has failed and stopped/);
    const spoil = (what: { total: number; list: number[] }, value: number) => {
      what.total += value;
      what.list.push(value);
    };
    const spoilt = view("spoilt", {
      from: reading,
      row: z.object({ id: z.string(), total: z.number(), list: z.array(z.number()) }),
      key: "id",
      retry: "none",
      on: {
        Read: (row, { stream, data }) => {
          // A cast is what it takes.
          if (data.value === 100) spoil(row as never, data.value);
          if (data.value === 200) spoil({ total: 0, list: row?.list as number[] }, data.value);
          if (data.value === 300) (data as { value: number }).value = 5;
          return row ? { ...row, total: row.total + data.value } : { id: streamIdOf(stream), total: data.value, list: [data.value] };
        },
      },
    });
    for (const value of [100, 200, 300]) {
      const { store, read } = quietStore("spoilt");
      await read("s", 5);
      await read("s", value);
      await read("s", 7);
      expect(await rowsOf(store, spoilt)).toEqual([{ id: "s", total: 5, list: [5] }]);
      const checkpoint = await viewConsumer(storeNamed(store), spoilt).checkpoint.look();
      expect(checkpoint).toMatchObject({ status: "failed", position: 1, error: { event: { position: 2 } } });
    }
  });

  it("that JSON cannot express fails at its event, with its place in the row", async () => {
    expectErrors(/a consumer has failed and stopped/);
    const big = view("big", {
      from: reading,
      row: z.object({ id: z.string(), bag: z.any() }),
      key: "id",
      retry: "none",
      on: { Read: (_row, { stream, data }) => ({ id: streamIdOf(stream), bag: { list: [data.value < 0 ? (1n as never) : data.value] } }) },
    });
    const { store, read } = quietStore("big");
    for (const value of [1, -1, 2]) await read("s", value);
    expect(await rowsOf(store, big)).toEqual([{ id: "s", bag: { list: [1] } }]);
    const checkpoint = await viewConsumer(storeNamed(store), big).checkpoint.look();
    expect(checkpoint?.error).toMatchObject({ message: "a row cannot keep bag.list.0: a bigint is not JSON", event: { position: 2 } });
  });

  it("is the same before and after it was stored, even if the schema allows both null and nothing", async () => {
    const seen: unknown[] = [];
    const nullish = view("nullish", {
      from: reading,
      row: z.object({ id: z.string(), note: z.string().nullish() }),
      key: "id",
      on: {
        Read: (row, { stream }) => {
          seen.push(row);
          return { id: streamIdOf(stream) };
        },
      },
    });
    const { store, read } = quietStore("nullish");
    await read("s", 1);
    await read("s", 2);
    await rowsOf(store, nullish);
    await read("s", 3);
    await rowsOf(store, nullish);
    expect(seen).toEqual([undefined, { id: "s", note: null }, { id: "s", note: null }]);
  });

  it("is the same before and after it was stored, even if it is half of a surrogate pair, which SQL cannot store", async () => {
    const halves = view("halves", {
      from: reading,
      row: z.object({ id: z.string(), text: z.string(), list: z.array(z.string()), count: z.int() }),
      key: "id",
      on: {
        Read: {
          at: () => "\ud800",
          fold: (row, _read, id) => ({ id, text: `${row?.text ?? ""}\udc00`, list: ["\ud800"], count: (row?.count ?? 0) + 1 }),
        },
      },
    });
    const [batch, single] = [quietStore("halves"), quietStore("halves")];
    for (const value of [1, 2]) {
      await batch.read("s", value);
      await single.read("s", value);
      await rowsOf(single.store, halves);
    }
    expect(await rowsOf(batch.store, halves)).toEqual([{ id: "\ufffd", text: "\ufffd\ufffd", list: ["\ud800"], count: 2 }]);
    expect(await rowsOf(single.store, halves)).toEqual(await rowsOf(batch.store, halves));
  });
});
