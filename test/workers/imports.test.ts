/** An import whose lines are of many streams in turns: the log has them in the order of the lines, whatever comes in between. */

import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createHttp } from "../../src/http/worker.ts";
import type { SequencePart } from "../../src/store/log-protocol.ts";
import { app } from "./app.ts";
import { eventually, holdWakeUps } from "./delivery/support.ts";
import { storedEvents } from "./log/events.ts";
import { freshStore, interceptCatalog, interceptLogMethod, read, setVariables } from "./support.ts";
import { eventsIn, storeIn } from "./streams/stored.ts";
import { expectErrors } from "./errors.ts";

// No consumer runs.
beforeEach(() => void holdWakeUps());
afterEach(() => vi.restoreAllMocks());

type Store = ReturnType<typeof freshStore>;

const idOf = (number: number) => `0198c2a6-1111-7abc-8def-${String(number).padStart(12, "0")}`;

interface Line {
  readonly id: string;
  readonly stream: string;
  readonly type: string;
  readonly data: { readonly value: number };
}

/** A line for each of these streams, in this order. */
const linesOf = (streams: readonly (string | number)[], first = 0): Line[] =>
  streams.map((stream, at) => ({ id: idOf(first + at), stream: `sample/${stream}`, type: "Read", data: { value: first + at } }));
const ndjson = (lines: readonly object[]) => lines.map((line) => JSON.stringify(line)).join("\n");

const inOrder = async (store: Store) => (await store.log()).map(({ stream, id }: { stream: string; id?: string }) => [stream, id]);
const expected = (lines: readonly Line[]) => lines.map(({ stream, id }) => [stream, id]);
const versionOf = async (store: Store, stream: string) =>
  runInDurableObject(store.stream("sample", stream), (_instance, { storage }) => eventsIn(storage).length);

/** As a crash of everything leaves it: what is in memory is gone. */
async function forgetStreams(store: Store, lines: readonly Line[]) {
  for (const stream of new Set(lines.map((line) => line.stream))) {
    await evictDurableObject(store.stream("sample", stream.replace("sample/", "")));
  }
}

