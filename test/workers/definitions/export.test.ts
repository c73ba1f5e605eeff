/** What a store has declared goes with its export, and comes back with an import. */

import { describe, expect, it, vi } from "vitest";
import { PAGE_BYTES } from "../../../src/core/limits.ts";
import { DEFINITION_BYTES } from "../../../src/http/limits.ts";
import { ask, headerOfNarrowed } from "../http/tokens.ts";
import { freshStore, read } from "../support.ts";

const NDJSON = { accept: "application/x-ndjson" };

type Store = ReturnType<typeof freshStore>;

const exported = async ({ get }: Store, query = "definitions=true") => (await get(`/log?${query}`, NDJSON)).text();
const imported = async ({ post }: Store, text: string) => read(await post("/import", text, { "content-type": "application/x-ndjson" }));
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { id?: string; definition?: { kind: string; name: string } });
const kindOf = ({ id, definition }: ReturnType<typeof linesOf>[number]) =>
  id === undefined ? `${definition?.kind} ${definition?.name}` : "event";

const stock = (type: string, version: number) => ({
  events: { Counted: { type: "object", properties: { left: { type } }, required: ["left"], "x-version": version } },
});

/** A store with everything that can be declared, events of an earlier version, and a category that was retired. */
async function declaredStore(): Promise<Store> {
  const store = freshStore("exported");
  const { send, post } = store;
  await send("PUT", "/streams/stock", stock("integer", 1));
  await post("/streams/stock/apple", { type: "Counted", data: { left: 3 } });
  await send("PUT", "/streams/stock", stock("string", 2));
  await post("/streams/stock/pear", { type: "Counted", data: { left: "none" } });
  await send("PUT", "/streams/weather", { key: "place", schema: { type: "object" }, description: "Outside" });
  await send("PUT", "/streams/anything", {});
  await post("/streams/weather", { place: "Rome" });
  await post("/streams/anything", { any: "thing" });
  await send("PUT", "/views/latest", { from: "stock" });
  await send("DELETE", "/streams/anything");
  return store;
}

