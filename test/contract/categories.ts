/** Categories that are declared, changed and retired at run time. */

import { Validator } from "@cfworker/json-schema";
import { describe, expect, it } from "vitest";
import { type Service, read } from "./http.ts";

export function categories({ freshStore }: Service): void {
  const CELSIUS = { type: "object", properties: { celsius: { type: "number" } }, required: ["celsius"], additionalProperties: false };

  /** A store with requests that expect a problem. */
  function store() {
    const one = freshStore("categories");
    const put = (path: string, body: unknown) => one.send("PUT", path, body);
    const problem = async (response: Response | Promise<Response>) => {
      const { status, headers } = await response;
      expect(headers.get("content-type")).toBe("application/problem+json");
      return { httpStatus: status, ...(await read(await response)) };
    };
    return { ...one, put, problem, remove: (path: string) => one.send("DELETE", path) };
  }

  describe("declaring a category", () => {
    it("answers 201 with the definition, and 200 the next time", async () => {
      const { put, get } = store();
      const definition = { description: "What sensors say", key: "sensor", events: { Measured: CELSIUS } };
      const first = await put("/streams/sensor", definition);
      expect(first.status).toBe(201);
      expect(first.headers.get("location")).toMatch(/^\/stores\/categories-\d+\/streams\/sensor$/);
      const versions = { Measured: { 1: CELSIUS } };
      const shown = { name: "sensor", kind: "plain", origin: "api", revision: 1, strict: true, facts: false, ...definition, versions };
      expect(await read(first)).toEqual(shown);
      const again = await put("/streams/sensor", definition);
      expect(again.status).toBe(200);
      expect(await read(again)).toEqual(shown);
      expect(await read(await get("/streams/sensor"))).toEqual(shown);
    });

    it("with one schema declares one event type, named like the category", async () => {
      const { put, post, json } = store();
      await put("/streams/temperature", { schema: CELSIUS });
      expect(Object.keys((await json("/streams/temperature")).events)).toEqual(["TemperatureRecorded"]);
      expect((await post("/streams/temperature/1", { type: "TemperatureRecorded", data: { celsius: 1 } })).status).toBe(201);
    });

    it("without a schema accepts any type with any JSON object, exactly as it is sent", async () => {
      const { put, post, json } = store();
      expect(await read(await put("/streams/anything", {}))).toMatchObject({ strict: false, events: {} });
      const data = '{"a":[1,{"b":null}],"":"","__proto__":{"x":1}}';
      expect((await post("/streams/anything/1", `{"type":"x.y:z/1","data":${data}}`)).status).toBe(201);
      const [event] = (await json("/streams/anything/1")).events;
      expect(JSON.stringify(event.data)).toBe(data);
      expect(event).toMatchObject({ type: "x.y:z/1", schemaVersion: 1 });
    });

    it("belongs to its store alone", async () => {
      const [one, other] = [store(), store()];
      await one.put("/streams/own", {});
      expect((await other.get("/streams/own")).status).toBe(404);
      expect((await other.post("/streams/own/1", { type: "A", data: {} })).status).toBe(404);
    });

    it.each([
      ["another member", { surplus: 1 }, ""],
      ["events that are not schemas by name", { events: [] }, "events"],
      ["an event type that the store keeps for itself", { events: { $deleted: {} } }, "events.$deleted"],
      ["an event type that no route could carry", { events: { "a b": {} } }, "events.a b"],
      ["one schema and several", { schema: {}, events: {} }, "schema"],
      ["an invalid schema", { schema: "object" }, "schema#"],
      ["a schema that is null", { schema: null }, "schema#"],
      ["an empty key", { key: "" }, "key"],
      ["a schema with an unknown type", { events: { A: { properties: { b: { type: "text" } } } } }, "events.A#/properties/b/type"],
      ["a schema of another draft", { schema: { $schema: "http://json-schema.org/draft-07/schema#" } }, "schema#/$schema"],
      ["a schema that refers to elsewhere", { schema: { $ref: "https://example.com/schema" } }, "schema#/$ref"],
      ["a schema that refers to nothing", { schema: { $ref: "#/$defs/line" } }, "schema#/$ref"],
      ["a schema with a bad pattern", { schema: { items: { pattern: "a(" } } }, "schema#/items/pattern"],
    ])("refuses %s, with its place", async (_what, body, path) => {
      const { put, get, problem } = store();
      const refused = await problem(put("/streams/refused", body));
      expect(refused).toMatchObject({ httpStatus: 400, code: "invalid-request" });
      expect(refused.issues.map((issue: { path: string }) => issue.path)).toContain(path);
      expect(refused.detail).toContain(refused.issues[0].message);
      expect((await get("/streams/refused")).status).toBe(404);
    });

    it("refuses a name that no stream could have", async () => {
      const { put, problem } = store();
      expect(await problem(put("/streams/1st", {}))).toMatchObject({ httpStatus: 400, code: "invalid-request" });
    });

    it("refuses the name of a part that is declared in code", async () => {
      const { put, remove, problem } = store();
      for (const name of ["reading", "counter"]) {
        expect(await problem(put(`/streams/${name}`, {}))).toMatchObject({ httpStatus: 409, code: "declared-in-code" });
        expect(await problem(remove(`/streams/${name}`))).toMatchObject({ httpStatus: 409, code: "declared-in-code" });
      }
    });

    it("is done by the first of two at the same time, and the other one is compared with that", async () => {
      const { put, json } = store();
      const schemas = [
        { type: "object", required: ["a"] },
        { type: "object", required: ["b"] },
      ];
      const answers = await Promise.all(schemas.map((schema) => put("/streams/contested", { schema })));
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
      const winner = schemas[answers.findIndex(({ status }) => status === 201)];
      expect((await json("/streams/contested")).events).toEqual({ ContestedRecorded: winner });
    });
  });

  describe("the list of categories", () => {
    it("has those declared in code and at run time, with their event types", async () => {
      const { put, json } = store();
      await put("/streams/zebra", { description: "Striped", key: "name", schema: CELSIUS });
      await put("/streams/any", {});
      const { categories } = await json("/streams");
      expect(categories).toContainEqual({ name: "reading", kind: "plain", origin: "code", eventTypes: ["Read", "Calibrated"] });
      expect(categories).toContainEqual({ name: "counter", kind: "aggregate", origin: "code", eventTypes: ["Counted"] });
      expect(categories.slice(-2)).toEqual([
        { name: "any", kind: "plain", origin: "api", strict: false, eventTypes: [] },
        { name: "zebra", kind: "plain", origin: "api", strict: true, description: "Striped", key: "name", eventTypes: ["ZebraRecorded"] },
      ]);
    });
  });

  describe("the definition of a category", () => {
    it("is shown as JSON Schema also when it is declared in code", async () => {
      const { json } = store();
      expect(await json("/streams/reading")).toMatchObject({
        name: "reading",
        kind: "plain",
        origin: "code",
        events: { Read: { type: "object", properties: { value: { type: "number" } }, required: ["value"] } },
      });
      expect(await json("/streams/counter")).toMatchObject({ kind: "aggregate", events: { Counted: { type: "object" } } });
    });

    it("has the commands that clients may send, as JSON Schema of what they send, including those that start a process or a saga", async () => {
      const { json, put } = store();
      const { commands } = await json("/streams/counter");
      // A member with a default need not be sent, and one that is not declared is refused.
      const properties = { by: { type: "integer", default: 1, exclusiveMinimum: 0 } };
      expect(commands.Count.schema).toMatchObject({ type: "object", properties, additionalProperties: false });
      expect(commands.Count.schema).not.toHaveProperty("required");
      expect(Object.keys((await json("/streams/agenda")).commands)).toEqual(["Plan", "Forget", "Bell"]);
      expect(Object.keys((await json("/streams/move")).commands)).toEqual(["Start"]);
      for (const category of ["reading", "thing"]) {
        await put(`/streams/thing`, {});
        expect(await json(`/streams/${category}`)).not.toHaveProperty("commands");
      }
    });

    it("shows every version that events were written with, by type and `schemaVersion`", async () => {
      const { put, post, json } = store();
      const [first, wider, second] = [
        { type: "object", required: ["v1"], additionalProperties: false, properties: { v1: {} } },
        { type: "object", required: ["v1"], additionalProperties: false, properties: { v1: {}, more: {} } },
        { type: "object", required: ["v2"], "x-version": 2 },
      ];
      await put("/streams/note", { schema: first });
      await post("/streams/note/1", { type: "NoteRecorded", data: { v1: 1 } });
      await put("/streams/note", { schema: wider });
      expect(await read(await put("/streams/note", { schema: second }))).toMatchObject({
        versions: { NoteRecorded: { 1: wider, 2: second } },
      });
      await post("/streams/note/1", { type: "NoteRecorded", data: { v2: 2 } });

      const { events, versions } = await json("/streams/note");
      expect(events).toEqual({ NoteRecorded: second });
      expect(versions).toEqual({ NoteRecorded: { 1: wider, 2: second } });
      const stored = (await json("/streams/note/1")).events;
      for (const { type, schemaVersion, data } of stored) {
        expect(new Validator(versions[type][schemaVersion], "2020-12").validate(data).valid).toBe(true);
      }
      expect(stored.map(({ schemaVersion }: { schemaVersion: number }) => schemaVersion)).toEqual([1, 2]);
    });

    it("shows events that were accepted unchecked as the first version of a type that was declared later", async () => {
      const { put, json } = store();
      await put("/streams/loose", {});
      const schema = { ...CELSIUS, "x-version": 2 };
      await put("/streams/loose", { events: { Measured: schema }, strict: false });
      expect((await json("/streams/loose")).versions).toEqual({ Measured: { 1: true, 2: schema } });
    });

    it("shows a single version for events declared in code, the one that they are read in", async () => {
      const { json } = store();
      const { events, versions } = await json("/streams/contract");
      expect(versions).toEqual({ Signed: { 3: events.Signed } });
    });

    it("is a 404 for an unknown one", async () => {
      const { get, problem } = store();
      expect(await problem(get("/streams/unknown"))).toMatchObject({ httpStatus: 404, code: "unknown-category" });
      expect(await problem(get("/streams/no%20name"))).toMatchObject({ httpStatus: 404, code: "unknown-category" });
    });
  });

  describe("changing a category", () => {
    it("is visible to the next write", async () => {
      const { put, post } = store();
      const write = () => post("/streams/note/1", { type: "Noted", data: { text: "x" } });
      await put("/streams/note", { events: { Other: {} } });
      expect((await write()).status).toBe(400);
      expect(await read(await put("/streams/note", { events: { Other: {}, Noted: {} } }))).toMatchObject({ revision: 2 });
      expect((await write()).status).toBe(201);
    });

    it("may give it another description and key at any time", async () => {
      const { put, json } = store();
      await put("/streams/note", { description: "first", key: "a", schema: CELSIUS });
      expect((await put("/streams/note", { schema: CELSIUS, key: "b" })).status).toBe(200);
      expect(await json("/streams/note")).toEqual({
        name: "note",
        kind: "plain",
        origin: "api",
        revision: 2,
        strict: true,
        facts: true,
        key: "b",
        events: { NoteRecorded: CELSIUS },
        versions: { NoteRecorded: { 1: CELSIUS } },
      });
    });

    it("is refused if old events might no longer be valid, with the type, the place and the reason", async () => {
      const { put, post, problem } = store();
      await put("/streams/note", { events: { Measured: CELSIUS, Other: {} } });
      const narrower = { ...CELSIUS, properties: { celsius: { type: "number", minimum: 0 } } };
      expect(await problem(put("/streams/note", { events: { Measured: narrower, Other: {} } }))).toMatchObject({
        httpStatus: 409,
        code: "incompatible-schema",
        eventType: "Measured",
        path: "#/properties/celsius/minimum",
        reason: "it allowed less before",
        detail: expect.stringMatching(/^Measured #\/properties\/celsius\/minimum: it allowed less before\..*"x-version"/),
      });
      expect((await post("/streams/note/1", { type: "Measured", data: { celsius: -1 } })).status).toBe(201);
    });

    it("is refused when an event type is missing", async () => {
      const { put, problem } = store();
      await put("/streams/note", { events: { Measured: CELSIUS, Other: {} } });
      expect(await problem(put("/streams/note", { events: { Other: {} } }))).toMatchObject({
        httpStatus: 409,
        code: "incompatible-schema",
        eventType: "Measured",
        reason: "an event type cannot be removed: its events are still stored",
      });
    });

    it("may be any change in a new version of the event type, which its events are marked with", async () => {
      const { put, post, json, problem } = store();
      const write = (data: unknown) => post("/streams/note/1", { type: "NoteRecorded", data });
      const version = (number: number) => ({ type: "object", required: [`v${number}`], "x-version": number });
      await put("/streams/note", { schema: { type: "object", required: ["v1"] } });
      await write({ v1: 1 });
      expect(await problem(put("/streams/note", { schema: version(3) }))).toMatchObject({
        code: "incompatible-schema",
        path: "#/x-version",
      });
      expect((await put("/streams/note", { schema: version(2) })).status).toBe(200);
      expect((await write({ v1: 1 })).status).toBe(400);
      await write({ v2: 2 });
      expect((await json("/streams/note/1")).events.map((event: { schemaVersion: number }) => event.schemaVersion)).toEqual([1, 2]);
      expect(await problem(put("/streams/note", { schema: version(1) }))).toMatchObject({
        code: "incompatible-schema",
        path: "#/x-version",
      });
    });

    it("must keep accepting anything if the category did", async () => {
      const { put, problem } = store();
      await put("/streams/loose", {});
      expect(await problem(put("/streams/loose", { schema: {} }))).toMatchObject({
        code: "incompatible-schema",
        reason: expect.stringContaining('"strict": false'),
      });
      expect(await problem(put("/streams/loose", { schema: CELSIUS, strict: false }))).toMatchObject({
        code: "incompatible-schema",
        eventType: "LooseRecorded",
      });
      // What was taken unchecked counts as the first version.
      expect((await put("/streams/loose", { schema: { ...CELSIUS, "x-version": 2 }, strict: false })).status).toBe(200);
      expect(
        (await put("/streams/loose", { events: { LooseRecorded: { ...CELSIUS, "x-version": 2 }, More: true }, strict: false })).status,
      ).toBe(200);
    });
  });

  describe("strict", () => {
    it("refuses event types that are not declared, and names those that are", async () => {
      const { put, post, problem } = store();
      await put("/streams/strict", { events: { A: {}, B: {} } });
      const refused = await problem(post("/streams/strict/1", { type: "C", data: {} }));
      expect(refused).toMatchObject({ httpStatus: 400, code: "invalid-event", issues: [{ path: "events.0.type" }] });
      expect(refused.detail).toContain("A, B");
    });

    it("false accepts them unchecked, and still checks the declared ones", async () => {
      const { put, post } = store();
      await put("/streams/loose", { events: { A: CELSIUS }, strict: false });
      expect((await post("/streams/loose/1", { type: "C", data: { anything: true } })).status).toBe(201);
      expect((await post("/streams/loose/1", { type: "A", data: { anything: true } })).status).toBe(400);
    });
  });

  describe("a retired category", () => {
    it("answers 410 to everything, at once and for good", async () => {
      const { put, post, get, remove, problem, json } = store();
      await put("/streams/old", { schema: CELSIUS, key: "celsius" });
      const fact = { type: "OldRecorded", data: { celsius: 1 } };
      await post("/streams/old/1", fact);
      expect((await remove("/streams/old")).status).toBe(204);
      const requests = [
        get("/streams/old"),
        get("/streams/old/1"),
        get("/streams/old/1", { accept: "application/x-ndjson" }),
        post("/streams/old", { celsius: 1 }),
        post("/streams/old/1", fact),
        put("/streams/old", { schema: CELSIUS, key: "celsius" }),
      ];
      for (const request of requests) expect(await problem(request)).toMatchObject({ httpStatus: 410, code: "category-retired" });
      expect((await remove("/streams/old")).status).toBe(204);
      expect((await json("/streams")).categories.map(({ name }: { name: string }) => name)).not.toContain("old");
    });

    it("keeps its events in the log, and they can still be erased", async () => {
      const { put, post, send, remove, log, json } = store();
      const patient = { prefer: "wait=30" };
      await put("/streams/old", {});
      await post("/streams/old/1", { type: "A", data: { secret: true } }, patient);
      await remove("/streams/old");
      expect(await log()).toMatchObject([{ stream: "old/1", type: "A" }]);
      expect((await send("DELETE", "/streams/old/1?erase=true", undefined, patient)).status).toBe(200);
      expect((await json("/log")).events).toMatchObject([{ data: {}, erased: true }, { type: "$deleted" }]);
    });

    it("must have existed", async () => {
      const { remove, problem } = store();
      expect(await problem(remove("/streams/never"))).toMatchObject({ httpStatus: 404, code: "unknown-category" });
    });
  });
}