describe("an import of many streams in turns", () => {
  it("is in the log in the order of its lines even if it breaks off on the way, and adds nothing twice when it is sent again in any pieces", async () => {
    const mood = fc.constantFrom("fine", "away", "answer lost", "away, and the streams are gone");
    await fc.assert(
      fc.asyncProperty(
        // Hot streams, and others that have one event.
        fc.array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom("a", "b", "c") }, fc.integer({ max: 30, min: 0 })), {
          minLength: 2,
          maxLength: 40,
        }),
        fc.array(fc.record({ mood, upTo: fc.integer({ min: 1, max: 40 }) }), { maxLength: 4 }),
        async (streams, tries) => {
          const store = freshStore("turns");
          const lines = linesOf(streams);
          for (const { mood, upTo } of tries) {
            const part = lines.slice(0, upTo);
            const spy = interceptLogMethod(store.store, "sequenceTogether", (real) => async (parts) => {
              if (mood.startsWith("away")) throw new Error("the log is away");
              const answer = await real(parts);
              if (mood === "answer lost") throw new Error("the answer got lost");
              return answer;
            });
            const answer = await store.post("/import", ndjson(part));
            spy.mockRestore();
            expect([answer.status, await read(answer)]).toMatchObject([mood === "fine" ? 200 : 503, {}]);
            if (mood.endsWith("gone")) await forgetStreams(store, part);
          }
          expect(await read(await store.post("/import", ndjson(lines)))).toMatchObject({ lines: lines.length });
          expect(await inOrder(store)).toEqual(expected(lines));
          for (const [stream, own] of Map.groupBy(lines, (line) => line.stream)) {
            const { events } = await store.json(`/streams/${stream}`);
            expect(events.map(({ id }: Line) => id)).toEqual(own.map(({ id }) => id));
          }
          expect(await read(await store.post("/import", ndjson(lines)))).toMatchObject({ imported: 0, known: lines.length });
        },
      ),
      { numRuns: 12, interruptAfterTimeLimit: 40_000 },
    );
  });

  it("goes on after a crash between streams, with and without a key", async () => {
    for (const headers of [{}, { "idempotency-key": "the move" }] as Record<string, string>[]) {
      const store = freshStore("crash");
      const lines = linesOf(["a", "b", "c", "a", "b", "c", "d"]);
      const getByName = env.STREAMS.getByName.bind(env.STREAMS);
      const spy = vi.spyOn(env.STREAMS, "getByName").mockImplementation((name) => {
        const stub = getByName(name);
        if (name !== `${store.store}/sample/b`) return stub;
        return new Proxy(stub, {
          get: (target, property) =>
            property === "holdImport" ? () => Promise.reject(new Error("the object is gone")) : Reflect.get(target, property),
        });
      });
      expectErrors(/a request failed/);
      const broken = await store.post("/import", ndjson(lines), headers);
      expect(broken.status).toBe(500);
      await broken.body?.cancel();
      spy.mockRestore();
      await forgetStreams(store, lines);
      expect(await read(await store.post("/import", ndjson(lines), headers))).toMatchObject({ lines: 7 });
      expect(await inOrder(store)).toEqual(expected(lines));
    }
  });

  it("keeps its order when a client reads or writes a stream before the log has it", async () => {
    const store = freshStore("reader");
    const lines = linesOf(["a", "b", "a", "b", "c"]);
    let isHeld = false;
    const goOn = Promise.withResolvers<void>();
    const spy = interceptLogMethod(store.store, "sequenceTogether", (real) => async (parts) => {
      isHeld = true;
      await goOn.promise;
      return real(parts);
    });
    const answer = store.post("/import", ndjson(lines));
    await eventually(() => expect(isHeld).toBe(true));
    expect((await store.json("/streams/sample/b")).version).toBe(2);
    const written = store.post("/streams/sample/c", { type: "Read", data: { value: 99 } });
    expect(await store.log()).toEqual([]);
    goOn.resolve();
    expect((await answer).status).toBe(200);
    expect(await read(await written)).toMatchObject({ version: 2, position: 6 });
    spy.mockRestore();
    expect((await inOrder(store)).slice(0, 5)).toEqual(expected(lines));
    // Nobody waits any more.
    expect(await read(await store.post("/streams/sample/a", { type: "Read", data: { value: 1 } }))).toMatchObject({ position: 7 });
  });

  it("brings along the events that a stream had stored and the log lacked, however many", async () => {
    const store = freshStore("older");
    const old = linesOf(Array.from({ length: 2_500 }, () => "a"));
    for (let at = 0; at < old.length; at += 500) await store.post("/import", ndjson(old.slice(at, at + 500)));
    // Another store has the stream, and nothing of it in its log.
    const events = await runInDurableObject(store.stream("sample", "a"), (_instance, { storage }) => eventsIn(storage));
    const other = freshStore("behind");
    await other.post("/streams/other/x", {});
    await runInDurableObject(other.stream("sample", "a"), (_instance, { storage }) => {
      for (let at = 0; at < events.length; at += 500) storeIn(storage, events.slice(at, at + 500));
    });
    await evictDurableObject(other.stream("sample", "a"));
    const lines = linesOf(["b", "a", "b", "a"], 5_000);
    expect(await read(await other.post("/import", ndjson(lines)))).toMatchObject({ imported: 4 });
    const logged = await other.json("/log?after=2500");
    // Behind the first line, of another stream, or before it: the lines are in their order.
    expect(
      logged.events
        .filter(({ id }: Line) => id >= idOf(5_000))
        .map(({ stream, id }: Line) => [stream, id])
        .slice(-3),
    ).toEqual(expected(lines).slice(-3));
    expect((await other.json("/streams/sample/a?from=2501&positions=true")).events).toMatchObject([
      { id: idOf(5_001) },
      { id: idOf(5_003) },
    ]);
  });

  it("stores nothing behind a line that a stream refuses, in any stream, and goes on behind that line once it is fixed", async () => {
    const store = freshStore("refused");
    await store.post("/import", ndjson(linesOf(["b"], 900)));
    const lines = linesOf(["a", "c", "b", "a", "d", "b"]);
    const bad = lines.with(2, { ...(lines[2] as Line), id: idOf(900) });
    expect(await read(await store.post("/import", ndjson(bad)))).toMatchObject({
      status: 409,
      code: "idempotency-conflict",
      line: 3,
      imported: 2,
    });
    expect(await Promise.all(["a", "b", "c", "d"].map((stream) => versionOf(store, stream)))).toEqual([1, 1, 1, 0]);
    expect(await read(await store.post("/import", ndjson(lines)))).toEqual({ lines: 6, imported: 4, known: 2 });
    expect((await inOrder(store)).slice(1)).toEqual(expected(lines));
    await store.send("DELETE", "/streams/sample/c");
    const late = linesOf(["a", "b", "c", "a"], 50);
    expect(await read(await store.post("/import", ndjson(late)))).toMatchObject({
      status: 410,
      code: "stream-deleted",
      line: 3,
      imported: 2,
    });
  });

  it("accepts the pieces of an export as they are, their last lines included", async () => {
    const store = freshStore("pieces");
    const lines = linesOf(["a", "b", "a"]);
    const end = `{"hasMore":true,"next":2,"head":3}`;
    const body = `${ndjson(lines.slice(0, 2))}\n${end}\n${ndjson(lines.slice(2))}\n${end.replace("true", "false")}\n`;
    expect(await read(await store.post("/import", body))).toEqual({ lines: 5, imported: 3, known: 0 });
    expect(await inOrder(store)).toEqual(expected(lines));
  });

  it("is exported in pieces, each with the place where the next one begins, and restored from them", async () => {
    const [store, again] = [freshStore("source"), freshStore("again")];
    const lines = linesOf(["a", "b", "a", "c", "b", "a", "a"]);
    await store.post("/import", ndjson(lines));
    const piece = async (query: string) => {
      const answer = await store.get(`/log?${query}`, { accept: "application/x-ndjson" });
      return [answer.status, new TextDecoder().decode(await answer.arrayBuffer())] as const;
    };
    const pieces: string[] = [];
    for (let after = 0, hasMore = true; hasMore && pieces.length < 9;) {
      const [, text] = await piece(`after=${after}&limit=3`);
      pieces.push(text);
      ({ hasMore, next: after } = JSON.parse(text.trimEnd().split("\n").at(-1) ?? ""));
    }
    expect(pieces.map((text) => text.trimEnd().split("\n").length)).toEqual([4, 4, 2]);
    expect(await read(await again.post("/import", pieces.join("")))).toEqual({ lines: 10, imported: 7, known: 0 });
    expect(await inOrder(again)).toEqual(expected(lines));
    expect((await piece("limit=2&stream=sample/a"))[1].trimEnd().split("\n").slice(2)).toEqual([`{"hasMore":true,"next":3,"head":7}`]);
    expect((await piece("after=7&limit=5"))[1]).toBe(`{"hasMore":false,"next":7,"head":7}\n`);
    expect((await piece("to=2&limit=5"))[1]).toContain(`{"hasMore":false,"next":2,"head":7}\n`);
    expect((await piece("limit=0"))[0]).toBe(400);
  });
});

