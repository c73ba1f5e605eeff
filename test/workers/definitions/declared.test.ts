/** Declaring views and processors over HTTP: what `PUT`, `GET` and `DELETE` promise, and what they refuse. */

import { describe, expect, it } from "vitest";
import { DEFINITIONS } from "../../../src/core/limits.ts";
import { DEFINITION_BYTES } from "../../../src/http/limits.ts";
import { eventually } from "../delivery/support.ts";
import { ask, headerOf } from "../http/tokens.ts";
import { freshStore, read } from "../support.ts";

const VIEW = { from: "reading" };
const COUNTED = { from: "reading", columns: { times: { type: "integer", init: 0, fold: "acc + 1" } } };
const PROCESSOR = { from: "reading", steps: [{ filter: "data.value > 1" }] };

const nameOf = ({ name }: { name: string }) => name;

describe("a view that is declared over HTTP", () => {
  it("is built from the events before it and after it, and is a consumer like any other", async () => {
    const store = freshStore("declared-view");
    await store.post("/streams/reading/a", { type: "Read", data: { value: 1 } });
    const put = await store.send("PUT", "/views/latest", VIEW);
    expect([put.status, put.headers.get("location")]).toEqual([201, `/stores/${store.store}/views/latest`]);
    expect(await read(put)).toMatchObject({ name: "latest", origin: "api", revision: 1, definition: VIEW, key: "id" });
    await eventually(async () => expect((await store.json("/views/latest")).rows).toEqual([{ id: "a", value: 1 }]));
    await store.post("/streams/reading/b", { type: "Read", data: { value: 2 } });
    await eventually(async () => expect((await store.json("/views/latest")).rows).toHaveLength(2));
    const consumer = await store.json("/consumers/latest");
    expect(consumer).toMatchObject({ name: "latest", kind: "view", origin: "api", status: "live", processed: 2 });
    expect(await store.json("/consumers/totals")).toMatchObject({ origin: "code" });
    expect(await (await store.get("/metrics")).text()).toContain('consumer="latest"');
    for (const action of ["pause", "resume", "reset"]) expect((await store.post(`/consumers/latest/${action}`, {})).status).toBe(200);
    expect((await store.post("/views/latest/rebuild", {})).status).toBe(202);
  });

  it("goes on answering while its new definition is built, and answers by the new one from then on", async () => {
    const store = freshStore("redeclared");
    await store.post("/streams/reading/a", { type: "Read", data: { value: 1 } });
    await store.send("PUT", "/views/v", VIEW);
    await eventually(async () => expect((await store.json("/views/v")).rows).toEqual([{ id: "a", value: 1 }]));
    const put = await store.send("PUT", "/views/v", COUNTED);
    expect(put.status).toBe(200);
    expect(await read(put)).toMatchObject({ revision: 2, definition: COUNTED });
    await eventually(async () => expect((await store.json("/views/v")).rows).toEqual([{ id: "a", times: 1 }]));
  });

  it("is gone once it is deleted, and starts empty when its name is declared again: nothing of the old one comes back", async () => {
    const store = freshStore("again");
    await store.post("/streams/reading/a", { type: "Read", data: { value: 1 } });
    await store.send("PUT", "/views/v", VIEW);
    await eventually(async () => expect((await store.json("/views/v")).rows).toHaveLength(1));
    expect((await store.send("DELETE", "/views/v")).status).toBe(204);
    expect(await read(await store.get("/views/v"))).toMatchObject({ status: 404, code: "unknown-view" });
    expect((await store.get("/views/v/a")).status).toBe(404);
    expect((await store.get("/consumers/v")).status).toBe(404);
    expect((await store.json("/views")).views.map(nameOf)).not.toContain("v");
    expect(await read(await store.send("DELETE", "/views/v"))).toMatchObject({ status: 404, code: "unknown-view" });
    const put = await store.send("PUT", "/views/v", { ...VIEW, where: "data.value > 1" });
    expect(put.status).toBe(201);
    await store.post("/streams/reading/b", { type: "Read", data: { value: 2 } });
    await eventually(async () => expect((await store.json("/views/v")).rows).toEqual([{ id: "b", value: 2 }]));
  });

  it("answers no query with `exposed: false`, and only administrators see that it exists", async () => {
    const path = "/stores/mine/views/hidden-one";
    const [reader, admin] = [headerOf({ rights: "read", stores: "mine" }), headerOf({ rights: "all", stores: "mine" })];
    expect((await ask("PUT", path, admin, JSON.stringify({ ...VIEW, exposed: false }))).status).toBe(201);
    for (const end of ["", "/a", "/queries/any", "?consistency=strong"]) {
      const answer = await ask("GET", path + end, admin);
      expect([answer.status, (await read(answer)).code]).toEqual([404, "unknown-view"]);
    }
    expect((await ask("GET", path, { ...admin, accept: "text/event-stream" })).status).toBe(404);
    const listed = async (who: Record<string, string>) => (await read(await ask("GET", "/stores/mine/views", who))).views.map(nameOf);
    expect(await listed(admin)).toContain("hidden-one");
    expect(await listed(reader)).not.toContain("hidden-one");
    expect((await ask("POST", `${path}/rebuild`, admin)).status).toBe(202);
    expect((await ask("GET", "/stores/mine/consumers/hidden-one", admin)).status).toBe(200);
    expect((await ask("DELETE", path, admin)).status).toBe(204);
  });
});

