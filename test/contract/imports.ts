/** Events of another store or system are taken over. */

import { describe, expect, it } from "vitest";
import { type Service, read } from "./http.ts";

export function imports({ freshStore }: Service): void {
  type Store = ReturnType<typeof freshStore>;

  // Not by `text()`, which says in workerd's console that it does not know the media type.
  const exported = async (store: Store) =>
    new TextDecoder().decode(await (await store.get("/log", { accept: "application/x-ndjson" })).arrayBuffer());

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

  let keys = 0;
  /** A key that no other import has: for lines without ids. */
  const newKey = () => ({ "idempotency-key": `import-${keys++}` });
  const raised = (id: string, value: number, more: object = {}) => ({
    stream: `alarm/${id}`,
    type: "Raised",
    data: { from: id, value },
    ...more,
  });
  const idOf = (number: number) => `0198c2a6-1111-7abc-8def-${String(number).padStart(12, "0")}`;

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
      ["has a number that JavaScript does not have", fact('{"from":"a","value":1e999}'), "a number beyond"],
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
      expect((await post("/import", `{"stream":"free/1","type":"T","data":${data},"meta":${data}}`, newKey())).status).toBe(200);
      expect(await (await get("/streams/free/1")).text()).toContain(`"data":${data},"meta":${data}`);
    });

    it("is stored byte for byte, in data and meta: numbers, escapes, spaces and the order of members", async () => {
      const { send, post, get } = freshStore("line");
      await send("PUT", "/streams/free", {});
      const data = String.raw`{ "b" : 1.50e2, "a":12345678901234567890, "s":"\u00e9\/ \ud800", "z": [-0, {"}": "\"]"}] ,"a,":"{" }`;
      const meta = String.raw`{"n":1.0,"data":{"x":1}}`;
      expect((await post("/import", `{"meta":${meta},"type":"T","data":${data} ,"stream":"free/1"}\r\n`, newKey())).status).toBe(200);
      for (const path of ["/streams/free/1", "/log"]) expect(await (await get(path)).text()).toContain(`"data":${data},"meta":${meta}`);
    });

    it("keeps members that its schema does not name, and values that it would change", async () => {
      const { post, json } = freshStore("line");
      const data = { serial: "AB", kwh: 1, gift: true };
      expect((await post("/import", lines({ stream: "meter/1", type: "Metered", data, schemaVersion: 1 }), newKey())).status).toBe(200);
      expect((await json("/streams/meter/1")).events[0].data).toEqual(data);
    });

    it.each([
      ["its schema refuses", { serial: "ab" }, "data does not fit the schema of Metered"],
      ["its schema would change", { serial: "AB", kwh: 1 }, "the schema of Metered would change the data"],
      ["its schema would drop a member of", { serial: "ab", kwh: 1, gift: true }, "data does not fit the schema of Metered"],
    ])("is refused with validate=true when it has data that %s", async (_what, data, why) => {
      const { post, log } = freshStore("line");
      const good = { stream: "meter/1", type: "Metered", data: { serial: "ab", kwh: 1 } };
      const problem = await read(await post("/import?validate=true", lines(good, { ...good, data }), newKey()));
      expect(problem).toMatchObject({ status: 400, code: "invalid-event", line: 2, imported: 1 });
      expect(problem.detail).toContain(why);
      expect(await log()).toHaveLength(1);
    });

    it.each([
      ["an event type", { stream: "alarm/1", type: "Raised", data: {} }],
      ["the store's own", { stream: "alarm/1", type: "$Noted", data: {} }],
    ])("is refused when its schemaVersion is newer than the code's: %s", async (_what, line) => {
      const { post, log } = freshStore("line");
      const problem = await read(await post("/import", lines({ ...line, schemaVersion: 2 }), newKey()));
      expect(problem).toMatchObject({ status: 400, code: "invalid-event", line: 1, issues: [{ path: "schemaVersion" }] });
      expect(await log()).toEqual([]);
    });

    it("of a type that code no longer has is accepted if a store wrote it", async () => {
      const { post, json } = freshStore("line");
      const line = { stream: "alarm/1", type: "Removed", data: { a: 1 }, schemaVersion: 3 };
      expect((await post("/import", lines(line), newKey())).status).toBe(200);
      expect((await json("/streams/alarm/1")).events).toMatchObject([{ type: "Removed", data: { a: 1 }, schemaVersion: 3 }]);
    });

    it("without an id is refused when the request has no Idempotency-Key", async () => {
      const { post, log } = freshStore("line");
      const answer = await read(await post("/import", lines(raised("a", 1, { id: idOf(1) }), raised("a", 2))));
      expect(answer).toMatchObject({ status: 400, code: "invalid-request", line: 2, imported: 1, issues: [{ path: "id" }] });
      expect(await log()).toHaveLength(1);
    });
  });

  describe("an export, imported into another store", () => {
    it("makes the same store: same streams, versions, positions, ids, types, data, meta and times", async () => {
      const [old, young] = [await livedIn(), freshStore("young")];
      const text = await exported(old);
      const response = await young.post("/import", text);
      expect(response.status).toBe(200);
      const count = text.trim().split("\n").length;
      expect(await read(response)).toEqual({ lines: count, imported: count, known: 0 });
      expect(essence(await exported(young))).toEqual(essence(text));
      expect(text).not.toContain("somebody");
    });

    it("works like the old one: states, views, deleted streams, and new commands", async () => {
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

    it("need no ids: sent again under the same key, they are recognised", async () => {
      const { post, json } = freshStore();
      const name = { "idempotency-key": "the move of 2026" };
      expect(await read(await post("/import", lines(...facts), name))).toEqual({ lines: 3, imported: 3, known: 0 });
      expect(await read(await post("/import", lines(...facts), name))).toEqual({ lines: 3, imported: 0, known: 3 });
      const { events } = await json("/streams/reading/1");
      expect(events.map(({ time }: { time: string }) => time)).toEqual(Array.from({ length: 3 }, () => "2020-01-01T00:00:00Z"));
    });

    it("may be a store's own: of a webhook, or of a call to the outside", async () => {
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

    it("keep their order across streams", async () => {
      const { post, log } = freshStore();
      const mixed = ["a", "b", "a", "c", "b", "a"].map((id, value) => ({
        stream: `alarm/${id}`,
        type: "Raised",
        data: { from: id, value },
      }));
      await post("/import", `${lines(...mixed)}\n\n`, newKey());
      expect((await log()).map(({ stream }) => stream)).toEqual(mixed.map(({ stream }) => stream));
    });
  });

  describe("an import", () => {
    it.each([
      ["no JSON", "{", 400, "invalid-json"],
      ["no event", `{"stream":"reading/1"}`, 400, "invalid-request"],
      ["an unknown category", lines({ stream: "nothing/1", type: "Read", data: {} }), 404, "unknown-category"],
      ["an unknown type", lines({ stream: "reading/1", type: "Nothing", data: {} }), 400, "invalid-event"],
      ["a line that is too long", "x".repeat(200_000), 413, "body-too-large"],
    ])("stops at %s, names the line, and keeps those before it", async (_what, bad, status, code) => {
      const { post, log } = freshStore();
      const good = { stream: "alarm/1", type: "Raised", data: { from: "x", value: 1 } };
      const response = await post("/import", `${lines(good, { ...good, stream: "alarm/2" })}\n${bad}`, newKey());
      expect(response.status).toBe(status);
      expect(await read(response)).toMatchObject({ code, line: 3, imported: 2 });
      expect(await log()).toHaveLength(2);
    });

    it("stores nothing in a category that was retired while it was under way", async () => {
      const { send, post, log } = freshStore();
      await send("PUT", "/streams/note", {});
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      const write = (...events: object[]) => writer.write(new TextEncoder().encode(`${lines(...events)}\n`));
      const response = post("/import", readable);
      await write(
        { stream: "note/1", type: "Noted", data: {}, id: idOf(1) },
        { stream: "alarm/1", type: "Raised", data: { from: "x", value: 1 }, id: idOf(2) },
      );
      await expect.poll(async () => (await log()).length, { timeout: 10_000 }).toBe(2);
      expect((await send("DELETE", "/streams/note")).status).toBe(204);
      await write({ stream: "note/1", type: "Noted", data: {}, id: idOf(3) });
      await writer.close();
      expect(await read(await response)).toMatchObject({ status: 410, code: "category-retired", imported: 2 });
      expect((await log()).map(({ stream }) => stream)).toEqual(["note/1", "alarm/1"]);
    });

    it("goes on after a pause in its body, with and without a key", async () => {
      const { post, log } = freshStore();
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      const response = post("/import", readable, newKey());
      await writer.write(new TextEncoder().encode(`${lines(raised("a", 1), raised("b", 2))}\n`));
      await expect.poll(async () => (await log()).length, { timeout: 10_000 }).toBe(2);
      await writer.write(new TextEncoder().encode(lines(raised("c", 3))));
      await writer.close();
      expect(await read(await response)).toEqual({ lines: 3, imported: 3, known: 0 });
    });

    it.each([
      ["of another stream before it", [raised("x", 0), raised("a", 2, { id: idOf(1) }), raised("a", 3), raised("b", 4)], 2, 1],
      ["within lines of its own stream", [raised("a", 5), raised("a", 6), raised("a", 2, { id: idOf(1) }), raised("a", 7)], 3, 2],
      ["after a line that cannot be read", [raised("a", 2, { id: idOf(1) }), { stream: "nothing/1", type: "T", data: {} }], 1, 0],
    ])("names the line that conflicts, with lines %s, and has stored those before it", async (_what, body, line, imported) => {
      const { post, log } = freshStore();
      await post("/import", lines(raised("a", 1, { id: idOf(1) })));
      const answer = await read(await post("/import", lines(...body), newKey()));
      expect(answer).toMatchObject({ status: 409, code: "idempotency-conflict", line, imported, known: 0 });
      expect(await log()).toHaveLength(1 + imported);
    });

    it("names the line that is not UTF-8, and stores those before it", async () => {
      const { post } = freshStore();
      const bytes = new TextEncoder().encode(`${lines(raised("a", 1), raised("b", 2))}\nx`);
      bytes[bytes.length - 1] = 0xff;
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(bytes);
          controller.close();
        },
      });
      expect(await read(await post("/import", body, newKey()))).toMatchObject({ status: 400, code: "invalid-json", line: 3, imported: 2 });
    });

    it("that has the same line twice stores it once; with different content it is a conflict", async () => {
      const { post, log } = freshStore();
      const [one, other] = [raised("a", 1, { id: idOf(1) }), raised("x", 1, { id: idOf(2) })];
      expect(await read(await post("/import", lines(one, one)))).toEqual({ lines: 2, imported: 1, known: 1 });
      expect(await read(await post("/import", lines(one, other, one)))).toEqual({ lines: 3, imported: 1, known: 2 });
      const twice = [raised("b", 1, { id: idOf(1) }), raised("b", 2, { id: idOf(1) })];
      expect(await read(await post("/import", lines(...twice)))).toMatchObject({ status: 409, line: 2, imported: 1 });
      expect(await log()).toHaveLength(3);
      expect((await post("/streams/alarm/b", { type: "Raised", data: { from: "b", value: 9 } })).status).toBe(201);
    });

    it("into the store that it was exported from recognises every event, even if code has lifted events since", async () => {
      const store = await livedIn();
      const old = { stream: "contract/1", type: "Signed", data: { amount: 1.5 }, schemaVersion: 1 };
      await store.post("/import", lines(old), newKey());
      const text = await exported(store);
      const count = text.trim().split("\n").length;
      expect(await read(await store.post("/import", text))).toEqual({ lines: count, imported: 0, known: count });
      expect(await exported(store)).toBe(text);
      const other = JSON.parse(text.trim().split("\n").at(-1) ?? "");
      const problem = await read(await store.post("/import", lines({ ...other, data: { ...other.data, cents: 1 } })));
      expect(problem).toMatchObject({ status: 409, code: "idempotency-conflict", line: 1 });
    });

    it("refuses a known id with other content: data, type, time or meta", async () => {
      const { post } = freshStore();
      const id = "0198c2a6-1111-7abc-8def-000000000001";
      const time = "2026-01-01T00:00:00.000Z";
      const fact = { stream: "reading/1", type: "Read", data: { value: 1 }, meta: { by: "hand" }, time, id };
      await post("/import", lines(fact));
      const others = [{ data: { value: 2 } }, { type: "Calibrated", data: {} }, { time: "2026-01-01T00:00:00.001Z" }, { meta: {} }];
      for (const other of others) {
        const response = await post("/import", lines({ ...fact, ...other }));
        expect(response.status).toBe(409);
        expect(await read(response)).toMatchObject({ code: "idempotency-conflict", line: 1, imported: 0 });
      }
      expect(await read(await post("/import", lines(fact)))).toEqual({ lines: 1, imported: 0, known: 1 });
    });
  });

  describe("an import with an Idempotency-Key", () => {
    const visits = [1, 2, 3].map((value) => raised("a", value));

    it("of equal lines stores each of them, and another key stores them again", async () => {
      const { post, log } = freshStore();
      const same = lines(raised("a", 1), raised("a", 1));
      for (const key of [newKey(), newKey()]) expect(await read(await post("/import", same, key))).toMatchObject({ imported: 2, known: 0 });
      expect(await log()).toHaveLength(4);
    });

    it.each([
      ["other data", lines(...visits.slice(0, 2), raised("a", 9))],
      ["another stream", lines(...visits.slice(0, 2), raised("b", 3))],
      ["other streams only", lines(raised("x", 1), raised("y", 2), raised("z", 3))],
      ["one line less", lines(...visits.slice(0, 2))],
      ["one line more", lines(...visits, raised("a", 4))],
      ["an empty line more", `${lines(...visits)}\n\n`],
      ["its lines in another order", lines(...visits.toReversed())],
    ])("refuses another body under the same key: %s", async (_what, body) => {
      const { post, log } = freshStore();
      const key = newKey();
      expect(await read(await post("/import", lines(...visits), key))).toMatchObject({ imported: 3 });
      expect(await read(await post("/import", body, key))).toMatchObject({ status: 409, code: "idempotency-conflict", imported: 0 });
      expect(await read(await post("/import", lines(...visits), key))).toEqual({ lines: 3, imported: 0, known: 3 });
      expect(await log()).toHaveLength(3);
    });

    it("that stopped at a line goes on once that line is fixed, and keeps those before it", async () => {
      const { post, log } = freshStore();
      const key = newKey();
      const body = (third: object, first = visits[0] as object) => lines(first, visits[1] as object, third, raised("b", 4));
      const bad = { stream: "alarm/a", type: "Raised" };
      expect(await read(await post("/import", body(bad), key))).toMatchObject({ status: 400, line: 3, imported: 2 });
      const other = await read(await post("/import", body(raised("a", 3), raised("a", 9)), key));
      expect(other).toMatchObject({ status: 409, imported: 0 });
      expect(await read(await post("/import", body(raised("a", 3)), key))).toEqual({ lines: 4, imported: 2, known: 2 });
      expect((await log()).map(({ data }) => (data as { value: number }).value)).toEqual([1, 2, 3, 4]);
    });
  });

  describe("an imported end of a stream", () => {
    const [a, b] = [raised("s", 1), raised("s", 2)];
    const end = (erased: boolean) => ({ stream: "alarm/s", type: "$deleted", data: { erased } });

    it.each([
      ["in the same import", [[a, end(false), b]], 3],
      ["in a later one", [[a, end(false)], [b]], 1],
      ["when it was erased", [[a, end(true), b]], 3],
      ["when it is deleted again", [[a, end(false), end(false)]], 3],
      ["when it is erased twice", [[a, end(true)], [end(true)]], 1],
    ])("is followed by nothing %s", async (_what, bodies, line) => {
      const { post, get, log } = freshStore();
      let answer: Response | undefined;
      for (const body of bodies) answer = await post("/import", lines(...body), newKey());
      expect(await read(answer as Response)).toMatchObject({ status: 410, code: "stream-deleted", line });
      expect((await get("/streams/alarm/s")).status).toBe(410);
      expect((await post("/streams/alarm/s", { type: "Raised", data: b.data })).status).toBe(410);
      expect((await log()).map(({ type }) => type)).toEqual(["Raised", "$deleted"]);
    });

    it("may be erased after it was deleted, and nothing of it stays readable", async () => {
      const { post, get } = freshStore();
      const secret = raised("s", 1, { data: { from: "a person", value: 1 }, meta: { who: "a person" } });
      await post("/import", lines(secret, end(false)), newKey());
      expect((await post("/import", `{"stream":"alarm/s","type":"$deleted","data":{ "erased" : true }}`, newKey())).status).toBe(200);
      expect(await (await get("/log")).text()).not.toContain("a person");
    });

    it("without its erasure is refused", async () => {
      const { post } = freshStore();
      const problem = await read(await post("/import", lines(a, { ...end(false), data: { erased: "yes" } }), newKey()));
      expect(problem).toMatchObject({ status: 400, code: "invalid-event", line: 2 });
    });

    it("leaves no data in events that were erased, even if their lines have data", async () => {
      const { post, get } = freshStore();
      const secret = raised("s", 1, { data: { from: "a person", value: 1 }, meta: { who: "a person" }, erased: true });
      expect((await post("/import", lines(secret), newKey())).status).toBe(200);
      for (const path of ["/log", "/streams/alarm/s"]) expect(await (await get(path)).text()).not.toContain("a person");
    });
  });
}
