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
    it("goes to the stream that its key names, and the answer says where that is", async () => {
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

    it("takes a number as the name", async () => {
      const { post } = await category({ key: "sensor", schema: SENSOR });
      expect(await read(await post({ sensor: 42, celsius: 1 }))).toMatchObject({ stream: "measured/42" });
    });

    it.each([
      ["missing", {}, "a text or a number"],
      ["no text", { sensor: { id: 1 } }, "a text or a number"],
      ["null", { sensor: null }, "a text or a number"],
      ["empty", { sensor: "" }, "not empty"],
      ["not fit for a path", { sensor: "a/b" }, "contains no `/`"],
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

    it("is refused when it does not fit, with the place in the fact", async () => {
      const { post } = await category({ key: "sensor", schema: SENSOR });
      const problem = await read(await post({ sensor: "a", celsius: "hot" }));
      expect(problem).toMatchObject({ status: 400, code: "invalid-event", issues: [{ path: "celsius" }] });
      expect(problem.detail).toBe("the fact does not fit the schema of MeasuredRecorded");
      expect(await read(await post([1]))).toMatchObject({ status: 400, code: "invalid-request" });
    });

    it("takes conditions on its stream", async () => {
      const { post } = await category({ key: "sensor", schema: SENSOR });
      const once = { "if-none-match": "*" };
      expect((await post({ sensor: "a", celsius: 1 }, once)).status).toBe(201);
      expect((await post({ sensor: "a", celsius: 1 }, once)).status).toBe(412);
      expect((await post({ sensor: "b", celsius: 1 }, once)).status).toBe(201);
    });
  });

  describe("a fact sent to a category without a key", () => {
    it("begins a stream of its own", async () => {
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

  describe("what a fact looks like", () => {
    it("is the data alone where the category has one event type, even if the data has a type", async () => {
      const { post, json } = await category({ events: { A: {} }, key: "id" });
      await post({ id: "1", type: "B", data: 1 });
      expect((await json("/streams/measured/1")).events).toMatchObject([{ type: "A", data: { id: "1", type: "B", data: 1 } }]);
    });

    it.each([
      ["several event types", { events: { A: {}, B: {} }, key: "id" }],
      ["none", { key: "id" }],
    ])("is an event where the category has %s", async (_what, definition) => {
      const { post, json } = await category(definition);
      expect((await post({ type: "B", data: { id: "1" }, meta: { by: "me" }, time: "2026-11-21T06:00:00+01:00" })).status).toBe(201);
      expect((await json("/streams/measured/1")).events).toMatchObject([
        { type: "B", meta: { by: "me" }, time: "2026-11-21T06:00:00+01:00" },
      ]);
      expect(await read(await post({ id: "1" }))).toMatchObject({ status: 400, code: "invalid-request" });
      expect(await read(await post({ type: "B", data: {} }))).toMatchObject({ code: "invalid-event", issues: [{ path: "data.id" }] });
    });

    it("may be sent to a category declared in code as well", async () => {
      const { post, json } = freshStore("facts");
      const { stream } = await read(await post("/streams/alarm", { from: "reading/1", value: 101 }));
      expect((await json(`/streams/${stream}`)).events).toMatchObject([{ type: "Raised", data: { from: "reading/1", value: 101 } }]);
      expect((await post("/streams/alarm", { from: 1 })).status).toBe(400);
    });

    it("goes to the stream that the key names also where the category is declared in code, as its schema has changed it", async () => {
      const { post, json } = freshStore("facts");
      const response = await post("/streams/meter", { serial: "AB-1", kwh: 7 });
      expect(response.headers.get("location")).toMatch(/\/streams\/meter\/ab-1$/);
      expect(await read(response)).toMatchObject({ stream: "meter/ab-1", version: 1 });
      expect((await json("/streams/meter/ab-1")).events).toMatchObject([{ type: "Metered", data: { serial: "ab-1", kwh: 7 } }]);
      const { categories } = await json("/streams");
      expect(categories).toContainEqual({ name: "meter", kind: "plain", origin: "code", key: "serial", eventTypes: ["Metered"] });
      expect(await json("/streams/meter")).toMatchObject({ origin: "code", key: "serial", strict: true });
      expect(await read(await post("/streams/meter", { serial: "a/b", kwh: 7 }))).toMatchObject({
        code: "invalid-event",
        issues: [{ path: "serial", message: "a stream id contains no `/`" }],
      });
    });

    it("is nothing for an aggregate, and for a category that does not exist", async () => {
      const { post } = freshStore("facts");
      expect(await read(await post("/streams/counter", {}))).toMatchObject({ status: 409, code: "category-has-rules" });
      expect(await read(await post("/streams/unknown", {}))).toMatchObject({ status: 404, code: "unknown-category" });
    });
  });
}