describe.each([
  ["view", "/views", VIEW, { ...VIEW, where: "data.value > 1" }],
  ["processor", "/processors", PROCESSOR, { ...PROCESSOR, onError: "skip" }],
])("a %s's declaration", (kind, path, definition, other) => {
  const codes = async (answers: Promise<Response>[]) => Promise.all(answers.map(async (answer) => (await answer).status));

  it("counts as the same when it is repeated, however it is spelt, and as another when it changes", async () => {
    const { send, json } = freshStore("repeated");
    const first = await send("PUT", `${path}/one`, definition);
    expect(first.status).toBe(201);
    const spelt = `{ ${Object.entries(definition)
      .toReversed()
      .map(([name, value]) => `${JSON.stringify(name)} : ${JSON.stringify(value)}`)
      .join(" , ")} }`;
    const again = await send("PUT", `${path}/one`, spelt);
    expect([again.status, (await read(again)).revision]).toEqual([200, 1]);
    const changed = await send("PUT", `${path}/one`, other);
    expect([changed.status, (await read(changed)).revision]).toEqual([200, 2]);
    const [shown] = kind === "view" ? (await json("/views?name=one")).views : [await json("/processors/one")];
    expect(shown).toMatchObject({ name: "one", origin: "api", revision: 2, definition: other });
    expect(await read(await send("PUT", `${path}/one`, shown.definition))).toMatchObject({ revision: 2 });
  });

  it("belongs to its store: no other store has it", async () => {
    const [one, two] = [freshStore("has-it"), freshStore("has-it-not")];
    await one.send("PUT", `${path}/mine`, definition);
    expect((await two.send("DELETE", `${path}/mine`)).status).toBe(404);
    expect((await two.json(path))[`${kind}s`].map(nameOf)).not.toContain("mine");
    expect((await two.get("/consumers/mine")).status).toBe(404);
    expect((await two.send("PUT", `${path}/mine`, other)).status).toBe(201);
    expect((await one.json(path))[`${kind}s`].find(({ name }: { name: string }) => name === "mine").definition).toEqual(definition);
  });

  it("wins once when several race for a name; when several change one, no change is lost", async () => {
    const { send, json } = freshStore("racing");
    const cross = kind === "view" ? send("PUT", "/processors/one", PROCESSOR) : send("PUT", "/views/one", VIEW);
    const racing = await codes([send("PUT", `${path}/one`, definition), cross, send("PUT", `${path}/ONE`, definition)]);
    expect(racing.toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
    const many = Array.from({ length: 6 }, (_, at) => send("PUT", `${path}/two`, { ...definition, description: `${at}` }));
    expect((await codes(many)).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 200, 200, 201]);
    const all = (await json(path))[`${kind}s`] as { name: string; revision: number }[];
    expect(all.find(({ name }) => name === "two")?.revision).toBe(6);
  });

  it.each([
    ["nothing", "", "invalid-json"],
    ["no JSON", "{", "invalid-json"],
    ["a list", "[]", "invalid-request"],
    ["null", "null", "invalid-request"],
    ["an unknown member", JSON.stringify({ ...definition, colour: "red" }), "invalid-request"],
    ["a prototype as a member", `{"__proto__":{"from":"reading"}}`, "invalid-request"],
    ["a prototype besides", JSON.stringify(definition).replace("{", `{"__proto__":{"a":1},`), "invalid-request"],
    ["no category", JSON.stringify({ ...definition, from: [] }), "invalid-request"],
    ["a number for the category", JSON.stringify({ ...definition, from: 1 }), "invalid-request"],
    ["JSON that nests too deep", `{"from":${"[".repeat(70)}${"]".repeat(70)}}`, "invalid-json"],
    ["a number beyond all", `{"from":"reading","columns":1e999}`, "invalid-json"],
  ])("is a 400 with %s, and declares nothing", async (_, body, code) => {
    const { send, get } = freshStore("hostile");
    expect(await read(await send("PUT", `${path}/one`, body))).toMatchObject({ status: 400, code });
    expect((await get("/consumers/one")).status).toBe(404);
  });

  it("is a 413 when it is too large, and a 415 as another type", async () => {
    const { send } = freshStore("large");
    const large = { ...definition, description: "x".repeat(DEFINITION_BYTES) };
    expect(await read(await send("PUT", `${path}/one`, large))).toMatchObject({ status: 413, limit: DEFINITION_BYTES });
    expect((await send("PUT", `${path}/one`, definition, { "content-type": "text/html" })).status).toBe(415);
  });

  it.each(["1st", "_one", "a b", "%C3%BC", "a%2Fb", "..%2Fa", "__proto__", "x".repeat(65), "a%00", "%F0%9F%98%80"])(
    "is a 400 under the name %s",
    async (name) => {
      const { send } = freshStore("names");
      expect(await read(await send("PUT", `${path}/${name}`, definition))).toMatchObject({ status: 400, code: "invalid-request" });
    },
  );

  it.each(["constructor", "toString", "hasOwnProperty", "valueOf", "preview", "definition", "x".repeat(64)])(
    "may use the name %s like any other",
    async (name) => {
      const { send, json, get } = freshStore("odd-names");
      expect((await get(`/consumers/${name}`)).status).toBe(404);
      expect((await send("PUT", `${path}/${name}`, definition)).status).toBe(201);
      expect((await json(path))[`${kind}s`].map(nameOf)).toContain(name);
      expect((await json(`/consumers/${name}`)).kind).toBe(kind);
      expect((await send("PUT", `${path}/${name}`, definition)).status).toBe(200);
      expect((await send("DELETE", `${path}/${name}`)).status).toBe(204);
    },
  );

  it("is refused under the name of a consumer in code, even one that differs only by case", async () => {
    const { send } = freshStore("taken");
    const inCode = kind === "view" ? "totals" : "relay";
    const others = [kind === "view" ? "relay" : "totals", "told", "told.all", "wh_0190", inCode.toUpperCase()];
    for (const method of ["PUT", "DELETE"]) {
      expect(await read(await send(method, `${path}/${inCode}`, definition))).toMatchObject({ status: 409, code: `${kind}-in-code` });
    }
    for (const name of others) {
      expect(await read(await send("PUT", `${path}/${name}`, definition)), name).toMatchObject({ status: 409, code: "name-in-use" });
      expect((await send("DELETE", `${path}/${name}`)).status, name).toBe(404);
    }
  });

  it("needs its categories: 404 for one that is unknown, 410 for one that was retired", async () => {
    const { send } = freshStore("categories");
    await send("PUT", "/streams/old", {});
    await send("DELETE", "/streams/old");
    for (const name of ["nowhere", "constructor", "$webhooks"]) {
      expect(await read(await send("PUT", `${path}/one`, { ...definition, from: name })), name).toMatchObject({
        code: expect.stringMatching(/^unknown-category$|^invalid-request$/),
      });
    }
    const { columns: _, where: __, steps: ___, ...bare } = definition as Record<string, unknown>;
    const retired = { ...bare, from: "old", ...(kind === "processor" ? { steps: [{ filter: "true" }] } : {}) };
    expect(await read(await send("PUT", `${path}/one`, retired))).toMatchObject({ status: 410, code: "category-retired" });
  });

  it(`is one of at most ${DEFINITIONS} in a store; a deletion makes room`, async () => {
    const { send } = freshStore("full");
    const all = await codes(Array.from({ length: DEFINITIONS + 1 }, (_, at) => send("PUT", `${path}/n${at}`, definition)));
    expect(all.filter((status) => status === 201)).toHaveLength(DEFINITIONS);
    const refused = await read(await send("PUT", `${path}/more`, definition));
    expect(refused).toMatchObject({ status: 409, code: "too-many-definitions", limit: DEFINITIONS });
    const first = all.findIndex((status) => status === 201);
    expect((await send("PUT", `${path}/n${first}`, other)).status).toBe(200);
    expect((await send("DELETE", `${path}/n${first}`)).status).toBe(204);
    expect((await send("PUT", `${path}/more`, definition)).status).toBe(201);
  });
});

