import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { SCAN_EVENTS } from "../../../src/core/limits.ts";
import { PackedTable } from "../../../src/log/packed-table.ts";
import { freshStore, read } from "../support.ts";
import { numbers, storedEvent, storedEvents } from "./events.ts";

/** Rows that a piece of work reads from the log's table. */
async function rowsReadBy(store: ReturnType<typeof freshStore>, work: (table: PackedTable) => void): Promise<number> {
  return runInDurableObject(store.logObject(), (_instance, { storage }) => {
    const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
    const sql = {
      exec: (query: string, ...bindings: SqlStorageValue[]) => {
        const cursor = storage.sql.exec(query, ...bindings);
        cursors.push(cursor);
        return cursor;
      },
    } as SqlStorage;
    const table = new PackedTable({ sql, kv: storage.kv }, 1);
    cursors.length = 0;
    work(table);
    return cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0);
  });
}

async function sevenStreams() {
  const store = freshStore();
  const log = store.logClient();
  for (const stream of ["b/2", "a/10", "b/1", "ab/1", "a/ä", "a/9", "a/😀"]) await log.sequence(stream, storedEvents(1, 2));
  await log.sequence("b/2", storedEvents(3, 5));
  return store;
}

describe("the log's streams", () => {
  const inOrder = ["a/10", "a/9", "a/ä", "a/😀", "ab/1", "b/1", "b/2"];

  it("are listed in the order of their names, with version and last position", async () => {
    const { json } = await sevenStreams();
    const { streams: listed, next } = await json("/log/streams");
    expect(listed.map(({ stream }: { stream: string }) => stream)).toEqual(inOrder);
    expect([listed[0], listed.at(-1)]).toEqual([
      { stream: "a/10", version: 2, lastPosition: 4 },
      { stream: "b/2", version: 5, lastPosition: 17 },
    ]);
    expect(next).toBeUndefined();
  });

  it("come in pages; `next` is the link to the next one", async () => {
    const { get } = await sevenStreams();
    const listed: string[] = [];
    let path: string | undefined = "/log/streams?limit=2";
    while (path !== undefined) {
      const response: Response = await get(path);
      const page = await read(response);
      listed.push(...page.streams.map(({ stream }: { stream: string }) => stream));
      expect(response.headers.get("link")).toBe(page.next === undefined ? null : `<${page.next}>; rel="next"`);
      path = page.next?.replace(/^\/stores\/[^/]+/, "");
    }
    expect(listed).toEqual(inOrder);
  });

  it("can be filtered by category", async () => {
    const { json } = await sevenStreams();
    const names = async (query: string) => (await json(`/log/streams?${query}`)).streams.map(({ stream }: { stream: string }) => stream);
    expect(await names("category=a")).toEqual(["a/10", "a/9", "a/ä", "a/😀"]);
    expect(await names("category=a&after=a/9")).toEqual(["a/ä", "a/😀"]);
    expect(await names("category=b&after=a/9")).toEqual(["b/1", "b/2"]);
    expect(await names("category=a&after=b/1")).toEqual([]);
    expect(await names("category=c")).toEqual([]);
    expect((await json("/log/streams?category=a&limit=4")).next).toBeUndefined();
  });

  it("are an empty list in a store that nobody has written to", async () => {
    expect(await freshStore().json("/log/streams")).toEqual({ streams: [], hasMore: false });
  });

  it("refuse unknown parameters", async () => {
    const response = await freshStore().get("/log/streams?type=Some");
    expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
  });

  it("are found by a few rows each, however many events they have", async () => {
    const store = freshStore();
    for (let stream = 1; stream <= 10; stream++) await store.logClient().sequence(`a/${stream}`, storedEvents(1, 500));
    expect(await rowsReadBy(store, (table) => void table.streams(undefined, "", 100))).toBeLessThanOrEqual(3 * 10);
  });
});

const STREAM = "a/1";

