/** Queries and live views while an earlier definition still answers, and when the new table has taken over. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { prepare } from "../../../src/consumers/schema.ts";
import { sql, streamIdOf, view } from "../../../src/index.ts";
import { project } from "../../../src/views/project.ts";
import { runNamedQuery } from "../../../src/views/query-named.ts";
import { queryView } from "../../../src/views/query.ts";
import { ViewTable } from "../../../src/rows/table.ts";
import { reading } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { LiveRows } from "../../live-rows.ts";
import { storeNamed, read } from "../support.ts";
import type { SpecimenRow } from "./parts.ts";

afterEach(() => vi.restoreAllMocks());

const row = (id: string): SpecimenRow => ({ id, text: null, whole: 1, maybe: null, flag: null, list: [] });

/** Specimens as an earlier definition had them: with an id, and a `whole` that was a string. */
const EARLIER = new ViewTable("specimens", "0123456789ab", {
  key: "id",
  columns: [
    { name: "id", kind: "text", nullable: false },
    { name: "whole", kind: "text", nullable: true },
  ],
  indexes: [],
});

/** A store whose view is served by the table of the earlier definition, with two rows in it. */
async function servedByEarlier(name: string) {
  const store = quietStore(name);
  await store.post("/streams/specimen/all", { type: "Put", data: { rows: [row("a"), row("b")] } });
  await prepare(env.VIEWS, EARLIER.schema);
  const rows = new Map(["a", "b"].map((id) => [id, { id, whole: "one" }]));
  await env.VIEWS.batch([
    env.VIEWS.prepare(`INSERT INTO headspring_views (store, view, serving) VALUES (?, 'specimens', ?)`).bind(
      store.store,
      EARLIER.generation,
    ),
    env.VIEWS.prepare(
      `INSERT INTO headspring_checkpoints (store, consumer, generation, position, moved_from, born_at, started_at) VALUES (?, 'specimens', ?, 1, 0, 0, 0)`,
    ).bind(store.store, EARLIER.generation),
    ...EARLIER.write(env.VIEWS, store.store, rows),
  ]);
  return store;
}

describe("a view that an earlier definition answers for", () => {
  it("says so with its rows, with a single one, and with a named query", async () => {
    const { get } = await servedByEarlier("says");
    const page = await get("/views/specimens?sort=-id&limit=1");
    expect(page.headers.get("headspring-stale")).toBe("true");
    const { next, ...rest } = await read(page);
    expect(rest).toEqual({ rows: [{ id: "b", whole: "one" }], hasMore: true, position: 1, stale: true });
    expect(await read(await get(`/views/specimens?sort=-id&limit=1&cursor=${next}`))).toMatchObject({ rows: [{ id: "a" }], stale: true });
    const one = await get("/views/specimens/a");
    expect([one.headers.get("headspring-stale"), await read(one)]).toEqual(["true", { id: "a", whole: "one" }]);
    expect(await read(await get("/views/specimens/queries/echo?text=x"))).toEqual({
      rows: [{ said: "x", rows: 2 }],
      hasMore: false,
      position: 1,
      stale: true,
    });
  });

  it.each([
    ["a column that it does not have", "?flag=true", {}],
    ["a column that it has in another form", "?whole=1", {}],
    ["a sort that it does not have", "?sort=maybe", {}],
    ["a query that does not fit it", "/queries/byFlag", {}],
    ["a live view of something that it does not have", "?flag=true", { accept: "text/event-stream" }],
  ])("refuses a query for %s, with the reason and a time to come again", async (_what, query, headers) => {
    const { get } = await servedByEarlier("cannot");
    const response = await get(`/views/specimens${query}`, headers);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await read(response)).toMatchObject({ code: "view-rebuilding" });
  });

  it("answers every query as soon as it is built, wherever a worker believed it to be", async () => {
    const { get, wake } = await servedByEarlier("soon");
    expect((await get("/views/specimens?flag.is=null")).status).toBe(503);
    await wake("specimens");
    for (const query of ["?flag.is=null", "?sort=maybe", "?whole=1"]) {
      const response = await get(`/views/specimens${query}`);
      expect([response.status, response.headers.get("headspring-stale")]).toEqual([200, null]);
      expect((await read(response)).rows).toHaveLength(2);
    }
  });

  it("makes a query wait for a position that only the new table will have", async () => {
    const { post, json } = await servedByEarlier("waits");
    await post("/streams/specimen/all", { type: "Put", data: { rows: [row("c")] } });
    const page = await json("/views/specimens?minPosition=2", { prefer: "wait=20" });
    expect(page).toMatchObject({ rows: [row("a"), row("b"), row("c")], position: 2 });
    expect(page).not.toHaveProperty("stale");
  });

  it("is reported as failed when the form of that earlier table is no longer known", async () => {
    const { get, json } = await servedByEarlier("unknown");
    await env.VIEWS.prepare(`DELETE FROM headspring_generations WHERE generation = ?`).bind(EARLIER.generation).run();
    const complaints = vi.spyOn(console, "error").mockReturnValue();
    const response = await get("/views/specimens");
    expect([response.status, (await read(response)).code]).toEqual([500, "internal-error"]);
    expect(JSON.stringify(complaints.mock.calls)).toContain(`served by the table ${EARLIER.generation}, which is not on record`);
    // It is there again as soon as its layout is.
    await env.VIEWS.batch(EARLIER.schema.map((statement) => env.VIEWS.prepare(statement)));
    expect(await json("/views/specimens")).toMatchObject({ position: 1 });
  });

  it("tells the reader of a live view to read again, once the new table answers", async () => {
    const { get, post, wake } = await servedByEarlier("reset");
    const follower = await LiveRows.start(get, "/views/specimens", "id");
    await follower.connect();
    await post("/streams/specimen/all", { type: "Put", data: { rows: [row("c")] } });
    await wake("specimens");
    await follower.end();
    expect(follower.told).toEqual(["reset"]);
    const again = await LiveRows.start(get, "/views/specimens", "id");
    await again.connect();
    await again.reach(2);
    expect(again.sorted).toEqual([row("a"), row("b"), row("c")]);
    await again.close();
  });

  it("tells that also to a reader of the new table's rows whose condition the earlier table does not know", async () => {
    const { get } = await servedByEarlier("newer");
    const follower = new LiveRows(get, "/views/specimens?flag=true", "id", [], "1-ba9876543210");
    await follower.connect();
    await follower.end();
    expect(follower.told).toEqual(["reset"]);
  });
});