describe("an export with definitions", () => {
  it("has categories before the events, views after them, and retirements last", async () => {
    const kinds = linesOf(await exported(await declaredStore())).map(kindOf);
    expect(kinds).toEqual([
      "category anything",
      "category stock",
      "category weather",
      "event",
      "event",
      "event",
      "event",
      "view latest",
      "category anything",
    ]);
  });

  it("has them only when asked for them: in its first and its last piece", async () => {
    const store = await declaredStore();
    expect(linesOf(await exported(store, "")).map(kindOf)).toEqual(["event", "event", "event", "event"]);
    const first = (await exported(store, "definitions=true&limit=3")).trimEnd().split("\n");
    expect([first.length, first.at(-1)]).toEqual([3 + 3 + 1, '{"hasMore":true,"next":3,"head":4}']);
    const last = (await exported(store, "definitions=true&limit=3&after=3")).trimEnd().split("\n");
    expect([last.length, last.at(-1)]).toEqual([3 + 1 + 2 + 1, '{"hasMore":false,"next":4,"head":4}']);
    expect((await store.get("/log?definitions=true")).status).toBe(400);
  });

  it("has each category once, however many there are and however long their definitions", async () => {
    const store = freshStore("long");
    const names = Array.from({ length: 36 }, (_, index) => `category-${index}`);
    const text = (name: string) => `${name} `.padEnd(DEFINITION_BYTES - 500, "x");
    for (const name of names) {
      const { status } = await store.send("PUT", `/streams/${name}`, { schema: { type: "object", description: text(name) } });
      expect(status).toBe(201);
    }
    expect(names.length * (DEFINITION_BYTES - 500)).toBeGreaterThan(PAGE_BYTES);
    const categories = linesOf(await exported(store)).flatMap(({ definition }) => (definition?.kind === "category" ? [definition] : []));
    expect(categories.map(({ name }) => name)).toEqual(names.toSorted());
    for (const one of categories) expect(JSON.stringify(one)).toContain(text(one.name));
  });

  it("is refused to every narrowed token: it shows the whole store", async () => {
    const asking = (scope: "everything" | "some", query: string) =>
      ask("GET", `/stores/mine/log?${query}`, { ...headerOfNarrowed(scope), ...NDJSON });
    expect(await read(await asking("everything", "definitions=true"))).toMatchObject({ status: 403, code: "forbidden" });
    expect((await asking("some", "definitions=true")).status).toBe(403);
    expect((await asking("some", "definitions=false")).status).toBe(200);
  });

  it("makes an empty store equal to its own: categories with their versions, views with their rows", async () => {
    const [from, to] = [await declaredStore(), freshStore("imported")];
    const text = await exported(from);
    expect(await imported(to, text)).toEqual({ lines: 9, imported: 9, known: 0 });
    const withoutTimes = (whole: string) => whole.replaceAll(/"recordedAt":"[^"]+"/g, "");
    expect(withoutTimes(await exported(to))).toBe(withoutTimes(text));
    for (const path of ["/streams/stock", "/streams/weather"]) {
      const { revision: _count, ...definition } = await from.json(path);
      expect(await to.json(path)).toMatchObject(definition);
    }
    expect((await to.get("/streams/anything")).status).toBe(410);
    await vi.waitFor(async () => expect((await to.json("/views/latest")).rows).toHaveLength(2), { timeout: 20_000, interval: 100 });
    expect((await to.json("/views/latest")).rows).toEqual((await from.json("/views/latest?consistency=strong")).rows);
  });

  it("has how far a processor has read the log: elsewhere it goes on from there, and does not process earlier events again", async () => {
    const [from, to] = [freshStore("processing"), freshStore("processing-on")];
    const note = ({ post }: Store, value: number) => post("/streams/sample/s", { type: "Read", data: { value } });
    const marks = async ({ json }: Store) =>
      ((await json("/log?category=marks")).events as { data: { n: number } }[]).map(({ data }) => data.n);
    const emit = { emit: { to: "marks", data: { n: "data.value" } } };
    await from.send("PUT", "/streams/marks", {});
    await from.send("PUT", "/processors/marking", { from: "sample", steps: [{ filter: "false" }, emit] });
    await note(from, 1);
    await expect.poll(async () => (await from.json("/processors/marking")).position).toBe(1);
    await from.send("PUT", "/processors/marking", { from: "sample", steps: [emit] });
    const text = await exported(from);
    expect(linesOf(text).at(-1)).toMatchObject({ definition: { kind: "processor", name: "marking", position: 1 } });
    expect(await imported(to, text)).toEqual({ lines: 3, imported: 3, known: 0 });
    for (const store of [from, to]) {
      await note(store, 2);
      await expect.poll(() => marks(store)).toEqual([2]);
    }
  });

  it("brings a category back with all of its versions, in their order, also if an import already has some of them", async () => {
    const [from, to, ahead] = [freshStore("versions-from"), freshStore("versions-to"), freshStore("versions-ahead")];
    const types = ["integer", "string", "boolean", "number"];
    for (const [index, type] of types.entries()) {
      await from.send("PUT", "/streams/stock", stock(type, index + 1));
      if (index < 2) await ahead.send("PUT", "/streams/stock", stock(type, index + 1));
      await from.post("/streams/stock/apple", { type: "Counted", data: { left: [1, "one", true, 1.5][index] } });
    }
    const text = await exported(from);
    const withoutTimes = (whole: string) => whole.replaceAll(/"recordedAt":"[^"]+"/g, "");
    for (const store of [to, ahead]) {
      expect(await imported(store, text)).toMatchObject({ lines: 5 });
      expect(withoutTimes(await exported(store))).toBe(withoutTimes(text));
      const { events } = await store.json("/streams/stock/apple");
      expect(events.map(({ schemaVersion }: { schemaVersion: number }) => schemaVersion)).toEqual([1, 2, 3, 4]);
    }
  });

  it("changes nothing in a store that already has its content, except that retired categories take no event", async () => {
    const store = await declaredStore();
    const text = await exported(store);
    const definitions = `${text
      .split("\n")
      .filter((line) => line.startsWith('{"definition"'))
      .join("\n")}\n`;
    expect(await imported(store, definitions)).toEqual({ lines: 5, imported: 0, known: 5 });
    expect(await exported(store)).toBe(text);
  });
});