describe("two imports under one key", () => {
  it("do not both claim their lines: one that another has overtaken is refused, and stores nothing", async () => {
    const store = freshStore("overtaken");
    const [mine, other] = [linesOf(["a", "b", "a"]), linesOf(["c", "d"], 9)];
    const headers = { "idempotency-key": "one" };
    let answer: unknown;
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          // This import is under way: it has asked how far an import under its key has got.
          answer = await read(await store.post("/import", ndjson(other), headers));
          controller.enqueue(new TextEncoder().encode(ndjson(mine)));
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const overtaken = await createHttp(app).request(`/stores/${store.store}/import`, { method: "POST", body, headers }, env);
    expect(answer).toEqual({ lines: 2, imported: 2, known: 0 });
    expect(await read(overtaken)).toMatchObject({
      status: 409,
      code: "idempotency-conflict",
      detail: expect.stringContaining("another import under this key is under way"),
    });
    expect(await inOrder(store)).toEqual(expected(other));
  });
});

describe("an import that is too large for one request", () => {
  const lines = linesOf(Array.from({ length: 50 }, (_, at) => `s${at}`));

  it("reports how far it got, and goes on from there", async () => {
    setVariables({ WORKERS_PLAN: "free" });
    const store = freshStore("free");
    const afters: number[] = [];
    for (let after = 0; afters.length < 5;) {
      const answer = await store.post(`/import?after=${after}`, ndjson(lines));
      const { next, code, lines: reached, imported } = await read(answer);
      if (answer.status === 200) break;
      expect([answer.status, code, reached, imported]).toEqual([503, "unavailable", next, next - after]);
      afters.push((after = next));
    }
    expect(afters).toEqual([20, 40]);
    expect(await inOrder(store)).toEqual(expected(lines));
  });

  it("goes on by itself with a key, when the same is sent again", async () => {
    setVariables({ WORKERS_PLAN: "free" });
    const store = freshStore("free-key");
    const send = (query = "") => store.post(`/import${query}`, ndjson(lines), { "idempotency-key": "all of it" });
    const answers = [];
    while (answers.length < 5) {
      const answer = await send();
      answers.push([answer.status, (await read(answer)).imported]);
      if (answer.status === 200) break;
    }
    expect(answers).toEqual([
      [503, 20],
      [503, 20],
      [200, 10],
    ]);
    expect(await inOrder(store)).toEqual(expected(lines));
    expect(await read(await send("?after=3"))).toMatchObject({ status: 400, code: "invalid-request" });
  });
});

