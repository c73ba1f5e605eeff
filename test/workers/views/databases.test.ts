import { storeNamed } from "../support.ts";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { reportConsumers } from "../../../src/operations/report.ts";
import { sweep } from "../../../src/operations/sweep.ts";
import { createWorker } from "../../../src/http/worker.ts";
import { defineApp, streamIdOf, view } from "../../../src/index.ts";
import { NOTIFY_AGAIN_MS } from "../../../src/log/limits.ts";
import { project } from "../../../src/views/project.ts";
import { awaitRow } from "../../../src/views/query.ts";
import { tableOf } from "../../../src/rows/table.ts";
import { reading } from "../app.ts";
import { later, quietStore } from "../delivery/support.ts";

afterEach(() => vi.restoreAllMocks());

const counts = (name: string, database?: string) =>
  view(name, {
    from: reading,
    row: z.object({ id: z.string(), count: z.int() }),
    key: "id",
    ...(database === undefined ? {} : { database }),
    on: { Read: (row, { stream }) => ({ id: streamIdOf(stream), count: (row?.count ?? 0) + 1 }) },
  });

const here = counts("here");
const there = counts("there", "ARCHIVE");
const both = defineApp({ categories: [reading], views: [here, there] });
const { ARCHIVE } = env as unknown as { ARCHIVE: D1Database }; // the tests' own binding

async function tablesIn(db: D1Database): Promise<unknown[]> {
  const { results } = await db.prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'view_%here_%'`).all();
  return results.map(({ name }) => name);
}

describe("a view that names another database", () => {
  it("keeps rows and checkpoint there, and is queried and reported like any other", async () => {
    const { store, read } = quietStore("archive");
    for (const value of [1, 2]) await read("s", value);
    for (const one of [here, there]) {
      await project(storeNamed(store), one, Number.POSITIVE_INFINITY);
      expect(await awaitRow(storeNamed(store), one, "s", { position: 0, deadline: 0 }, 0)).toMatchObject({
        row: { id: "s", count: 2 },
        position: 2,
      });
    }
    const bare = (one: typeof here) => tableOf(one).name.replaceAll('"', "");
    expect(await tablesIn(env.VIEWS)).toEqual([bare(here)]);
    expect(await tablesIn(ARCHIVE)).toEqual([bare(there)]);
    expect(await reportConsumers(storeNamed(store, both))).toMatchObject([
      { name: "here", status: "live", position: 2 },
      { name: "there", status: "live", position: 2 },
    ]);
  });

  it("is swept like any other, even if its store is found through this view alone", async () => {
    const { store, read, sent } = quietStore("sweep");
    await read("s", 1);
    await project(storeNamed(store), there, Number.POSITIVE_INFINITY);
    const before = sent().length;
    later(NOTIFY_AGAIN_MS);
    await sweep(both, env);
    expect(sent().length).toBeGreaterThan(before);
  });

  it("is refused when the worker starts in a deployment without that binding", () => {
    const lost = defineApp({ categories: [reading], views: [counts("lost", "ELSEWHERE")] });
    expect(() => createWorker(lost)).toThrow('the deployment lacks the D1 binding ELSEWHERE, which keeps view "lost"');
  });
});
