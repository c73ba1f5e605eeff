/** Appending events to a stream, and reading them again. */

import { describe, expect, it } from "vitest";
import { type Service, read } from "./http.ts";

export function appends({ freshStore }: Service): void {
  const STREAM = "/streams/sample/1";
  const READ = { type: "Read", data: { value: 1 } };
  const ID = "0198c2a6-1111-7abc-8def-000000000001";
  const OTHER_ID = "0198c2a6-2222-4abc-8def-00000000ffff";

  describe("an append", () => {
    it("stores a fact and answers with its place", async () => {
      const { post, json } = freshStore();
      const response = await post(STREAM, READ);
      expect(response.status).toBe(201);
      expect(response.headers.get("etag")).toBe('"1"');
      expect(await read(response)).toMatchObject({
        stream: "sample/1",
        version: 1,
        position: 1,
        events: [{ type: "Read", version: 1, position: 1 }],
      });
      expect((await json(STREAM)).events).toMatchObject([{ stream: "sample/1", version: 1, type: "Read", data: { value: 1 }, meta: {} }]);
    });

    it("keeps id, time and meta as given: microseconds and offset survive", async () => {
      const { post, json } = freshStore();
      const given = {
        ...READ,
        id: ID,
        time: "2026-11-21T06:00:00.123456+02:00",
        meta: { source: { of: ["truth"] }, correlationId: "mine" },
      };
      await post(STREAM, given, { "correlation-id": "not this one" });
      expect((await json(STREAM)).events[0]).toMatchObject(given);
    });

    it("fills in the header's correlation id if the event has none", async () => {
      const { post, json } = freshStore();
      await post(STREAM, READ, { "correlation-id": "from-the-header" });
      await post(STREAM, READ, { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" });
      const { events } = await json(STREAM);
      expect(events.map(({ meta }: { meta: object }) => meta)).toEqual([{ correlationId: "from-the-header" }, {}]);
    });

    it("stores up to a thousand events at once, and all of them or none", async () => {
      const { post, get, json } = freshStore();
      const events = Array.from({ length: 1_000 }, (_, value) => ({ type: "Read", data: { value } }));
      expect((await post(STREAM, { events: [...events, READ] })).status).toBe(400);
      expect((await post(STREAM, { events: events.with(999, { type: "Read", data: { value: "x" } } as never) })).status).toBe(400);
      expect((await get(STREAM)).status).toBe(404);
      expect(await read(await post(STREAM, { events }))).toMatchObject({ version: 1_000, position: 1_000 });
      expect((await json(`${STREAM}?limit=1000`)).events).toHaveLength(1_000);
    });

    it.each([
      [{ type: "Unknown", data: {} }, "events.0.type"],
      [{ type: "Read", data: { value: "high" } }, "events.0.data.value"],
      [{ type: "Read" }, "data"],
      [{ type: "Read", data: [] }, "data"],
      [{ type: "$deleted", data: {} }, "type"],
      [{ ...READ, id: "not a uuid" }, "id"],
      [{ ...READ, time: "yesterday" }, "time"],
      [{ ...READ, surplus: 1 }, ""],
      [{ events: [] }, "events"],
    ])("refuses %j", async (body, path) => {
      const { post, get } = freshStore();
      const response = await post(STREAM, body);
      expect(response.status).toBe(400);
      const problem = await read(response);
      expect(JSON.stringify(problem.issues)).toContain(path);
      expect((await get(STREAM)).status).toBe(404);
    });

    it("to an aggregate's category is refused: its rules decide", async () => {
      const { post } = freshStore();
      const response = await post("/streams/counter/1", { type: "Counted", data: { by: 1, total: 1 } });
      expect(response.status).toBe(409);
      expect(await read(response)).toMatchObject({ code: "category-has-rules" });
    });

    it("to an undeclared category is refused", async () => {
      const { post } = freshStore();
      expect(await read(await post("/streams/nothing/1", READ))).toMatchObject({ status: 404, code: "unknown-category" });
    });
  });

  describe("promise 8: the same append gets the same answer", () => {
    it("by its idempotency key", async () => {
      const { post, json } = freshStore();
      const key = { "idempotency-key": "k" };
      const first = await post(STREAM, { events: [READ, READ] }, key);
      const again = await post(STREAM, { events: [READ, READ] }, key);
      expect(again.status).toBe(201);
      expect(again.headers.get("idempotent-replayed")).toBe("true");
      expect(await read(again)).toEqual(await read(first));
      expect((await post(STREAM, { events: [READ] }, key)).status).toBe(409);
      expect((await json(STREAM)).version).toBe(2);
    });

    it("by the event's own id, in any case of letters", async () => {
      const { post, json } = freshStore();
      const first = await post(STREAM, { ...READ, id: ID });
      const again = await post(STREAM, { ...READ, id: ID.toUpperCase() });
      expect(await read(again)).toEqual(await read(first));
      expect((await json(STREAM)).version).toBe(1);
    });

    it("by an id that the store had made", async () => {
      const { post, json } = freshStore();
      const { events } = await read(await post(STREAM, { events: [READ, READ] }));
      const again = await post(STREAM, { events: [READ, { ...READ, id: events[1].id }] });
      expect(again.headers.get("idempotent-replayed")).toBe("true");
      expect((await post(STREAM, { ...READ, id: events[1].id })).status).toBe(409);
      expect((await json(STREAM)).version).toBe(2);
    });

    it.each([
      ["the same id with other data", { ...READ, id: ID, data: { value: 2 } }],
      ["the same id with another type", { type: "Calibrated", data: {}, id: ID }],
      ["the same id with another time", { ...READ, id: ID, time: "2026-11-21T06:00:00Z" }],
      ["the same id with other meta", { ...READ, id: ID, meta: { a: 1 } }],
      [
        "an append of which only part is known",
        {
          events: [
            { ...READ, id: ID },
            { ...READ, id: OTHER_ID },
          ],
        },
      ],
      [
        "a known event in another place",
        {
          events: [
            { ...READ, id: OTHER_ID },
            { ...READ, id: ID },
          ],
        },
      ],
      [
        "the same id twice",
        {
          events: [
            { ...READ, id: OTHER_ID },
            { ...READ, id: OTHER_ID },
          ],
        },
      ],
    ])("but refuses %s, and stores nothing", async (_what, body) => {
      const { post, json } = freshStore();
      await post(STREAM, { ...READ, id: ID });
      const response = await post(STREAM, body);
      expect(response.status).toBe(409);
      expect(await read(response)).toMatchObject({ code: "idempotency-conflict" });
      expect((await json(STREAM)).version).toBe(1);
    });
  });

  describe("reading a stream", () => {
    it("pages forwards and backwards, through windows, by type, following `next`", async () => {
      const { post, json, get } = freshStore();
      const events = Array.from({ length: 10 }, (_, value) =>
        value % 2 ? { type: "Calibrated", data: {} } : { type: "Read", data: { value } },
      );
      await post(STREAM, { events });
      const versions = async (query: string) => (await json(`${STREAM}${query}`)).events.map(({ version }: { version: number }) => version);
      expect(await versions("?from=3&to=5")).toEqual([3, 4, 5]);
      expect(await versions("?direction=backward&limit=3")).toEqual([10, 9, 8]);
      expect(await versions("?type=Calibrated")).toEqual([2, 4, 6, 8, 10]);
      expect(await versions("?type=Calibrated&type=Read&to=2")).toEqual([1, 2]);
      expect(await versions("?from=11")).toEqual([]);
      expect(await versions("?from=5&to=4")).toEqual([]);

      for (const [direction, all] of [
        ["forward", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
        ["backward", [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]],
      ] as const) {
        const seen: number[] = [];
        let path: string | undefined = `${STREAM}?limit=3&direction=${direction}`;
        while (path !== undefined) {
          const response: Response = await get(path);
          const page = await read(response);
          seen.push(...page.events.map(({ version }: { version: number }) => version));
          expect(response.headers.get("link")).toBe(page.next === undefined ? null : `<${page.next}>; rel="next"`);
          path = page.next?.replace(/^\/stores\/[^/]+/, "");
        }
        expect(seen).toEqual(all);
      }
    });

    it("gives positions when asked", async () => {
      const { post, json } = freshStore();
      await post("/streams/sample/2", READ);
      await post(STREAM, { events: [READ, READ] });
      expect((await json(STREAM)).events[0]).not.toHaveProperty("position");
      expect((await json(`${STREAM}?positions=true`)).events).toMatchObject([{ position: 2 }, { position: 3 }]);
    });

    it.each(["?limit=0", "?limit=1001", "?limit=x", "?from=-1", "?direction=up", "?surplus=1", "?positions=maybe"])(
      "refuses %s",
      async (query) => {
        const { get } = freshStore();
        const response = await get(`${STREAM}${query}`);
        expect(response.status).toBe(400);
        expect(await read(response)).toMatchObject({ code: "invalid-request" });
      },
    );
  });
}