describe("an import of more definitions than one request may declare", () => {
  it.each([
    ["with a key", { "idempotency-key": "declarations" }],
    ["without a key", {}],
  ] as [string, Record<string, string>][])("reports how far it got, and goes on from there: %s", async (_what, headers) => {
    setVariables({ WORKERS_PLAN: "free" });
    const store = freshStore("free-definitions");
    const names = Array.from({ length: 6 }, (_, at) => `category-${at}`);
    const body = ndjson(names.map((name) => ({ definition: { kind: "category", name, definition: {} } })));
    const stopped = await store.post("/import", body, headers);
    expect([stopped.status, stopped.headers.get("retry-after")]).toEqual([503, "0"]);
    const { next, ...progress } = await read(stopped);
    expect(progress).toMatchObject({ code: "unavailable", imported: next });
    if (!("idempotency-key" in headers)) expect(progress.lines).toBe(next);
    const rest = "idempotency-key" in headers ? "/import" : `/import?after=${next}`;
    expect(await read(await store.post(rest, body, headers))).toMatchObject({ imported: 6 - next });
    for (const name of names) expect((await store.get(`/streams/${name}`)).status).toBe(200);
  });
});

describe("an import with a key", () => {
  const keyed = (key: string) => ({ "idempotency-key": key });

  it("remembers how far it got when the same key comes with a body that breaks off at once", async () => {
    const store = freshStore("broken-off");
    const lines = linesOf(["a", "b", "c"]);
    const send = async (body: string | ReadableStream) => read(await store.post("/import", body, keyed("k")));
    expect(await send(ndjson(lines))).toEqual({ lines: 3, imported: 3, known: 0 });
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("the client has gone")) });
    expect(
      await read(
        await createHttp(app).request(`/stores/${store.store}/import`, { method: "POST", body: broken, headers: keyed("k") }, env),
      ),
    ).toMatchObject({
      status: 400,
      code: "invalid-request",
      line: 1,
    });
    expect(await send(ndjson(linesOf(["d"], 7)))).toMatchObject({ status: 409, code: "idempotency-conflict", imported: 0 });
    expect(await send(ndjson(lines))).toEqual({ lines: 3, imported: 0, known: 3 });
    expect(await inOrder(store)).toEqual(expected(lines));
  });

  it("tells what is wrong with a line although the place cannot be recorded: a corrected body then needs another key", async () => {
    const warned = vi.spyOn(console, "warn").mockReturnValue();
    const store = freshStore("unrecorded");
    const lines = linesOf(["a", "b", "c"]);
    const bad = ndjson([lines[0], { ...lines[1], type: "no type" }, lines[2]] as object[]);
    let calls = 0;
    const spy = interceptCatalog(store.store, "moveImport", (real) => async (...given) => {
      if (++calls > 1) throw new Error("the catalog is away");
      return real(...given);
    });
    const refused = await read(await store.post("/import", bad, keyed("k")));
    spy.mockRestore();
    expect(refused).toMatchObject({ status: 400, code: "invalid-request", line: 2, imported: 1 });
    const unrecorded = { message: expect.stringContaining("the place where an import stopped could not be recorded") };
    expect(warned).toHaveBeenCalledWith(expect.objectContaining(unrecorded));
    expect(await read(await store.post("/import", ndjson(lines), keyed("k")))).toMatchObject({ status: 409, code: "idempotency-conflict" });
    expect(await read(await store.post("/import", ndjson(lines), keyed("another")))).toEqual({ lines: 3, imported: 2, known: 1 });
  });

  it("stops when another one with this key overtakes it, and nothing is stored twice", async () => {
    const store = freshStore("overtaken");
    const lines = linesOf(["a", "b", "c"]);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const slow = writable.getWriter();
    const first = store.post("/import", readable, keyed("k"));
    await slow.write(new TextEncoder().encode(`${ndjson(lines.slice(0, 1))}\n`));
    await eventually(async () => expect(await store.log()).toHaveLength(1));
    expect(await read(await store.post("/import", ndjson(lines), keyed("k")))).toEqual({ lines: 3, imported: 2, known: 1 });
    await slow.write(new TextEncoder().encode(ndjson(lines.slice(1))));
    await slow.close();
    expect(await read(await first)).toMatchObject({
      status: 409,
      code: "idempotency-conflict",
      detail: expect.stringContaining("another import under this key is under way"),
    });
    expect(await inOrder(store)).toEqual(expected(lines));
    expect(await read(await store.post("/import", ndjson(lines), keyed("k")))).toEqual({ lines: 3, imported: 0, known: 3 });
  });
});

