/** Commands: accepted, refused, failed, repeated; and the state that they leave. */

import { describe, expect, it } from "vitest";
import { type Service, bearer, read } from "./http.ts";

export function commands({ fetch, freshStore }: Service): void {
  const COUNT = "/aggregates/counter/1/Count";

  describe("a command", () => {
    it("stores what was decided, and answers with it", async () => {
      const { post, json } = freshStore();
      const response = await post(COUNT, { by: 3 });
      expect(response.status).toBe(200);
      expect(response.headers.get("etag")).toBe('"1"');
      const answer = await read(response);
      expect(answer).toMatchObject({
        stream: "counter/1",
        version: 1,
        position: 1,
        events: [{ type: "Counted", version: 1, position: 1 }],
      });
      const { events } = await json("/streams/counter/1");
      expect(events).toMatchObject([{ id: answer.events[0].id, data: { by: 3, total: 3 }, schemaVersion: 1 }]);
      // A first command starts the conversation, and is the cause of its events.
      expect(events[0].meta).toEqual({ by: "all", correlationId: answer.commandId, causationId: answer.commandId, $command: "Count" });
    });

    it("joins the conversation that the client names", async () => {
      const { post, json } = freshStore();
      await post(COUNT, {}, { "correlation-id": "a-conversation" });
      await post(COUNT, {}, { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" });
      const { events } = await json("/streams/counter/1");
      expect(events.map((event: { meta: { correlationId: string } }) => event.meta.correlationId)).toEqual([
        "a-conversation",
        "0af7651916cd43dd8448eb211c80319c",
      ]);
    });

    it("that changes nothing is answered in the same form, without events", async () => {
      const { post } = freshStore();
      const response = await post("/aggregates/counter/1/DoNothing", {});
      expect(response.status).toBe(200);
      expect(await read(response)).toMatchObject({ stream: "counter/1", version: 0, events: [] });
    });

    it("gets the defaults of its schema", async () => {
      const { post, json } = freshStore();
      await post(COUNT, {});
      expect((await json("/aggregates/counter/1")).state).toEqual({ total: 1 });
    });
  });

  describe("promise 2: one stream, one order, no lost update", () => {
    it("holds for a hundred concurrent commands: versions without holes, each decided on the state before it", async () => {
      const { post, json } = freshStore();
      const answers = await Promise.all(Array.from({ length: 100 }, async () => read(await post(COUNT, {}))));
      expect(answers.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
      const { events } = await json("/streams/counter/1?limit=1000");
      // `total` is what decide saw, plus one: it equals the version only if no decision missed another.
      for (const event of events) expect(event.data.total).toBe(event.version);
    });

    it("refuses a write on a stale version, and names the current one", async () => {
      const { post, json } = freshStore();
      await post(COUNT, {});
      expect((await post(COUNT, {}, { "if-match": '"1"' })).status).toBe(200);
      const response = await post(COUNT, {}, { "if-match": '"1"' });
      expect(response.status).toBe(412);
      expect(await read(response)).toMatchObject({ code: "version-conflict", expected: 1, actual: 2 });
      expect((await json("/aggregates/counter/1")).version).toBe(2);
    });

    it.each([
      ["If-Match", '"0"', 200, 412],
      ["If-Match", 'W/"0"', 200, 412],
      ["If-Match", "*", 412, 200],
      ["If-None-Match", "*", 200, 412],
      ["If-Match", '"7"', 412, 412],
    ])("understands %s: %s on a new stream (%i) and on a written one (%i)", async (header, value, whenNew, whenWritten) => {
      const { post } = freshStore();
      expect((await post("/aggregates/counter/new/Count", {}, { [header]: value })).status).toBe(whenNew);
      await post("/aggregates/counter/old/Count", {});
      expect((await post("/aggregates/counter/old/Count", {}, { [header]: value })).status).toBe(whenWritten);
    });

    it.each([[{ "if-match": "3" }], [{ "if-match": '"x"' }], [{ "if-none-match": '"3"' }], [{ "if-match": '"1"', "if-none-match": "*" }]])(
      "answers conditions that it does not understand as a bad request: %j",
      async (headers) => {
        const { post } = freshStore();
        expect((await post(COUNT, {}, headers)).status).toBe(400);
      },
    );

    it("stores all events of a command or none: a bad second event leaves nothing of the first", async () => {
      const { post, get } = freshStore();
      expect((await post("/aggregates/counter/1/DecideNonsense", {})).status).toBe(500);
      expect((await get("/aggregates/counter/1")).status).toBe(404);
      expect(await read(await post("/aggregates/counter/1/CountTwice", {}))).toMatchObject({
        version: 2,
        events: [{ version: 1 }, { version: 2 }],
      });
    });
  });

  describe("promise 8: same request, same answer", () => {
    const key = { "idempotency-key": "key-1" };

    it("gives the first answer again, marked as a repeat, and stores nothing", async () => {
      const { post, json } = freshStore();
      const first = await post(COUNT, { by: 2 }, key);
      await post(COUNT, {});
      const again = await post(COUNT, { by: 2 }, key);
      expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
      expect(await read(again)).toEqual(await read(first));
      expect((await json("/aggregates/counter/1")).version).toBe(2);
    });

    it("recognises a repeat before it checks conditions", async () => {
      const { post } = freshStore();
      const headers = { ...key, "if-match": '"0"' };
      expect((await post(COUNT, {}, headers)).status).toBe(200);
      expect((await post(COUNT, {}, headers)).status).toBe(200);
    });

    it("treats the same JSON in another spelling as the same", async () => {
      const { post } = freshStore();
      await post(COUNT, '{"by": 2}', key);
      expect((await post(COUNT, ' { "by" : 2.0 } ', key)).headers.get("idempotent-replayed")).toBe("true");
    });

    it.each([
      ["other data", COUNT, { by: 9 }],
      ["another command", "/aggregates/counter/1/CountTwice", {}],
    ])("refuses the same key with %s", async (_what, path, body) => {
      const { post, json } = freshStore();
      await post(COUNT, {}, key);
      const response = await post(path, body, key);
      expect(response.status).toBe(409);
      expect(await read(response)).toMatchObject({ code: "idempotency-conflict" });
      expect((await json("/aggregates/counter/1")).version).toBe(1);
    });

    it("remembers refusals too", async () => {
      const { post } = freshStore();
      const first = await post(COUNT, { by: 5_000 }, key);
      const again = await post(COUNT, { by: 5_000 }, key);
      expect([first.status, again.status]).toEqual([422, 422]);
      expect(again.headers.get("idempotent-replayed")).toBe("true");
      expect(await read(again)).toEqual(await read(first));
    });

    it("carries out one of many concurrent repeats", async () => {
      const { post, json } = freshStore();
      const answers = await Promise.all(Array.from({ length: 20 }, async () => read(await post(COUNT, {}, key))));
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect((await json("/aggregates/counter/1")).version).toBe(1);
    });
  });

  describe("promise 9: bad input changes nothing", () => {
    it("names the mistake in a command's data, and its place", async () => {
      const { post, get } = freshStore();
      const response = await post(COUNT, { by: "two" });
      expect(response.status).toBe(400);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await read(response)).toMatchObject({
        type: "/problems/invalid-command",
        status: 400,
        code: "invalid-command",
        issues: [{ path: "by" }],
      });
      expect((await get("/aggregates/counter/1")).status).toBe(404);
    });

    it.each([
      ["", "invalid-json"],
      ["{", "invalid-json"],
      ['{"by": 1}}', "invalid-json"],
      [`${"[".repeat(100)}${"]".repeat(100)}`, "invalid-json"],
      ["[]", "invalid-command"],
      ["null", "invalid-command"],
    ])("refuses the body %j", async (body, code) => {
      const { post } = freshStore();
      const response = await post(COUNT, body);
      expect(response.status).toBe(400);
      expect(await read(response)).toMatchObject({ code });
    });

    it("refuses a body that is too large, whether its length is announced or not", async () => {
      const { post, send } = freshStore();
      const body = JSON.stringify({ note: "x".repeat(300_000) });
      expect((await post(COUNT, body)).status).toBe(413);
      expect((await send("POST", COUNT, new Response(body).body)).status).toBe(413);
    });

    it.each([
      ["/aggregates/nothing/1/Count", 404, "unknown-aggregate"],
      ["/aggregates/counter/1/Nothing", 404, "unknown-command"],
      ["/aggregates/counter/1/constructor", 404, "unknown-command"],
      ["/aggregates/counter/1/__proto__", 404, "unknown-command"],
      ["/aggregates/counter/a%2Fb/Count", 400, "invalid-request"],
      ["/aggregates/counter/a%00b/Count", 400, "invalid-request"],
      [`/aggregates/counter/${"x".repeat(257)}/Count`, 400, "invalid-request"],
    ])("answers %s with %i %s", async (path, status, code) => {
      const { post } = freshStore();
      const response = await post(path, {});
      expect(response.status).toBe(status);
      expect(await read(response)).toMatchObject({ code });
    });

    it("accepts stream ids in any script", async () => {
      const { post } = freshStore();
      expect(await read(await post(`/aggregates/counter/${encodeURIComponent("größe 1 – 東京")}/Count`, {}))).toMatchObject({
        stream: "counter/größe 1 – 東京",
      });
    });
  });

  describe("a command that is refused", () => {
    it("is answered with the reason, in the business's own words", async () => {
      const { post, get } = freshStore();
      const response = await post(COUNT, { by: 5_000 });
      expect(response.status).toBe(422);
      expect(await read(response)).toMatchObject({ code: "command-refused", reason: "too-much", details: { limit: 1_000 } });
      expect((await get("/aggregates/counter/1")).status).toBe(404);
    });
  });

  describe("a dry run of a command", () => {
    const TRY = `${COUNT}?dryRun=true`;

    it("answers with what would be stored and the state after it, and stores nothing", async () => {
      const { post, json, log, get } = freshStore();
      const fresh = await post(TRY, { by: 3 }, { "idempotency-key": "k" });
      expect([fresh.status, await read(fresh)]).toEqual([
        200,
        { outcome: "accepted", events: [{ type: "Counted", data: { by: 3, total: 3 } }], state: { total: 3 } },
      ]);
      expect((await get("/aggregates/counter/1")).status).toBe(404);
      await post(COUNT, { by: 2 });
      for (const by of [3, 4]) expect((await read(await post(TRY, { by }))).state).toEqual({ total: 2 + by });
      expect(await read(await post("/aggregates/counter/1/DoNothing?dryRun=true", {}))).toEqual({
        outcome: "accepted",
        events: [],
        state: { total: 2 },
      });
      expect((await json("/aggregates/counter/1")).state).toEqual({ total: 2 });
      expect(await log()).toHaveLength(1);
      expect((await get("/aggregates/counter/1/commands/k")).status).toBe(404);
      expect(await read(await post(COUNT, { by: 1 }, { "idempotency-key": "k" }))).toMatchObject({ version: 2 });
    });

    it("answers with the reason if the command would be refused, and is itself not an error", async () => {
      const { post } = freshStore();
      const response = await post(TRY, { by: 5_000 });
      expect([response.status, await read(response)]).toEqual([
        200,
        { outcome: "refused", events: [], state: { total: 0 }, reason: "too-much", details: { limit: 1_000 } },
      ]);
    });

    it.each([
      ["data that does not fit", `${COUNT}?dryRun=true`, { by: "two" }, {}, 400],
      ["a stale version", `${COUNT}?dryRun=true`, {}, { "if-match": '"7"' }, 412],
      ["an unknown command", "/aggregates/counter/1/Nothing?dryRun=true", {}, {}, 404],
      ["a decide that throws", "/aggregates/counter/1/Throw?dryRun=true", {}, {}, 500],
      ["another query parameter", `${COUNT}?dryrun=true`, {}, {}, 400],
      ["another value", `${COUNT}?dryRun=yes`, {}, {}, 400],
      ["a token that may not read the state", TRY, {}, bearer("write"), 403],
    ])("meets %s as the command would", async (_what, path, body, headers, status) => {
      const { post, get } = freshStore();
      expect((await post(path, body, headers)).status).toBe(status);
      expect((await get("/aggregates/counter/1")).status).toBe(404);
    });

    it("of a stream that has ended is 410", async () => {
      const { post, send } = freshStore();
      await post(COUNT, {});
      await send("DELETE", "/streams/counter/1");
      expect((await post(TRY, {})).status).toBe(410);
    });
  });

  describe("a command whose decide throws", () => {
    it("stores nothing, answers with the command id, and can be tried again", async () => {
      const { post, get } = freshStore();
      const response = await post("/aggregates/counter/1/Throw", {}, { "idempotency-key": "boom" });
      expect(response.status).toBe(500);
      const problem = await read(response);
      expect(problem).toMatchObject({ code: "command-failed", commandId: "boom" });
      expect((await get("/aggregates/counter/1")).status).toBe(404);
      expect((await post(COUNT, {}, { "idempotency-key": "boom" })).status).toBe(200);
    });
  });

  describe("an unknown member", () => {
    it("of a command is refused with its place, and nothing is stored", async () => {
      const { post, log } = freshStore();
      const response = await post(COUNT, { by: 1, byy: 2 });
      expect([response.status, await read(response)]).toMatchObject([400, { code: "invalid-command", issues: [{ path: "byy" }] }]);
      expect((await post(COUNT, { by: 1, byy: 2 }, { prefer: "respond-async" })).status).toBe(400);
      expect(await log()).toEqual([]);
    });

    it("of an event of a category in code is refused in every form of an append", async () => {
      const { post, log } = freshStore();
      const event = { type: "Raised", data: { from: "a", value: 1, valeu: 2 } };
      const cloudEvent = { specversion: "1.0", id: "1", source: "/a", ...event };
      for (const [path, body, type, place] of [
        ["/streams/alarm/1", event, "application/json", "events.0.data.valeu"],
        ["/streams/alarm/1", { events: [{ ...event, data: { from: "a", value: 1 } }, event] }, "application/json", "events.1.data.valeu"],
        ["/streams/alarm", event, "application/json", "data.valeu"],
        ["/streams/alarm/1", cloudEvent, "application/cloudevents+json", "data.valeu"],
      ] as const) {
        const response = await post(path, body, { "content-type": type });
        expect([response.status, await read(response)]).toMatchObject([400, { code: "invalid-event", issues: [{ path: place }] }]);
      }
      expect(await log()).toEqual([]);
    });
  });

  describe("the state", () => {
    it("is what evolve makes of the events, with a tag that begins with the version and can be used as a condition", async () => {
      const { post, get } = freshStore();
      await post(COUNT, { by: 2 });
      await post(COUNT, { by: 3 });
      const response = await get("/aggregates/counter/1");
      const etag = response.headers.get("etag") ?? "";
      expect(etag).toMatch(/^"2-[\w-]+"$/);
      for (const known of [etag, `W/${etag}`, "*"])
        expect((await get("/aggregates/counter/1", { "if-none-match": known })).status).toBe(304);
      expect((await get("/aggregates/counter/1", { "if-none-match": '"2"' })).status).toBe(200);
      expect((await post(COUNT, {}, { "if-match": etag.replace("2", "1") })).status).toBe(412);
      expect((await post(COUNT, {}, { "if-match": `W/${etag}` })).status).toBe(200);
      expect(await read(response)).toMatchObject({ stream: "counter/1", version: 2, state: { total: 5 } });
    });
  });

  describe("two stores", () => {
    it("with the same stream names share nothing: neither streams, log and views nor receipts and positions", async () => {
      const [one, other] = [freshStore(), freshStore()];
      await one.post(COUNT, { by: 5 }, { "idempotency-key": "k" });
      for (const path of ["/aggregates/counter/1", "/streams/counter/1", "/aggregates/counter/1/commands/k"]) {
        expect([path, (await other.get(path)).status]).toEqual([path, 404]);
      }
      expect(await other.json("/log/streams")).toEqual({ streams: [], hasMore: false });
      expect((await other.get("/views/totals/1?consistency=strong")).status).toBe(404);
      // The same key with another command: in another store it is another key.
      expect(await read(await other.post(COUNT, { by: 7 }, { "idempotency-key": "k" }))).toMatchObject({ version: 1, position: 1 });
      expect((await one.json("/aggregates/counter/1")).state).toEqual({ total: 5 });
      expect((await other.json("/aggregates/counter/1")).state).toEqual({ total: 7 });
      expect(await one.json("/views/totals/1?consistency=strong")).toMatchObject({ total: 5, events: 1 });
      expect(await other.json("/views/totals/1?consistency=strong")).toMatchObject({ total: 7, events: 1 });
      expect(await one.log()).toMatchObject([{ position: 1, data: { by: 5 } }]);
      expect(await other.log()).toMatchObject([{ position: 1, data: { by: 7 } }]);
      await one.send("DELETE", "/streams/counter/1?erase=true");
      expect((await other.json("/aggregates/counter/1")).state).toEqual({ total: 7 });
      expect(await other.log()).toMatchObject([{ data: { by: 7 } }]);
    });

    it("share nothing with the default one either", async () => {
      const id = crypto.randomUUID();
      const { post, get } = freshStore();
      await post(`/aggregates/counter/${id}/Count`, {});
      expect((await fetch(`/aggregates/counter/${id}`)).status).toBe(404);
      expect((await fetch(`/stores/default/aggregates/counter/${id}`)).status).toBe(404);
      expect((await fetch(`/aggregates/counter/${id}/Count`, { method: "POST", body: '{"by":3}' })).status).toBe(200);
      for (const path of [`/aggregates/counter/${id}`, `/stores/default/aggregates/counter/${id}`]) {
        expect(await read(await fetch(path))).toMatchObject({ version: 1, state: { total: 3 } });
      }
      expect(await read(await get(`/aggregates/counter/${id}`))).toMatchObject({ state: { total: 1 } });
    });
  });
}
