/** The feed of a store that runs, as curl sees it and as Python follows it. */

import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClient } from "headspring/client";
import { type TestStore, startStore } from "headspring/testing/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { app } from "../../src/app.ts";
import { originatorIdOf } from "../../src/notification.ts";

const TOKEN = "hs_follower";
const TOKENS = JSON.stringify([
  { name: "follower", sha256: createHash("sha256").update(TOKEN).digest("hex"), rights: ["read", "write", "admin"], stores: ["*"] },
]);
const HAS_PYTHON = spawnSync("python3", ["--version"]).status === 0;
const IS_INSTALLED = HAS_PYTHON && spawnSync("python3", ["-c", "import eventsourcing.interface"]).status === 0;
/** Python with the library, or with its stand-in. */
const PYTHON = { ...process.env, ...(IS_INSTALLED ? {} : { PYTHONPATH: join(import.meta.dirname, "../python") }) };
const FOLLOW = join(import.meta.dirname, "../../tools/follow.py");

let store: TestStore;
beforeAll(async () => {
  store = await startStore();
}, 60_000);
afterAll(() => store.stop());

interface Item {
  readonly id: number;
  readonly originator_id: string;
  readonly originator_version: number;
  readonly topic: string;
  readonly state: string;
}
interface Section {
  readonly id: string | null;
  readonly next_id: string | null;
  readonly items: readonly Item[];
}

/** A store of its own within the one that runs, with a dog that has learnt so many tricks. */
async function kennel(name: string, tricks: number) {
  const url = `${store.url}/stores/${name}`;
  const client = createClient<typeof app>(store.url, { store: name });
  const fido = client.dog("fido");
  await fido.Register({ name: "Fido" });
  const learn = async (count: number) => {
    for (let trick = 1; trick <= count; trick++) await fido.AddTrick({ trick: `trick ${trick}` }, { wait: 20 });
  };
  await learn(tricks);
  const get = async (path: string, headers: Record<string, string> = {}) => fetch(`${url}/notifications${path}`, { headers });
  const section = async (id: string) => (await get(`/${id}`)).json<Section>();
  const select = async (query: string) => (await get(`?${query}`)).json<readonly Item[]>();
  const ids = async (query: string) => (await select(query)).map(({ id }) => id);
  return { url, client, fido, learn, get, section, select, ids };
}

/** What a program in Python prints. */
async function python(...args: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)("python3", args, { env: PYTHON });
  return stdout.split("\n").filter((line) => line !== "");
}

