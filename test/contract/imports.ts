/** Events of another store or system are taken over. */

import { describe, expect, it } from "vitest";
import { type Service, read } from "./http.ts";

export function imports({ freshStore }: Service): void {
  type Store = ReturnType<typeof freshStore>;

  const exported = async (store: Store) => (await store.get("/log", { accept: "application/x-ndjson" })).text();

  /** What an import must keep: everything but the time of recording. */
  const essence = (ndjson: string) =>
    ndjson
      .trim()
      .split("\n")
      .map((line) => {
        const { recordedAt: _recordedAt, ...event } = JSON.parse(line);
        return event;
      });

  const lines = (...events: object[]) => events.map((event) => JSON.stringify(event)).join("\n");

  /** A store with a bit of everything: aggregates, facts, times and ids of their own, a deleted stream and an erased one. */
  async function livedIn() {
    const store = freshStore("old");
    for (let round = 0; round < 3; round++) {
      await store.post("/aggregates/counter/a/CountTwice", {});
      await store.post("/aggregates/counter/b/Count", { by: round + 1 });
      await store.post("/streams/alarm/x", { events: [1, 2].map((value) => ({ type: "Raised", data: { from: "x", value } })) });
    }
    const time = "2024-02-29T23:59:59.123456+05:30";
    await store.post("/streams/alarm/y", { type: "Raised", data: { from: "y", value: 1.5 }, time, meta: { who: "cares" } });
    await store.post("/aggregates/counter/gone/Count", {});
    await store.send("DELETE", "/streams/counter/gone");
    await store.post("/streams/alarm/secret", { type: "Raised", data: { from: "somebody", value: 7 } });
    await store.send("DELETE", "/streams/alarm/secret?erase=true");
    return store;
  }

  describe("a line of an import", () => {
    const fact = (data: string) => `{"stream":"alarm/1","type":"Raised","data":${data}}`;

    it.each([
      ["nests so deep that readers would fail", fact(`{"from":"a","value":1,"a":${"[".repeat(300)}${"]".repeat(300)}}`), "nests deeper"],
      ["has a number that none is", fact('{"from":"a","value":1e999}'), "a number beyond"],
    ])("is refused when it %s", async (_what, text, why) => {
      const { post, log } = freshStore("line");
      const response = await post("/import", text);
      const { code, detail } = await read(response);
      expect([response.status, code]).toEqual([400, "invalid-json"]);
      expect(detail).toContain(why);
      expect(await log()).toEqual([]);
    });

    it("keeps every member of its data, whatever the name", async () => {
      const { send, post, get } = freshStore("line");
      await send("PUT", "/streams/free", {});
      const data = '{"__proto__":{"a":1},"constructor":2}';
      expect((await post("/import", `{"stream":"free/1","type":"T","data":${data},"meta":${data}}`)).status).toBe(200);
      expect(await (await get("/streams/free/1")).text()).toContain(`"data":${data},"meta":${data}`);
    });
  });

  describe("an export, imported into another store", () => {
    it("is the same: same streams, versions, positions, ids, types, data, meta and times", async () => {
      const [old, young] = [await livedIn(), freshStore("young")];
      const text = await exported(old);
      const response = await young.post("/import", text);
      expect(response.status).toBe(200);
      const count = text.trim().split("\n").length;
      expect(await read(response)).toEqual({ lines: count, imported: count, known: 0 });
      expect(essence(await exported(young))).toEqual(essence(text));
      expect(text).not.toContain("somebody");
    });

    it("works as the old one did: states, views, deleted streams, and new commands", async () => {
      const [old, young] = [await livedIn(), freshStore("young")];
      await young.post("/import", await exported(old));
      expect((await young.json("/aggregates/counter/a")).state).toEqual({ total: 6 });
      expect((await young.get("/aggregates/counter/gone")).status).toBe(410);
      expect((await young.get("/streams/alarm/secret")).status).toBe(410);
      expect(await young.json("/views/totals/a?consistency=strong")).toMatchObject({ total: 6, versions: [1, 2, 3, 4, 5, 6] });
      expect(await read(await young.post("/aggregates/counter/a/Count", {}))).toMatchObject({ version: 7 });
    });

    it("can be sent again, whole or in part, and adds nothing twice", async () => {
      const [old, young] = [await livedIn(), freshStore("young")];
      const text = await exported(old);
      const all = text.trim().split("\n");
      expect(await read(await young.post("/import", all.slice(0, 8).join("\n")))).toMatchObject({ imported: 8, known: 0 });
      expect(await read(await young.post("/import", all.slice(4).join("\n")))).toMatchObject({ imported: all.length - 8, known: 4 });
      expect(await read(await young.post("/import", text))).toMatchObject({ imported: 0, known: all.length });
      expect(essence(await exported(young))).toEqual(essence(text));
    });
  });

  describe("events of another system", () => {
    const facts = [1, 2, 3].map((value) => ({ stream: "reading/1", type: "Read", data: { value }, time: "2020-01-01T00:00:00Z" }));

    it("need no ids: sent again under the same name, they are known", async () => {
      const { post, json } = freshStore();
      const name = { "idempotency-key": "the move of 2026" };
      expect(await read(await post("/import", lines(...facts), name))).toEqual({ lines: 3, imported: 3, known: 0 });
      expect(await read(await post("/import", lines(...facts), name))).toEqual({ lines: 3, imported: 0, known: 3 });
      const { events } = await json("/streams/reading/1");
      expect(events.map(({ time }: { time: string }) => time)).toEqual(Array.from({ length: 3 }, () => "2020-01-01T00:00:00Z"));
    });

    it("may be what the store said of itself: of a webhook, of a call to the outside", async () => {
      const store = freshStore("system");
      const said = [
        {
          stream: "$webhook/wh_1",
          type: "$webhook.disabled",
          data: { webhook: "wh_1", url: "https://example.com", reason: "gone", at: "2026-11-21T06:00:00Z" },
        },
        { stream: "alarm/x", type: "$EffectStarted", data: { effect: "charge" } },
      ].map((event, index) => ({ ...event, id: `00000000-0000-4000-8000-00000000000${index}` }));
      expect(await read(await store.post("/import", lines(...said)))).toEqual({ lines: 2, imported: 2, known: 0 });
      expect((await store.json("/log")).events).toMatchObject(said);
    });

    it("keep their order over streams", async () => {
      const { post, log } = freshStore();
      const mixed = ["a", "b", "a", "c", "b", "a"].map((id, value) => ({
        stream: `alarm/${id}`,
        type: "Raised",
        data: { from: id, value },
      }));
      await post("/import", `${lines(...mixed)}\n\n`);
      expect((await log()).map(({ stream }) => stream)).toEqual(mixed.map(({ stream }) => stream));
    });
  });

  describe("an import", () => {
    it.each([
      ["no JSON", "{", 400, "invalid-json"],
      ["no event", `{"stream":"reading/1"}`, 400, "invalid-request"],
      ["an unknown category", lines({ stream: "nothing/1", type: "Read", data: {} }), 404, "unknown-category"],
      ["an unknown type", lines({ stream: "reading/1", type: "Nothing", data: {} }), 400, "invalid-event"],
      ["data that does not fit", lines({ stream: "counter/1", type: "Counted", data: { by: "x" } }), 400, "invalid-event"],
      ["a line that is too long", "x".repeat(200_000), 413, "body-too-large"],
    ])("stops at %s, says at which line, and keeps what came before", async (_what, bad, status, code) => {
      const { post, log } = freshStore();
      const good = { stream: "alarm/1", type: "Raised", data: { from: "x", value: 1 } };
      const response = await post("/import", `${lines(good, { ...good, stream: "alarm/2" })}\n${bad}`);
      expect(response.status).toBe(status);
      expect(await read(response)).toMatchObject({ code, line: 3, imported: 2 });
      expect(await log()).toHaveLength(2);
    });

    it("takes nothing into a category that was retired while it was under way", async () => {
      const { send, post, log } = freshStore();
      await send("PUT", "/streams/note", {});
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      const write = (...events: object[]) => writer.write(new TextEncoder().encode(`${lines(...events)}\n`));
      const response = post("/import", readable);
      await write({ stream: "note/1", type: "Noted", data: {} }, { stream: "alarm/1", type: "Raised", data: { from: "x", value: 1 } });
      await expect.poll(async () => (await log()).length, { timeout: 10_000 }).toBe(1);
      expect((await send("DELETE", "/streams/note")).status).toBe(204);
      await write({ stream: "note/1", type: "Noted", data: {} });
      await writer.close();
      expect(await read(await response)).toMatchObject({ status: 410, code: "category-retired", imported: 2 });
      expect((await log()).map(({ stream }) => stream)).toEqual(["note/1", "alarm/1"]);
    });

    it("refuses an id that it knows with other content", async () => {
      const { post } = freshStore();
      const id = "0198c2a6-1111-7abc-8def-000000000001";
      const fact = { stream: "alarm/1", type: "Raised", data: { from: "x", value: 1 }, id };
      await post("/import", lines(fact));
      const response = await post("/import", lines({ ...fact, data: { from: "x", value: 2 } }));
      expect(response.status).toBe(409);
      expect(await read(response)).toMatchObject({ code: "idempotency-conflict", line: 1, imported: 0 });
    });
  });
}