/** Of every ten events, one is of the stream; every fifth of those is `Rare`. */
async function woven(tens: number) {
  const store = freshStore();
  for (let ten = 0; ten < tens; ten++) {
    await Promise.all([
      store.logClient().sequence("z/other", storedEvents(ten * 9 + 1, ten * 9 + 9)),
      store.logClient().sequence(STREAM, [storedEvent(ten + 1, ten % 5 === 4 ? "Rare" : "Some")]),
    ]);
  }
  return store;
}

const versions = (page: { events: { version: number }[] }) => page.events.map(({ version }) => version);

describe("one stream in the log", () => {
  it("can be read in pages, forward and backward, between any positions", async () => {
    const { json } = await woven(20);
    const all = (await json("/log?limit=1000")).events.filter(({ stream }: { stream: string }) => stream === STREAM);
    const positions: number[] = all.map(({ position }: { position: number }) => position);
    const at = (version: number) => positions[version - 1] ?? 0;

    const first = await json(`/log?stream=${STREAM}&limit=8`);
    expect([versions(first), first.next]).toEqual([numbers(1, 8), at(8)]);
    const second = await json(`/log?stream=${STREAM}&limit=50&after=${first.next}`);
    expect([versions(second), second.next]).toEqual([numbers(9, 20), 200]);
    const back = await json(`/log?stream=${STREAM}&limit=8&direction=backward`);
    expect([versions(back), back.next]).toEqual([numbers(13, 20).toReversed(), at(13)]);
    const rest = await json(`/log?stream=${STREAM}&direction=backward&after=${back.next}`);
    expect([versions(rest), rest.next]).toEqual([numbers(1, 12).toReversed(), null]);

    for (const [after, to] of [
      [at(3), at(6)],
      [at(3) - 1, at(6) - 1],
      [0, at(1)],
      [at(20), 200],
      [at(7), at(7)],
    ] as const) {
      const expected = all.filter(({ position }: { position: number }) => position > after && position <= to);
      expect((await json(`/log?stream=${STREAM}&after=${after}&to=${to}`)).events).toEqual(expected);
    }
    expect(await json("/log?stream=a/none")).toEqual({ events: [], hasMore: false, next: 200, head: 200 });
    expect(versions(await json(`/log?stream=${STREAM}&type=Rare`))).toEqual([5, 10, 15, 20]);
  });

  it("costs what it has in the page, however long the log and the stream are", async () => {
    const store = freshStore();
    for (let from = 1; from <= 4_001; from += 1_000) {
      await store.logObject().sequence("z/other", storedEvents(from, from + 999));
      await store.logObject().sequence(STREAM, storedEvents(from, from + 999));
    }
    const rows = await rowsReadBy(store, (table) => {
      expect(table.page({ after: 3_333, limit: 10, stream: STREAM }).events).toHaveLength(10);
    });
    // Besides the page, two searches by halves among 5,000 versions.
    expect(rows).toBeLessThan(10 + 2 * 20);
  });

  it("is searched in bounded pages for a rare type, forward and backward", async () => {
    const store = freshStore();
    const log = store.logClient();
    await log.sequence(STREAM, [storedEvent(1, "Rare")]);
    for (let from = 2; from <= SCAN_EVENTS + 1; from += 1_000) await log.sequence(STREAM, storedEvents(from, from + 999));
    await log.sequence(STREAM, [storedEvent(SCAN_EVENTS + 2, "Rare")]);
    await log.sequence("z/last", storedEvents(1, 1));
    for (const direction of ["forward", "backward"]) {
      const seen: number[] = [];
      let pages = 0;
      let after: number | null = direction === "forward" ? 0 : SCAN_EVENTS + 4;
      while (after !== null && after < SCAN_EVENTS + 5) {
        const page: { events: { version: number }[]; next: number | null; head: number } = await store.json(
          `/log?stream=${STREAM}&type=Rare&direction=${direction}&after=${after}`,
        );
        seen.push(...versions(page));
        pages += 1;
        after = direction === "forward" && page.next === page.head ? null : page.next;
      }
      expect([direction, seen.toSorted((a, b) => a - b), pages]).toEqual([direction, [1, SCAN_EVENTS + 2], 2]);
    }
  });
});