/** What tools/follow.py prints: id, originator id, version, topic and state. */
async function follow(...args: string[]): Promise<[number, string, number, string, object][]> {
  return (await python(FOLLOW, ...args)).map((line) => JSON.parse(line) as [number, string, number, string, object]);
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("sections", () => {
  it("lead from one to the next, up to the last, which is not full", async () => {
    const { section } = await kennel("sections", 24);
    const first = await section("1,10");
    expect(first).toMatchObject({ id: "1,10", next_id: "11,20" });
    expect(first.items.map(({ id, originator_version, topic }) => [id, originator_version, topic])).toEqual(
      range(1, 10).map((id) => [id, id, id === 1 ? "Registered" : "TrickAdded"]),
    );
    expect(await section("11,20")).toMatchObject({ id: "11,20", next_id: "21,30" });
    expect(await section("21,30")).toMatchObject({ id: "21,25", next_id: null });
    expect(await section("26,35")).toEqual({ id: null, next_id: null, items: [] });
    expect(await section("7,9")).toMatchObject({ id: "7,9", next_id: "10,12" });
    const { items } = await section("2,2");
    expect(items).toMatchObject([{ originator_id: originatorIdOf("dog/fido"), topic: "TrickAdded" }]);
    const state: unknown = JSON.parse(Buffer.from(items[0]!.state, "base64").toString());
    expect(state).toEqual({
      timestamp: { _type_: "datetime_iso", _data_: expect.stringMatching(/\.\d{6}\+00:00$/) as unknown },
      trick: "trick 1",
    });
  });

  it("may be cached if they are full, and not otherwise", async () => {
    const { get, learn } = await kennel("caching", 11);
    const full = await get("/1,10");
    expect(full.headers.get("cache-control")).toBe("private, max-age=86400, immutable");
    const last = await get("/11,20");
    expect(last.headers.get("cache-control")).toBe("no-cache");
    const [fullTag = "", lastTag = ""] = [full, last].map(({ headers }) => headers.get("etag") ?? "");
    expect((await get("/11,20", { "if-none-match": lastTag })).status).toBe(304);
    await learn(1);
    expect((await get("/11,20", { "if-none-match": lastTag })).status).toBe(200);
    expect((await get("/1,10", { "if-none-match": `"other", W/${fullTag}` })).status).toBe(304);
  });

  it("leave out events that have been erased, and have the end of their stream", async () => {
    const { client, url, section, fido } = await kennel("erased", 2);
    await client.dog("rex").Register({ name: "Rex" });
    await fido.AddTrick({ trick: "sit" }, { wait: 20 });
    await fetch(`${url}/streams/dog/rex?erase=true`, { method: "DELETE", headers: { prefer: "wait=20" } });
    const { id, next_id, items } = await section("1,5");
    expect(items.map((item) => [item.id, item.topic])).toEqual([
      [1, "Registered"],
      [2, "TrickAdded"],
      [3, "TrickAdded"],
      [5, "TrickAdded"],
      [6, "$deleted"],
    ]);
    expect([id, next_id]).toEqual(["1,6", "7,11"]);
  });

  it("are refused if their id is invalid, or if they begin after the log's end", async () => {
    const { get } = await kennel("refused", 0);
    for (const id of ["first", "1", "1;10", "-3,4"]) {
      const answer = await get(`/${id}`);
      expect([answer.status, await answer.json()]).toMatchObject([400, { code: "invalid-section" }]);
    }
    const beyond = await get("/31,40");
    expect([beyond.status, await beyond.json()]).toMatchObject([409, { code: "position-beyond-head", head: 1 }]);
  });

  it("wait at the log's end for the next event, if asked to", async () => {
    const { get, learn } = await kennel("waiting", 0);
    const waiting = get("/2,11", { prefer: "wait=30" });
    await learn(1);
    expect(await (await waiting).json()).toMatchObject({ id: "2,2", next_id: null });
  });
});

describe("a selection", () => {
  it("has what the arguments of `select` ask for", async () => {
    const { ids, get, client } = await kennel("selection", 3);
    await client.dog("rex").Register({ name: "Rex" });
    expect(await ids("start=1&limit=10")).toEqual([1, 2, 3, 4, 5]);
    expect(await ids("limit=2")).toEqual([1, 2]);
    expect(await ids("start=2&limit=2")).toEqual([2, 3]);
    expect(await ids("start=2&limit=10&inclusive_of_start=False")).toEqual([3, 4, 5]);
    expect(await ids("start=2&limit=10&stop=4")).toEqual([2, 3, 4]);
    expect(await ids("start=1&limit=10&topics=Registered")).toEqual([1, 5]);
    expect(await ids("start=1&limit=10&topics=Registered&topics=TrickAdded")).toEqual([1, 2, 3, 4, 5]);
    expect(await ids("start=6&limit=10")).toEqual([]);
    for (const query of ["start=1", "limit=101", "limit=0", "start=x&limit=1", "start=-1&limit=1"]) {
      const answer = await get(`?${query}`);
      expect([answer.status, await answer.json()]).toMatchObject([400, { code: "invalid-selection" }]);
    }
  });
});

describe("a deployment with tokens", () => {
  it("requires one, and shows what it may read", async () => {
    await using closed = await startStore({ variables: { HEADSPRING_ENV: "deployed", API_TOKENS: TOKENS } });
    const authorization = `Bearer ${TOKEN}`;
    const registered = await fetch(`${closed.url}/aggregates/dog/fido/Register`, {
      method: "POST",
      headers: { authorization, prefer: "wait=20" },
      body: '{"name":"Fido"}',
    });
    expect(registered.status).toBe(200);
    expect((await fetch(`${closed.url}/notifications/1,10`)).status).toBe(401);
    expect((await fetch(`${closed.url}/notifications?limit=1`)).status).toBe(401);
    const open = await fetch(`${closed.url}/notifications/1,10`, { headers: { authorization } });
    expect(await open.json()).toMatchObject({ id: "1,1", items: [{ topic: "Registered" }] });
  }, 60_000);
});

// Debian has python3; without it there is nothing to follow with.
describe.skipIf(!HAS_PYTHON)(`Python's NotificationLogReader (${IS_INSTALLED ? "the library's" : "its stand-in"})`, () => {
  it("reads everything, resumes in the middle of a section, and sees new events", async () => {
    const { url, learn } = await kennel("followed", 23);
    const all = await follow(url);
    expect(all.map(([id, , version]) => [id, version])).toEqual(range(1, 24).map((id) => [id, id]));
    expect(all[1]).toMatchObject([2, expect.stringMatching(/^c8b47432-27de-58db/), 2, "TrickAdded", { trick: "trick 1" }]);
    expect((await follow(url, "16")).map(([id]) => id)).toEqual(range(16, 24));
    expect(await follow(url, "25")).toEqual([]);
    await learn(9);
    expect((await follow(url, "25")).map(([id]) => id)).toEqual(range(25, 33));
  });

  it("selects by topics, list after list", async () => {
    const { url, client } = await kennel("selected", 21);
    await client.dog("rex").Register({ name: "Rex" });
    expect((await follow(url, "1", "TrickAdded")).map(([id]) => id)).toEqual(range(2, 22));
    expect((await follow(url, "2", "Registered", "Nothing")).map(([id]) => id)).toEqual([23]);
  });

  it("works with the lines that the documentation shows", async () => {
    const { url } = await kennel("documented", 2);
    const page = readFileSync(
      join(createRequire(import.meta.url).resolve("headspring"), "../../docs/coming-from/eventsourcing.md"),
      "utf8",
    );
    const [, lines = ""] = /```python\n([\s\S]+?NotificationLogReader\([\s\S]+?)```/.exec(page) ?? [];
    const printed = await python("-c", lines.replaceAll("http://localhost:8787", url));
    expect(printed.map((line) => line.split(" ").slice(0, 2))).toEqual([
      ["1", "Registered"],
      ["2", "TrickAdded"],
      ["3", "TrickAdded"],
    ]);
  });
});