describe("an import while the store's catalog does not answer", () => {
  it("fails without storing anything of that piece, and succeeds when it is sent again", async () => {
    const store = freshStore("no-catalog");
    await store.send("PUT", "/streams/declared", {});
    const [one, other] = linesOf(["a", "b"]);
    const lines = [one, { ...other, stream: "declared/b" }] as Line[];
    const spy = interceptCatalog(store.store, "lookUp", () => async () => {
      throw new Error("the catalog is away");
    });
    expectErrors(/a request failed/);
    const failed = await store.post("/import", ndjson(lines));
    expect([failed.status, (await read(failed)).code]).toEqual([500, "internal-error"]);
    spy.mockRestore();
    expect(await store.log()).toEqual([]);
    expect(await read(await store.post("/import", ndjson(lines)))).toEqual({ lines: 2, imported: 2, known: 0 });
  });
});

describe("a log that gets events of many streams together", () => {
  it("takes all of them or none, in their order, and ignores what it has", async () => {
    const { logClient, log } = freshStore("together");
    const client = logClient();
    const part = (stream: string, from: number, to: number): SequencePart => ({ stream, after: from - 1, events: storedEvents(from, to) });
    expect(await client.sequenceTogether([part("s/a", 1, 2), part("s/b", 2, 2)])).toEqual({ taken: false, heads: [0, 0] });
    expect(await log()).toEqual([]);
    const parts = [part("s/b", 1, 1), part("s/a", 1, 1), part("s/b", 2, 3), part("s/a", 2, 2)];
    for (let time = 0; time < 2; time++) {
      expect(await client.sequenceTogether(parts)).toEqual({ taken: true, heads: [3, 2, 3, 2] });
      expect((await log()).map(({ stream, version }) => `${stream}/${version}`)).toEqual(["s/b/1", "s/a/1", "s/b/2", "s/b/3", "s/a/2"]);
    }
    const other = { stream: "s/a", after: 0, events: storedEvents(1, 1).map((event) => ({ ...event, id: idOf(1) })) };
    expect(await client.sequenceTogether([part("s/c", 1, 1), other])).toMatchObject({ taken: false, diverged: "s/a" });
    expect(await client.sequenceTogether([{ stream: "s/a", after: 3, events: [] }])).toEqual({ taken: false, heads: [2] });
    expect(await log()).toHaveLength(5);
  });
});