describe("a rebuild that an operator asks for", () => {
  it("tells the readers of a live view to read again, and they miss nothing", async () => {
    const { get, send, post, wake } = quietStore("operator");
    await post("/streams/specimen/all", { type: "Put", data: { rows: [row("a")] } });
    await wake("specimens");
    const follower = await LiveRows.start(get, "/views/specimens", "id");
    await follower.connect();
    expect((await send("POST", "/views/specimens/rebuild")).status).toBe(202);
    await wake("specimens");
    await post("/streams/specimen/all", { type: "Put", data: { rows: [row("b")] } });
    await wake("specimens");
    await follower.end();
    expect(follower.told).toEqual(["reset"]);
    const again = await LiveRows.start(get, "/views/specimens", "id");
    expect(again.sorted).toEqual([row("a"), row("b")]);
  });
});

describe("a worker that has outdated knowledge of which table answers", () => {
  const version = (columns: "few" | "many") =>
    view("notions", {
      from: reading,
      row: columns === "few" ? z.object({ id: z.string() }) : z.object({ id: z.string(), value: z.number() }),
      key: "id",
      queries: { highest: { params: z.object({}), sql: ({ rows }) => sql`SELECT max(value) AS highest FROM ${rows}` } },
      on: { Read: (_row, { stream, data }) => ({ id: streamIdOf(stream), ...(columns === "few" ? {} : { value: data.value }) }) },
    });

  it.each(["a condition", "a named query"])("finds the one that fits: %s", async (what) => {
    const { store, read: append } = quietStore("notion");
    const [few, many] = [version("few"), version("many")];
    await append("s", 7);
    const now = Number.POSITIVE_INFINITY;
    await project(storeNamed(store), few, now);
    const ask = () =>
      what === "a condition"
        ? queryView(storeNamed(store), many, { conditions: [{ column: { name: "value", kind: "real" }, test: "gt", value: 5 }], limit: 1 })
        : runNamedQuery(storeNamed(store), many, many.queries.get("highest")!, {}, { position: 0, deadline: 0 });
    await expect(ask()).rejects.toThrow(/does not have the column|needs the view's new table/);
    await project(storeNamed(store), many, now);
    expect(await ask()).toMatchObject({ rows: [expect.anything()], stale: false });
  });
});