describe("a processor's declaration", () => {
  const joining = (view: string) => ({
    from: "reading",
    steps: [{ join: { with: view, by: "event.streamId", as: "known", missing: "null" } }, { filter: "data.value > 1" }],
  });

  it("needs the views that it joins, and keeps them: they cannot be deleted until nothing joins them", async () => {
    const { send } = freshStore("joined");
    expect(await read(await send("PUT", "/processors/p", joining("latest")))).toMatchObject({ status: 404, code: "unknown-view" });
    await send("PUT", "/views/latest", VIEW);
    expect((await send("PUT", "/processors/p", joining("latest"))).status).toBe(201);
    expect((await send("PUT", "/processors/q", joining("latest"))).status).toBe(201);
    const refused = await read(await send("DELETE", "/views/latest"));
    expect(refused).toMatchObject({ status: 409, code: "view-in-use", processors: ["p", "q"] });
    await send("PUT", "/processors/p", PROCESSOR);
    await send("DELETE", "/processors/q");
    expect((await send("DELETE", "/views/latest")).status).toBe(204);
  });

  it("never joins a view that is being deleted at the same moment", async () => {
    const { send, json } = freshStore("join-race");
    for (let at = 0; at < 5; at++) {
      await send("PUT", `/views/v${at}`, VIEW);
      const [declared, deleted] = await Promise.all([
        send("PUT", `/processors/p${at}`, joining(`v${at}`)),
        send("DELETE", `/views/v${at}`),
      ]);
      expect([declared.status, deleted.status]).toEqual(declared.status === 201 ? [201, 409] : [404, 204]);
    }
    expect((await json("/processors")).processors.length).toBeGreaterThan(0);
  });

  it("starts the processor where it says: at the beginning, at the current head, or at a position, but not beyond the head", async () => {
    // Nobody answers a sample: the head is what the test has written.
    const { send, json, post } = freshStore("starts");
    for (const value of [1, 2, 3]) await post("/streams/sample/a", { type: "Read", data: { value } });
    const starting = (start: unknown) => ({ ...PROCESSOR, from: "sample", start });
    expect(await read(await send("PUT", "/processors/far", starting(4)))).toMatchObject({
      status: 409,
      code: "position-beyond-head",
      head: 3,
    });
    for (const [name, start] of Object.entries({ all: "beginning", none: "head", some: 2 }))
      expect((await send("PUT", `/processors/${name}`, starting(start))).status).toBe(201);
    await post("/streams/sample/a", { type: "Read", data: { value: 4 } });
    const processed = async (name: string) => (await json(`/consumers/${name}`)).processed;
    await eventually(async () => expect(await Promise.all(["all", "none", "some"].map(processed))).toEqual([4, 1, 2]));
    expect(await json("/processors/none")).toMatchObject({ definition: { start: "head" } });
  });

  it("starts the processor afresh when it is repeated after a deletion, at the head of that time", async () => {
    const { send, json, post } = freshStore("begins-again");
    const count = async (events: number) => {
      const processed = async () => (await json("/consumers/p")).processed;
      await eventually(async () => expect(await processed()).toBe(events));
    };
    const happen = (value: number) => post("/streams/reading/a", { type: "Read", data: { value } });
    await happen(1);
    for (const value of [2, 3]) {
      expect((await send("PUT", "/processors/p", { ...PROCESSOR, start: "head" })).status).toBe(201);
      await happen(value);
      await count(1);
      expect((await send("DELETE", "/processors/p")).status).toBe(204);
    }
    await send("PUT", "/processors/p", PROCESSOR);
    await count(3);
  });

  it("is listed together with those in code, each with its kind and its origin", async () => {
    const { send, json, get } = freshStore("list");
    await send("PUT", "/processors/p", PROCESSOR);
    const { processors } = await json("/processors");
    expect(processors.find(({ name }: { name: string }) => name === "relay")).toMatchObject({ kind: "reactor", origin: "code" });
    expect(processors.find(({ name }: { name: string }) => name === "p")).toMatchObject({
      kind: "rules",
      origin: "api",
      position: 0,
      status: "live",
    });
    expect(await json("/processors/relay")).toMatchObject({ name: "relay", origin: "code", position: 0 });
    expect(await read(await get("/processors/nobody"))).toMatchObject({ status: 404, code: "unknown-processor" });
    expect(await json("/app")).toMatchObject({
      processors: expect.arrayContaining([expect.objectContaining({ name: "p", origin: "api" })]),
    });
  });
});
