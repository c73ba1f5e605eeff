/** Whatever a store holds, its export makes the same store elsewhere, and importing it again changes nothing. */

import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHttp } from "../../src/http/worker.ts";
import { app } from "./app.ts";
import { freshStore, read } from "./support.ts";
import { runs } from "../effort.ts";

type Store = ReturnType<typeof freshStore>;

const LINES = { accept: "application/x-ndjson" };

async function exported(store: Store): Promise<string> {
  return new TextDecoder().decode(await (await store.get("/log", LINES)).arrayBuffer());
}

/** What an import keeps of an export's lines: everything but the time of recording, to the letter. */
function content(ndjson: string): string[] {
  return ndjson.split("\n").map((line) => line.replace(/,"recordedAt":"[^"]+"(?=,"schemaVersion":\d+(,"erased":true)?\}$)/, ""));
}

const withoutRecording = (json: string) => json.replaceAll(/"recordedAt":"[^"]+"/g, "");

const id = fc.constantFrom("a", "b", 'odd ","é\u2028');
/** Any JSON object, with members that JavaScript treats in its own way. */
const anyObject = fc
  .dictionary(
    fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("__proto__", "constructor", "toString", "")),
    fc.jsonValue({ maxDepth: 2 }),
    {
      maxKeys: 4,
      noNullPrototype: false,
    },
  )
  .map((object) => JSON.stringify(object));
const time = fc.option(fc.constantFrom("2024-02-29T23:59:59.123456+05:30", "1999-12-31T00:00:00Z"), { nil: undefined });

type Step = (store: Store, number: number) => Promise<Response>;

const path = (category: string, stream: string) => `/streams/${category}/${encodeURIComponent(stream)}`;
const imported = (line: string, number: number) => (store: Store) => store.post("/import", line, { "idempotency-key": `line ${number}` });

const step: fc.Arbitrary<[what: string, Step]> = fc.oneof(
  id.map(
    (one) => [`count ${one}`, (store) => store.post(`/aggregates/counter/${encodeURIComponent(one)}/Count`, { by: 2 })] as [string, Step],
  ),
  id.map(
    (one) =>
      [`sign ${one}`, (store) => store.post(`/aggregates/contract/${encodeURIComponent(one)}/Sign`, { cents: 7, currency: "CHF" })] as [
        string,
        Step,
      ],
  ),
  fc.tuple(id, fc.integer({ min: 1, max: 2 })).map(([one, schemaVersion]): [string, Step] => {
    const line = JSON.stringify({ stream: `contract/${one}`, type: "Signed", data: { amount: 1.5, currency: "USD" }, schemaVersion });
    return [`signed ${one} of old`, (store, number) => imported(line, number)(store)];
  }),
  fc.tuple(id, time, fc.integer()).map(([one, at, amount]): [string, Step] => {
    const event = { type: "Priced", data: { amount }, ...(at === undefined ? {} : { time: at }) };
    return [`price ${one}`, (store) => store.post(path("tariff", one), event)];
  }),
  id.map(
    (one) => [`switch ${one}`, (store) => store.post(path("tariff", one), { type: "Switched", data: { on: "yes" } })] as [string, Step],
  ),
  fc.tuple(id, anyObject, anyObject, time).map(([one, data, meta, at]): [string, Step] => {
    const body = `{"type":"Said","data":${data},"meta":${meta}${at === undefined ? "" : `,"time":"${at}"`}}`;
    return [`say ${body}`, (store) => store.post(path("free", one), body)];
  }),
  fc.tuple(id, fc.constantFrom("counter", "contract", "tariff", "free"), fc.boolean()).map(([one, category, erase]): [string, Step] => {
    return [`delete ${category} ${one} ${erase}`, (store) => store.send("DELETE", `${path(category, one)}?erase=${erase}`)];
  }),
);

describe("a store's export", () => {
  it("makes exactly the same store elsewhere, and importing it again changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
        const [from, to] = [freshStore("from"), freshStore("to")];
        for (const store of [from, to]) await store.send("PUT", "/streams/free", {});
        // Some are refused, after a deletion: then nothing is stored of them.
        for (const [number, [, take]] of steps.entries()) expect((await take(from, number)).status).toBeLessThan(500);
        const text = await exported(from);
        const count = text.split("\n").length - 1;
        expect(await read(await to.post("/import", text || "\n"))).toEqual({ lines: Math.max(count, 1), imported: count, known: 0 });
        const there = await exported(to);
        expect(content(there)).toEqual(content(text));
        for (const [store, before] of [
          [to, there],
          [from, text],
        ] as const) {
          for (const lines of [text, there]) {
            expect(await read(await store.post("/import", lines || "\n"))).toMatchObject({ imported: 0, known: count });
          }
          expect(await exported(store)).toBe(before);
        }
        for (const one of ["/aggregates/counter/a", "/aggregates/contract/a", "/streams/free/a", "/streams/tariff/a"]) {
          const [here, elsewhere] = [await from.get(one), await to.get(one)];
          expect(elsewhere.status).toBe(here.status);
          if (here.status === 200) expect(withoutRecording(await elsewhere.text())).toBe(withoutRecording(await here.text()));
        }
      }),
      { numRuns: runs(8) },
    );
  }, 120_000);
});

describe("an import of several thousand lines", () => {
  const line = (value: number) =>
    `${JSON.stringify({ stream: `sample/${value % 2 ? "a" : "b"}`, type: "Read", data: { value: Math.floor(value / 500) } })}\n`;
  // Runs of 500 lines of a stream.
  const lines = Array.from({ length: 2_300 }, (_one, at) => line(Math.floor(at / 500) * 500 + (Math.floor(at / 500) % 2)));
  const key = { "idempotency-key": "many" };

  /** Sends a body that breaks off behind so many lines. Not through the runtime, which would end it there. */
  async function sendBroken(store: string, count: number): Promise<Response> {
    let isSent = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (isSent) return controller.error(new Error("the line went dead"));
        isSent = true;
        controller.enqueue(new TextEncoder().encode(lines.slice(0, count).join("")));
      },
    });
    return createHttp(app).request(`/stores/${store}/import`, { method: "POST", body, headers: key }, env);
  }

  it("that breaks off goes on where it stopped when it is sent again, and detects another body at once", async () => {
    const { store, post, log, json } = freshStore("many");
    const stopped = await read(await sendBroken(store, 1_700));
    expect(stopped).toMatchObject({ status: 400, line: 1_701, imported: 1_700, known: 0 });
    const other = lines.with(20, line(999));
    expect(await read(await post("/import", other.join(""), key))).toMatchObject({
      status: 409,
      code: "idempotency-conflict",
      imported: 0,
    });
    expect((await json("/log/head")).head).toBe(1_700);
    expect(await read(await post("/import", lines.join(""), key))).toEqual({ lines: 2_300, imported: 600, known: 1_700 });
    expect(await read(await post("/import", lines.join(""), key))).toEqual({ lines: 2_300, imported: 0, known: 2_300 });
    expect((await json("/log/head")).head).toBe(2_300);
    expect((await log()).map(({ stream }) => stream)).toEqual(lines.slice(0, 1_000).map((text) => JSON.parse(text).stream));
  });
});
