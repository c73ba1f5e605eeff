/** Facts that are sent to a category, which finds their stream. */

import { describe, expect, it } from "vitest";
import { type Service, read } from "./http.ts";

export function facts({ freshStore }: Service): void {
  const SENSOR = {
    type: "object",
    properties: { sensor: {}, celsius: { type: "number" } },
    required: ["celsius"],
    additionalProperties: false,
  };
  const UUID = /^[0-9a-f-]{36}$/;

  /** A store with a category `measured` of this definition, and facts sent to it. */
  async function category(definition: object) {
    const store = freshStore("facts");
    expect((await store.send("PUT", "/streams/measured", definition)).status).toBe(201);
    // Waits for the position, however busy the machine is.
    const post = (body: unknown, headers: Record<string, string> = {}) =>
      store.post("/streams/measured", body, { prefer: "wait=30", ...headers });
    return { ...store, post };
  }

  describe("a fact sent to a category with a key", () => {
    it("is stored in the stream that its key names, which the answer points to", async () => {
      const { post, get, store } = await category({ key: "sensor", schema: SENSOR });
      const response = await post({ sensor: "roof 1", celsius: 21.5 });
      expect(response.status).toBe(201);
      expect(response.headers.get("location")).toBe(`/stores/${store}/streams/measured/roof%201`);
      expect(response.headers.get("etag")).toBe('"1"');
      expect(await read(response)).toMatchObject({
        stream: "measured/roof 1",
        version: 1,
        position: 1,
        events: [{ type: "MeasuredRecorded" }],
      });
      await post({ sensor: "roof 1", celsius: 22 });
      const { events } = await read(await get("/streams/measured/roof%201"));
      expect(events).toMatchObject([{ data: { sensor: "roof 1", celsius: 21.5 } }, { data: { celsius: 22 } }]);
    });

    it("may have a number as its key", async () => {
      const { post } = await category({ key: "sensor", schema: SENSOR });
      expect(await read(await post({ sensor: 42, celsius: 1 }))).toMatchObject({ stream: "measured/42" });
    });

    it.each([
      ["missing", {}, "must be a string or a number"],
      ["no text", { sensor: { id: 1 } }, "must be a string or a number"],
      ["null", { sensor: null }, "must be a string or a number"],
      ["empty", { sensor: "" }, "not be empty"],
      ["not fit for a path", { sensor: "a/b" }, "must not contain `/`"],
      ["a step in a path", { sensor: ".." }, "`.` or `..`"],
      ["too long", { sensor: "é".repeat(129) }, "at most 256 bytes"],
    ])("is refused when its key is %s", async (_what, fields, why) => {
      const { post, json } = await category({ key: "sensor", schema: SENSOR });
      const response = await post({ celsius: 1, ...fields });
      expect(response.status).toBe(400);
      const problem = await read(response);
      expect(problem).toMatchObject({ code: "invalid-event", issues: [{ path: "sensor" }] });
      expect(problem.detail).toContain(why);
      expect((await json("/log")).head).toBe(0);
    });

    it("is refused if it does not fit, with the place in the fact", async () => {
      const { post } = await category({ key: "sensor", schema: SENSOR });
      const problem = await read(await post({ sensor: "a", celsius: "hot" }));
      expect(problem).toMatchObject({ status: 400, code: "invalid-event", issues: [{ path: "celsius" }] });
      expect(problem.detail).toBe("the fact does not fit the schema of MeasuredRecorded");
      expect(await read(await post([1]))).toMatchObject({ status: 400, code: "invalid-request" });
    });

    it("may have conditions on its stream", async () => {
      const { post } = await category({ key: "sensor", schema: SENSOR });
      const once = { "if-none-match": "*" };
      expect((await post({ sensor: "a", celsius: 1 }, once)).status).toBe(201);
      expect((await post({ sensor: "a", celsius: 1 }, once)).status).toBe(412);
      expect((await post({ sensor: "b", celsius: 1 }, once)).status).toBe(201);
    });
  });

  describe("a fact sent to a category without a key", () => {
    it("begins a new stream", async () => {
      const { post } = await category({ schema: SENSOR });
      const streams = [await read(await post({ celsius: 1 })), await read(await post({ celsius: 1 }))].map(({ stream }) => stream);
      expect(new Set(streams).size).toBe(2);
      for (const stream of streams) expect(stream.slice("measured/".length)).toMatch(UUID);
    });

    it("promise 8: finds its first stream again by its idempotency key", async () => {
      const { post, json } = await category({ schema: SENSOR });
      const key = { "idempotency-key": "k" };
      const first = await post({ celsius: 1 }, key);
      const again = await post({ celsius: 1 }, key);
      expect(again.status).toBe(201);
      expect(again.headers.get("idempotent-replayed")).toBe("true");
      expect(again.headers.get("location")).toBe(first.headers.get("location"));
      expect(await read(again)).toEqual(await read(first));
      expect((await post({ celsius: 2 }, key)).status).toBe(409);
      expect((await json("/log")).head).toBe(1);
    });

    it("promise 8: finds its first stream again by its event's id", async () => {
      const { post, json } = await category({ events: { A: {}, B: {} } });
      const fact = { type: "A", data: {}, id: "0198c2a6-1111-7abc-8def-000000000001" };
      expect(await read(await post(fact))).toEqual(await read(await post(fact)));
      expect((await post({ ...fact, type: "B" })).status).toBe(409);
      expect((await json("/log")).head).toBe(1);
    });
  });

  describe("the body of a fact", () => {
    const LOOKS_LIKE_AN_EVENT = { id: "1", type: "B", data: { id: "2" } };

    it.each([
      ["schema", { schema: true, key: "id" }],
      ["schema, and accepts other types, too", { schema: true, strict: false, key: "id" }],
      ["neither schema nor events", { key: "id" }],
    ])("is its data alone where the category was declared with %s, even if that looks like an event", async (_what, definition) => {
      const { post, json } = await category(definition);
      expect(await read(await post(LOOKS_LIKE_AN_EVENT))).toMatchObject({ stream: "measured/1", events: [{ type: "MeasuredRecorded" }] });
      expect((await json("/streams/measured/1")).events).toMatchObject([{ type: "MeasuredRecorded", data: LOOKS_LIKE_AN_EVENT, meta: {} }]);
      expect(await read(await post([1]))).toMatchObject({ status: 400, code: "invalid-request" });
      expect(await json("/streams/measured")).toMatchObject({ facts: true });
    });

    it.each([
      ["several event types", { events: { A: {}, B: {} }, key: "id" }],
      ["one event type", { events: { B: {} }, key: "id" }],
      ["one event type, with the name of that of facts", { events: { MeasuredRecorded: {} }, strict: false, key: "id" }],
      ["an empty list of event types", { events: {}, key: "id" }],
      ["one event type that is not the only accepted one", { events: { B: {} }, strict: false, key: "id" }],
    ])("is an event where the category was declared with %s", async (_what, definition) => {
      const { post, json, log } = await category(definition);
      const event = { type: "B", data: { id: "1" }, meta: { by: "me" }, time: "2026-11-21T06:00:00+01:00" };
      expect(await read(await post(event))).toMatchObject({ stream: "measured/1", events: [{ type: "B" }] });
      expect((await json("/streams/measured/1")).events).toMatchObject([
        { type: "B", data: { id: "1" }, meta: { by: "me" }, time: "2026-11-21T06:00:00+01:00" },
      ]);
      const bare = await read(await post({ id: "1" }));
      expect(bare).toMatchObject({ status: 400, code: "invalid-request" });
      expect(bare.detail).toContain('a fact is {"type", "data", "id"?, "time"?, "meta"?}');
      for (const type of Object.keys(definition.events)) expect(bare.detail).toContain(type);
      expect(await read(await post({ type: "B", data: {} }))).toMatchObject({ code: "invalid-event", issues: [{ path: "data.id" }] });
      expect(await log()).toHaveLength(1);
      expect(await json("/streams/measured")).toMatchObject({ facts: false });
    });

    it("changes with the form of the declaration, and with nothing else", async () => {
      const { post, send } = await category({});
      expect((await post({ a: 1 })).status).toBe(201);
      await send("PUT", "/streams/measured", { schema: { "x-version": 2 }, strict: false });
      expect((await post({ a: 1 })).status).toBe(201);
      await send("PUT", "/streams/measured", { events: { MeasuredRecorded: { "x-version": 2 } }, strict: false });
      expect((await post({ a: 1 })).status).toBe(400);
      expect((await post({ type: "MeasuredRecorded", data: { a: 1 } })).status).toBe(201);
    });

    it("is an event for a category declared in code, however many types that has", async () => {
      const { post, json } = freshStore("facts");
      const data = { from: "reading/1", value: 101 };
      const answer = await read(await post("/streams/alarm", { type: "Raised", data }));
      expect(answer.events).toMatchObject([{ type: "Raised" }]);
      expect((await json(`/streams/${answer.stream}`)).events).toMatchObject([{ type: "Raised", data }]);
      expect(await read(await post("/streams/alarm", data))).toMatchObject({ status: 400, code: "invalid-request" });
      expect(await read(await post("/streams/alarm", { type: "Raised", data: { from: 1 } }))).toMatchObject({ code: "invalid-event" });
    });

    it("gets to the stream that the key names even if the category is declared in code, with the key as its schema has changed it", async () => {
      const { post, json } = freshStore("facts");
      const metered = (serial: string) => post("/streams/meter", { type: "Metered", data: { serial, kwh: 7 } });
      const response = await metered("AB-1");
      expect(response.headers.get("location")).toMatch(/\/streams\/meter\/ab-1$/);
      expect(await read(response)).toMatchObject({ stream: "meter/ab-1", version: 1 });
      expect((await json("/streams/meter/ab-1")).events).toMatchObject([{ type: "Metered", data: { serial: "ab-1", kwh: 7 } }]);
      const { categories } = await json("/streams");
      expect(categories).toContainEqual({ name: "meter", kind: "plain", origin: "code", key: "serial", eventTypes: ["Metered"] });
      expect(await json("/streams/meter")).toMatchObject({ origin: "code", key: "serial", strict: true, facts: false });
      expect(await read(await metered("a/b"))).toMatchObject({
        code: "invalid-event",
        issues: [{ path: "data.serial", message: "a stream id must not contain `/`" }],
      });
    });

    it("is refused for an aggregate, and for a category that does not exist", async () => {
      const { post } = freshStore("facts");
      expect(await read(await post("/streams/counter", {}))).toMatchObject({ status: 409, code: "category-has-rules" });
      expect(await read(await post("/streams/unknown", {}))).toMatchObject({ status: 404, code: "unknown-category" });
    });
  });
}
