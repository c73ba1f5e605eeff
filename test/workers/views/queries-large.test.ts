/** Answers are bounded by bytes, however large the rows are. */

import { storeNamed } from "../support.ts";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { sql, streamIdOf, view } from "../../../src/index.ts";
import { PAGE_BYTES } from "../../../src/core/limits.ts";
import { LiveView } from "../../../src/views/live.ts";
import { project } from "../../../src/views/project.ts";
import { runNamedQuery } from "../../../src/views/query-named.ts";
import { queryView } from "../../../src/views/query.ts";
import { reading } from "../app.ts";
import { quietStore } from "../delivery/support.ts";

afterEach(() => vi.restoreAllMocks());

/** A row has 900 KB of UTF-8 in 300,000 characters: eleven are more than a page may have, counted in bytes and not in characters. */
const ROWS = 12;
const LARGE = "茶".repeat(300_000);

const large = view("large", {
  from: reading,
  row: z.object({ id: z.string(), n: z.number(), text: z.string(), list: z.array(z.string()).nullable() }),
  key: "id",
  on: { Read: (_row, { stream, data }) => ({ id: streamIdOf(stream), n: -data.value, text: LARGE, list: null }) },
  queries: {
    all: {
      params: z.object({}),
      row: z.object({ id: z.string(), text: z.string() }),
      sql: ({ rows }) => sql`SELECT id, text FROM ${rows} ORDER BY id`,
    },
    named: {
      params: z.object({}),
      sql: ({ rows }) => sql`SELECT id, NULL AS no_text, text || '' AS "a text", 1 AS _bytes FROM ${rows} ORDER BY n`,
    },
    none: { params: z.object({}), sql: ({ rows }) => sql`SELECT id FROM ${rows} WHERE n > 0` },
    some: { params: z.object({}), sql: ({ rows }) => sql`SELECT id FROM ${rows} ORDER BY id LIMIT 2` },
  },
});

const ids = Array.from({ length: ROWS }, (_, n) => `row-${String(n).padStart(2, "0")}`);

async function filled(name: string) {
  const store = quietStore(name);
  for (const [n, id] of ids.entries()) await store.read(id, n);
  await project(storeNamed(store.store), large, Number.POSITIVE_INFINITY);
  return store.store;
}

const bytesOf = (rows: unknown) => Buffer.byteLength(JSON.stringify(rows));

describe("rows of more bytes than an answer may have", () => {
  it("come in several pages: each row once, in the order that was asked for, and each page within the limit", async () => {
    const store = await filled("pages");
    for (const descending of [false, true]) {
      const sort = [
        { name: "n", kind: "real", descending },
        { name: "id", kind: "text", descending },
      ] as const;
      const seen: unknown[] = [];
      let after: Awaited<ReturnType<typeof queryView>>["next"];
      let pages = 0;
      do {
        const page = await queryView(storeNamed(store), large, { sort, limit: 200, ...(after ? { after: after.values } : {}) });
        expect(bytesOf(page.rows)).toBeLessThan(PAGE_BYTES + 10_000);
        seen.push(...page.rows.map(({ id }) => id));
        after = page.next;
        pages++;
      } while (after);
      expect(seen).toEqual(descending ? ids : ids.toReversed());
      expect(pages).toBe(2);
    }
  });

  it("are cut short in the answer of a named query, which says so", async () => {
    const store = await filled("named");
    const run = (query: string) => runNamedQuery(storeNamed(store), large, large.queries.get(query)!, {}, { position: 0, deadline: 0 });
    const all = await run("all");
    expect([all.rows.map(({ id }) => id), all.hasMore]).toEqual([ids.slice(0, 9), true]);
    const named = await run("named");
    expect([named.rows.length, named.hasMore, Object.keys(named.rows[0]!)]).toEqual([9, true, ["id", "no_text", "a text", "_bytes"]]);
    expect(await run("none")).toMatchObject({ rows: [], hasMore: false });
    // The second time, the columns are known.
    for (const query of ["some", "some"])
      expect(await run(query)).toMatchObject({ rows: [{ id: ids[0] }, { id: ids[1] }], hasMore: false });
  });

  it("are sent by a live view in several steps, each row once", async () => {
    const store = await filled("live");
    const live = new LiveView(storeNamed(store), large, []);
    await live.start();
    for (const [n, id] of ids.toReversed().entries()) {
      live.touch({
        id,
        stream: `reading/${id}`,
        version: 1,
        position: n + 1,
        type: "Read",
        data: { value: 1 },
        meta: {},
        time: "",
        recordedAt: "",
        schemaVersion: 1,
      });
    }
    const told: string[][] = [];
    while (live.isPending) {
      const step = await live.step();
      if (step.outcome !== "changes") throw new Error(step.outcome);
      expect(bytesOf(step.changes)).toBeLessThan(PAGE_BYTES + 10_000);
      expect(step.changes.every(({ row }) => row !== undefined)).toBe(true);
      told.push(step.changes.map(({ key }) => key));
    }
    expect(told.length).toBe(2);
    expect(told.flat().toSorted()).toEqual(ids);
  });
});
