/** Paths, queries, headers and bodies are UTF-8, JSON and perhaps compressed, or are refused: nothing is guessed. */

import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { COMMAND_BYTES } from "../../src/core/limits.ts";
import { type Service, read } from "./http.ts";

const FACT = { type: "Noted", data: { text: "a" } };
const COUNT = "/aggregates/counter/1/Count";

export function encodings({ freshStore }: Service): void {
  async function noting() {
    const store = freshStore("encodings");
    await store.send("PUT", "/streams/note", {});
    return store;
  }

  describe("a path or a query that is not percent-encoded UTF-8 is refused, and reaches no other stream:", () => {
    it.each(["caf%E9", "%FF", "%zz", "100%", "%", "%C3", "%C3/", "%ED%A0%80", "%C0%AF", "%F8%88%80%80%80", "a%e9b", "%25%FF"])(
      "%s",
      async (spelt) => {
        const { post, get, log } = await noting();
        for (const response of [
          await post(`/streams/note/${spelt}`, FACT),
          await get(`/streams/note/${spelt}`),
          await get(`/log/streams?after=${spelt}`),
          await get(`/views/totals/${spelt}`),
        ]) {
          expect([response.status, (await read(response)).code]).toEqual([400, "invalid-path"]);
        }
        expect(await log()).toEqual([]);
      },
    );

    it("but one that is gets decoded once", async () => {
      const { post, get } = await noting();
      for (const [spelt, id] of [
        ["caf%C3%A9", "café"],
        ["caf%25E9", "caf%E9"],
        ["a%252Fb", "a%2Fb"],
        ["a+b", "a+b"],
        ["a%2Bb%20c", "a+b c"],
        ["%F0%9F%98%80", "😀"],
      ]) {
        expect(await read(await post(`/streams/note/${spelt}`, FACT))).toMatchObject({ stream: `note/${id}`, version: 1 });
        expect(await read(await get(`/streams/note/${spelt}`))).toMatchObject({ stream: `note/${id}` });
      }
      expect((await post("/streams/note/a%2Fb", FACT)).status).toBe(400);
      const rest = await read(await get("/log/streams?after=note/a%2Bb"));
      expect(rest.streams[0].stream).toBe("note/a+b c"); // in a query, and only there, + is a space
      expect((await read(await get("/log/streams?after=note/a+z"))).streams[0].stream).toBe("note/a%2Fb");
    });
  });

  describe("a header with a byte outside of visible ASCII is refused, because two values could become one", () => {
    it.each([
      // Of letters beyond ASCII only a real client can say how it sends them: test/e2e/contract.test.ts.
      ["Idempotency-Key", "a\tb"],
      ["Correlation-Id", "c\td"],
    ])("%s: %s", async (name, value) => {
      const { post, log } = await noting();
      for (const path of ["/streams/note/1", "/streams/note", COUNT]) {
        const response = await post(path, FACT, { [name]: value });
        expect([response.status, await read(response)]).toMatchObject([400, { code: "invalid-header", header: name }]);
      }
      expect(await log()).toEqual([]);
    });

    it.each(["ce-id", "ce-subject", "ce-type", "ce-anything"])("%s of a CloudEvent", async (name) => {
      const { post, log } = await noting();
      const attributes = {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "/a",
        "ce-type": "Noted",
      };
      const response = await post("/streams/note/1", {}, { ...attributes, [name]: "a\tb" });
      expect([response.status, (await read(response)).code]).toEqual([400, "invalid-header"]);
      expect((await post("/streams/note/1", {}, { ...attributes, "ce-subject": "M%C3%BCller" })).status).toBe(201);
      const [event] = await log();
      expect(event).toMatchObject({ meta: { cloudevents: { subject: "Müller" } } });
    });

    it("but a percent-encoded one is a key like any other", async () => {
      const { post } = await noting();
      for (const [key, version] of [
        ["order-M%C3%BCller", 1],
        ["order-M%C3%B6ller", 2],
      ] as const)
        expect((await read(await post("/streams/note/1", FACT, { "idempotency-key": key }))).version).toBe(version);
    });
  });

  describe("a body is JSON under any media type of JSON:", () => {
    it.each([
      "application/json",
      "APPLICATION/JSON; charset=utf-8",
      "application/vnd.acme.v1+json",
      "application/vnd.acme_x+json",
      "application/vnd.acme2+json;profile=x",
      "application/merge-patch+json",
      "application/x.a!#$&^b+json",
    ])("%s", async (type) => {
      const { post } = await noting();
      expect((await post("/streams/note/1", FACT, { "content-type": type })).status).toBe(201);
      expect((await post(COUNT, { by: 1 }, { "content-type": type })).status).toBe(200);
    });

    it.each(["application/jsonx", "application/+json", "application/a b+json", "text/json5", "image/svg+xml", "application/xml"])(
      "but not under %s",
      async (type) => {
        const { post } = await noting();
        const response = await post("/streams/note/1", FACT, { "content-type": type });
        expect([response.status, (await read(response)).code]).toEqual([415, "unsupported-media-type"]);
      },
    );
  });

  describe("a compressed body", () => {
    const zipped = (text: string | Uint8Array) => new Blob([new Uint8Array(gzipSync(text))]).stream();
    const line = JSON.stringify({ stream: "note/2", ...FACT });

    it.each(["gzip", "GZIP", "x-gzip"])("by %s is read like any other", async (coding) => {
      const { post, log } = await noting();
      const headers = { "content-encoding": coding };
      expect((await post("/streams/note/1", zipped(JSON.stringify(FACT)), headers)).status).toBe(201);
      expect((await post(COUNT, zipped('{"by":1}'), headers)).status).toBe(200);
      expect((await post("/import", zipped(`${line}\n${line}\n`), { ...headers, "idempotency-key": "k" })).status).toBe(200);
      expect(await log()).toHaveLength(4);
    });

    it("may be as large as any other, and no larger, however small it is when compressed", async () => {
      const { post, log } = freshStore("zipped");
      const spaces = (bytes: number) => zipped(`{"by":1}${" ".repeat(bytes - 8)}`);
      expect((await post(COUNT, spaces(COMMAND_BYTES), { "content-encoding": "gzip" })).status).toBe(200);
      for (const bytes of [COMMAND_BYTES + 1, 64 * COMMAND_BYTES]) {
        const response = await post(COUNT, spaces(bytes), { "content-encoding": "gzip" });
        expect([response.status, (await read(response)).code]).toEqual([413, "body-too-large"]);
      }
      expect(await log()).toHaveLength(1);
    });

    it("that is not in its declared encoding is refused, whole or cut short", async () => {
      const { post, log } = await noting();
      const whole = gzipSync(JSON.stringify(FACT));
      for (const bytes of [new TextEncoder().encode(JSON.stringify(FACT)), whole.subarray(0, whole.length - 9), whole.subarray(0, 5)]) {
        const body = new Blob([new Uint8Array(bytes)]).stream();
        const response = await post("/streams/note/1", body, { "content-encoding": "gzip" });
        expect([response.status, (await read(response)).code]).toEqual([400, "invalid-request"]);
      }
      expect(await log()).toEqual([]);
    });

    it.each(["br", "deflate", "zstd", "gzip, gzip", "compress"])(
      "by %s is refused, and the answer names the supported encoding",
      async (coding) => {
        const { post, log } = await noting();
        for (const path of ["/streams/note/1", COUNT, "/import"]) {
          const response = await post(path, JSON.stringify(FACT), { "content-encoding": coding });
          expect([response.status, (await read(response)).code]).toEqual([415, "unsupported-media-type"]);
          expect(response.headers.get("accept-encoding")).toBe("gzip");
        }
        expect(await log()).toEqual([]);
      },
    );
  });

  it.each([
    "/log?after=1&after=2",
    "/log?limit=1&limit=1",
    "/streams/note/1?from=1&from=2",
    "/aggregates/counter/1?version=1&version=1",
    "/log/streams?category=a&category=b",
    "/views/totals?limit=1&limit=2",
    "/views/totals/1?minPosition=1&minPosition=2",
  ])("a parameter that may have one value is refused with two: %s", async (path) => {
    const { post, get } = await noting();
    await post("/streams/note/1", FACT);
    await post(COUNT, { by: 1 });
    const response = await get(path);
    expect([response.status, await read(response)]).toMatchObject([400, { code: "invalid-request" }]);
    expect((await get("/log?type=Noted&type=Counted&__proto__=1")).status).toBe(400);
  });
}
