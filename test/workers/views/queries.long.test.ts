/** Whatever rows there are and whatever is asked: filters and order are those of plain code, and pages miss nothing. */

import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { quietStore } from "../delivery/support.ts";
import type { SpecimenRow } from "./parts.ts";
import { type Asked, type Sorted, anyId, conditions, pathOf, sorted, specimenOf } from "./specimens.ts";
import { runs } from "../../effort.ts";

afterEach(() => vi.restoreAllMocks());

const rows = fc.uniqueArray(specimenOf(anyId), { selector: ({ id }) => id, minLength: 1, maxLength: 25 });

/** A store with these rows in its view. */
async function withRows(first: readonly SpecimenRow[]) {
  const { store, post, get } = quietStore("specimens");
  const append = async (type: string, data: object) => expect((await post("/streams/specimen/all", { type, data })).status).toBe(201);
  await append("Put", { rows: first });
  return {
    store,
    put: (changed: readonly SpecimenRow[]) => append("Put", { rows: changed }),
    remove: (ids: readonly string[]) => append("Removed", { ids }),
    /** A page. The view is brought to the log's head for it. */
    page: async (asks: readonly Asked[], sort: Sorted, limit: number, cursor?: string) => {
      const path = pathOf(asks, sort, { limit: String(limit), consistency: "strong", ...(cursor === undefined ? {} : { cursor }) });
      const response = await get(path);
      const answer = await response.json<{ rows: SpecimenRow[]; next?: string }>();
      expect(response.status, `${path} ${JSON.stringify(answer)}`).toBe(200);
      return answer;
    },
  };
}

describe("a query of any rows", () => {
  it("selects and sorts like plain code", async () => {
    const queries = fc.array(fc.tuple(conditions(4), sorted), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(rows, queries, async (all, asked) => {
        const { page } = await withRows(all);
        for (const [asks, sort] of asked) {
          const expected = all.filter((row) => asks.every(({ holds }) => holds(row))).toSorted(sort.compare);
          expect((await page(asks, sort, 200)).rows).toEqual(expected);
        }
      }),
      { numRuns: runs(40) },
    );
  });

  it("comes in pages that together are the whole answer", async () => {
    await fc.assert(
      fc.asyncProperty(rows, conditions(1), sorted, fc.integer({ min: 1, max: 7 }), async (all, asks, sort, limit) => {
        const { page } = await withRows(all);
        const seen: SpecimenRow[] = [];
        for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
          const answer = await page(asks, sort, limit, cursor);
          seen.push(...answer.rows);
          expect(answer.rows.length === limit || answer.next === undefined).toBe(true);
          cursor = answer.next;
        }
        expect(seen).toEqual(all.filter((row) => asks.every(({ holds }) => holds(row))).toSorted(sort.compare));
      }),
      { numRuns: runs(40) },
    );
  });

  it("neither repeats nor skips, over its pages, a row that has not changed in the meantime", async () => {
    const change = fc.oneof(
      fc
        .uniqueArray(specimenOf(anyId), { selector: ({ id }) => id, minLength: 1, maxLength: 4 })
        .map((put) => ({ put, remove: [] as string[] })),
      fc.uniqueArray(anyId, { minLength: 1, maxLength: 4 }).map((remove) => ({ put: [] as SpecimenRow[], remove })),
    );
    const changes = fc.array(change, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(rows, changes, sorted, fc.integer({ min: 1, max: 5 }), async (all, meanwhile, sort, limit) => {
        const { page, put, remove } = await withRows(all);
        const touched = new Set<string>();
        const pending = [...meanwhile];
        const seen: SpecimenRow[] = [];
        for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
          const answer = await page([], sort, limit, cursor);
          seen.push(...answer.rows);
          cursor = answer.next;
          const next = pending.shift();
          if (!next) continue;
          if (next.put.length > 0) await put(next.put);
          if (next.remove.length > 0) await remove(next.remove);
          for (const id of [...next.put.map((row) => row.id), ...next.remove]) touched.add(id);
        }
        const unchanged = (list: readonly SpecimenRow[]) => list.filter(({ id }) => !touched.has(id));
        expect(unchanged(seen)).toEqual(unchanged(all).toSorted(sort.compare));
      }),
      { numRuns: runs(40) },
    );
  });
});