describe("a line of an import that declares something", () => {
  const line = (definition: unknown) => `${JSON.stringify({ definition })}\n`;

  it("is refused, with its number, when it contradicts the store; the lines before it count", async () => {
    const store = freshStore("contradicted");
    await store.send("PUT", "/streams/stock", stock("integer", 1));
    const lines =
      line({ kind: "category", name: "other", definition: {} }) + line({ kind: "category", name: "stock", definition: stock("string", 1) });
    expect(await imported(store, lines)).toMatchObject({ status: 409, code: "incompatible-schema", line: 2, imported: 1 });
    expect((await store.get("/streams/other")).status).toBe(200);
    const view = line({ kind: "view", name: "v", definition: { from: "nowhere" } });
    expect(await imported(store, view)).toMatchObject({ status: 404, code: "unknown-category", line: 1 });
  });

  it.each([
    ["has no kind", { kind: "webhook", name: "a", definition: {} }],
    ["has no name", { kind: "view", definition: {} }],
    ["has an invalid name", { kind: "view", name: "../a", definition: {} }],
    ["has a member too many", { kind: "view", name: "a", definition: {}, revision: 1 }],
    ["has an invalid position", { kind: "processor", name: "a", definition: {}, position: -1 }],
    ["has nothing to declare", { kind: "category", name: "a" }],
    ["has no object to declare", { kind: "category", name: "a", definition: [] }],
    ["is not an object", 7],
  ])("is a 400 when it %s", async (_, definition) => {
    const store = freshStore("invalid-line");
    expect(await imported(store, line(definition))).toMatchObject({ status: 400, code: "invalid-request", line: 1, imported: 0 });
  });

  it.each([
    ["is not JSON", '{"definition": {"kind": "category", "name": "a"'],
    ["nests deeper than anything is read", `{"definition": ${"[".repeat(300)}${"]".repeat(300)}}`],
    [
      "has a number that JavaScript does not have",
      '{"definition": {"kind": "processor", "name": "a", "definition": {}, "position": 1e999}}',
    ],
  ])("is a 400 when it %s", async (_, text) => {
    const store = freshStore("no-json-line");
    const lines = `${line({ kind: "category", name: "before", definition: {} })}${text}\n`;
    expect(await imported(store, lines)).toMatchObject({ status: 400, code: "invalid-json", line: 2, imported: 1 });
  });

  it("does not replace a definition in code: the code's counts", async () => {
    const store = freshStore("in-code-line");
    const lines =
      line({ kind: "category", name: "reading", definition: {} }) + line({ kind: "view", name: "totals", definition: { from: "reading" } });
    expect(await imported(store, lines)).toEqual({ lines: 2, imported: 0, known: 2 });
  });

  it("may come between events, and applies to those after it", async () => {
    const store = freshStore("between");
    const event = (stream: string, id: number) =>
      `${JSON.stringify({ id: `01890000-0000-7000-8000-00000000000${id}`, stream, type: "Any", data: {} })}\n`;
    const body =
      line({ kind: "category", name: "a", definition: {} }) +
      event("a/1", 1) +
      line({ kind: "category", name: "b", definition: {} }) +
      event("b/1", 2);
    expect(await imported(store, body)).toEqual({ lines: 4, imported: 4, known: 0 });
    expect((await store.log()).map(({ stream }) => stream)).toEqual(["a/1", "b/1"]);
    expect(await imported(store, event("c/1", 3) + line({ kind: "category", name: "c", definition: {} }))).toMatchObject({
      code: "unknown-category",
      line: 1,
    });
    expect((await store.get("/streams/c")).status).toBe(404);
  });
});
