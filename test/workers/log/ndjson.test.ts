import { describe, expect, it } from "vitest";
import { SCAN_EVENTS } from "../../../src/core/limits.ts";
import { freshStore, read } from "../support.ts";
import { numbers, storedEvents } from "./events.ts";

const NDJSON = { accept: "application/x-ndjson" };

async function lines(store: ReturnType<typeof freshStore>, path: string) {
  const response = await store.get(path, NDJSON);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
  const text = new TextDecoder().decode(await response.arrayBuffer());
  expect(text === "" || text.endsWith("\n")).toBe(true);
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

describe("the log as NDJSON", () => {
  it("has everything, a line for each event, however many pages that takes", async () => {
    const store = freshStore();
    for (const from of [1, 1_001, 2_001]) await store.logObject().sequence("a/1", storedEvents(from, from + 999));
    const exported = await lines(store, "/log");
    expect(exported.map(({ position }) => position)).toEqual(numbers(1, 3_000));
    expect(exported.slice(0, 5)).toEqual((await store.json("/log?limit=5")).events);
  });

  it("keeps to the bounds and filters of the query, even if a filter skips whole pages", async () => {
    const store = freshStore();
    const log = store.logObject();
    for (let from = 1; from <= SCAN_EVENTS + 1; from += 1_000) await log.sequence("a/1", storedEvents(from, from + 999));
    await log.sequence("b/1", storedEvents(1, 3, "Other"));
    const head = SCAN_EVENTS + 1_003;
    expect((await lines(store, "/log?category=b")).map(({ position }) => position)).toEqual(numbers(head - 2, head));
    expect((await lines(store, `/log?type=Other&to=${head - 1}`)).map(({ position }) => position)).toEqual([head - 2, head - 1]);
    expect((await lines(store, "/log?after=10&to=12")).map(({ position }) => position)).toEqual([11, 12]);
    expect(await lines(store, "/log?type=None")).toEqual([]);
    expect(await lines(store, `/log?after=${head}`)).toEqual([]);
  });

  it("ends at the head of the time it was asked for, although the log goes on", async () => {
    const store = freshStore();
    await store.logObject().sequence("a/1", storedEvents(1, 5));
    const { body } = await store.get("/log", NDJSON);
    await store.logObject().sequence("a/1", storedEvents(6, 9));
    const text = new TextDecoder().decode(await new Response(body).arrayBuffer());
    expect(text.trim().split("\n")).toHaveLength(5);
  });

  it("is empty for a store that nobody has written to", async () => {
    expect(await lines(freshStore(), "/log")).toEqual([]);
  });

  it.each(["limit=0", "limit=250001", "direction=backward", "after=head", "colour=red"])("does not accept %s", async (query) => {
    const response = await freshStore().get(`/log?${query}`, NDJSON);
    expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
  });

  it.each(["*/*", "application/json", "text/html, */*;q=0.8", "application/x-ndjson;q=0, application/json"])(
    "is not what `Accept: %s` gets",
    async (accept) => {
      const response = await freshStore().get("/log", { accept });
      expect(response.headers.get("content-type")).toBe("application/json");
    },
  );
});
