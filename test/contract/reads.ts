/** Reading a stream: what is known already, as lines, and what has ended. */

import { describe, expect, it } from "vitest";
import { type Service, read } from "./http.ts";

export function reads({ freshStore }: Service): void {
  const STREAM = "/streams/sample/1";
  /** Waits for the position, however busy the machine is. */
  const PATIENT = { prefer: "wait=30" };
  const LINES = { accept: "application/x-ndjson" };

  /** A store whose stream `sample/1` has this many events; every second one is a calibration. */
  async function filled(count: number) {
    const store = freshStore("reads");
    const events = Array.from({ length: count }, (_, value) =>
      value % 2 ? { type: "Calibrated", data: {} } : { type: "Read", data: { value } },
    );
    for (let at = 0; at < count; at += 1_000) {
      expect((await store.post(STREAM, { events: events.slice(at, at + 1_000) }, PATIENT)).status).toBe(201);
    }
    return store;
  }

  /** The lines of an answer. Not by `text()`, which says in the console that it does not know the media type. */
  async function linesOf(response: Response): Promise<{ version: number }[]> {
    const text = new TextDecoder().decode(await response.arrayBuffer());
    return text === ""
      ? []
      : text
          .trimEnd()
          .split("\n")
          .map((one) => JSON.parse(one));
  }

  const versionsOf = async (response: Response) => (await linesOf(response)).map(({ version }) => version);

  describe("a stream that the reader knows already", () => {
    it("is not sent again as long as it has that version", async () => {
      const { get, post } = await filled(2);
      const first = await get(STREAM);
      expect(first.headers.get("etag")).toBe('"2"');
      expect(first.headers.get("vary")).toContain("accept");
      for (const tag of ['"2"', 'W/"2"', '"1", "2"', "*"]) {
        for (const accept of ["application/json", "application/x-ndjson", "application/cloudevents-batch+json"]) {
          const again = await get(STREAM, { "if-none-match": tag, accept });
          expect(again.status).toBe(304);
          expect(again.headers.get("etag")).toBe('"2"');
          expect(await again.text()).toBe("");
        }
      }
      expect((await get(STREAM, { "if-none-match": '"1"' })).status).toBe(200);
      await post(STREAM, { type: "Calibrated", data: {} });
      expect((await get(STREAM, { "if-none-match": '"2"' })).status).toBe(200);
    });

    it("that does not exist is a 404, whatever the reader knows", async () => {
      const { get } = freshStore("reads");
      expect((await get(STREAM, { "if-none-match": "*" })).status).toBe(404);
    });
  });

  it("every page shows whether another one follows, and Link leads there", async () => {
    const { get, post } = await filled(3);
    for (let id = 2; id <= 3; id++) await post(`/streams/sample/${id}`, { type: "Calibrated", data: {} });
    for (const path of [
      `${STREAM}?limit=2`,
      `${STREAM}?limit=2&direction=backward`,
      "/log?limit=4",
      "/log?limit=4&direction=backward",
      "/log/streams?limit=2",
    ]) {
      const first = await get(path);
      const link = /^<(.+)>; rel="next"$/.exec(first.headers.get("link") ?? "")?.[1];
      expect([path, (await read(first)).hasMore]).toEqual([path, true]);
      const last = await get((link ?? "").replace(/^\/stores\/[^/]+/, ""));
      expect([path, (await read(last)).hasMore, last.headers.get("link")]).toEqual([path, false, null]);
    }
    expect(await read(await get("/log/events/0198c2a6-1111-7abc-8def-000000000001"))).toMatchObject({ events: [], hasMore: false });
  });

  it.each([
    ['"1"', undefined, 1],
    ['W/"1"', undefined, 1],
    ["*", undefined, "existing"],
    [undefined, "*", "absent"],
  ] as const)(
    "a write whose condition does not hold is answered with what was expected: If-Match %s, If-None-Match %s",
    async (match, noneMatch, expected) => {
      const { post } = await filled(2);
      const path = expected === "existing" ? "/streams/sample/none" : STREAM;
      const headers: Record<string, string> = {
        ...(match ? { "if-match": match } : {}),
        ...(noneMatch ? { "if-none-match": noneMatch } : {}),
      };
      const response = await post(path, { type: "Calibrated", data: {} }, headers);
      const actual = expected === "existing" ? 0 : 2;
      expect([response.status, await read(response)]).toMatchObject([412, { code: "version-conflict", expected, actual }]);
    },
  );

  describe("HEAD", () => {
    it("has the version, and nothing else", async () => {
      const { send } = await filled(3);
      const response = await send("HEAD", STREAM);
      expect(response.status).toBe(200);
      expect(response.headers.get("etag")).toBe('"3"');
      expect(await response.text()).toBe("");
      expect((await send("HEAD", STREAM, undefined, { "if-none-match": '"3"' })).status).toBe(304);
    });

    it("has the status of an unknown stream or category, and of a deleted stream", async () => {
      const { send } = await filled(1);
      expect((await send("HEAD", "/streams/sample/2")).status).toBe(404);
      expect((await send("HEAD", "/streams/unknown/2")).status).toBe(404);
      await send("DELETE", STREAM);
      expect((await send("HEAD", STREAM)).status).toBe(410);
    });
  });

  describe("a stream as lines of JSON", () => {
    it("is complete, in both directions, filtered as asked", async () => {
      const { get } = await filled(2_500);
      const versions = async (query: string) => versionsOf(await get(`${STREAM}${query}`, LINES));
      const all = Array.from({ length: 2_500 }, (_, index) => index + 1);
      const response = await get(STREAM, LINES);
      expect(response.headers.get("content-type")).toBe("application/x-ndjson");
      expect(response.headers.get("etag")).toBe('"2500"');
      expect(await versionsOf(response)).toEqual(all);
      expect(await versions("?direction=backward")).toEqual(all.toReversed());
      expect(await versions("?from=1200&to=2300")).toEqual(all.slice(1_199, 2_300));
      expect(await versions("?from=1200&to=2300&direction=backward")).toEqual(all.slice(1_199, 2_300).toReversed());
      expect(await versions("?type=Calibrated")).toEqual(all.filter((version) => version % 2 === 0));
      expect(await versions("?from=2501")).toEqual([]);
    });

    it("is the same as its pages", async () => {
      const { get, json } = await filled(5);
      const lines = await linesOf(await get(`${STREAM}?positions=true`, LINES));
      expect(lines).toEqual((await json(`${STREAM}?positions=true`)).events);
      expect(lines[4]).toMatchObject({ version: 5, position: 5 });
    });

    it("ends where the stream ended at the time of the request", async () => {
      const { get, post } = await filled(1_500);
      const response = await get(STREAM, LINES);
      await post(STREAM, { type: "Calibrated", data: {} });
      expect(await versionsOf(response)).toHaveLength(1_500);
    });

    it("is a problem document when there is nothing to send", async () => {
      const { get } = freshStore("reads");
      const response = await get(STREAM, LINES);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await read(response)).toMatchObject({ status: 404, code: "unknown-stream" });
      expect(await read(await get(`${STREAM}?limit=5`, LINES))).toMatchObject({ status: 400, code: "invalid-request" });
    });
  });

  describe("a type that is rare in a long stream", () => {
    const rare = async () => {
      const store = freshStore("reads");
      const calibrated = Array.from({ length: 1_000 }, () => ({ type: "Calibrated", data: {} }));
      const one = { type: "Read", data: { value: 1 } };
      // The first event, the last of what one page looks at, the first beyond it, and the last.
      for (const events of [
        [one, ...calibrated.slice(1)],
        ...[2, 3, 4].map(() => calibrated),
        [...calibrated.slice(1), one],
        [one, ...calibrated.slice(1)],
        [...calibrated.slice(1), one],
      ]) {
        expect((await store.post(STREAM, { events })).status).toBe(201);
      }
      return store;
    };

    it.each([
      ["forward", [1, 5_000, 5_001, 7_000]],
      ["backward", [7_000, 5_001, 5_000, 1]],
    ])("is found %s in pages that each read a bounded number of further events", async (direction, expected) => {
      const { json, get } = await rare();
      const query = `?type=Read&direction=${direction}`;
      const pages: number[][] = [];
      for (let path: string | undefined = STREAM + query; path !== undefined;) {
        const { events, next }: { events: { version: number }[]; next?: string } = await json(path);
        pages.push(events.map(({ version }) => version));
        path = next?.replace(/^\/stores\/[^/]+/, "");
      }
      expect(pages.flat()).toEqual(expected);
      expect(pages).toHaveLength(2);
      expect(await versionsOf(await get(STREAM + query, LINES))).toEqual(expected);
      expect((await json(`${STREAM}?type=None&direction=${direction}`)).next).toContain(direction === "forward" ? "from=5001" : "to=2000");
    });
  });

  describe("deleting a stream", () => {
    it("ends it: later reads and writes are a 410", async () => {
      const { send, get, post } = await filled(2);
      const response = await send("DELETE", STREAM, undefined, PATIENT);
      expect(response.status).toBe(200);
      expect(response.headers.get("etag")).toBe('"3"');
      expect(await read(response)).toMatchObject({
        stream: "sample/1",
        version: 3,
        position: 3,
        events: [{ type: "$deleted", version: 3 }],
      });
      for (const later of [get(STREAM), get(STREAM, LINES), post(STREAM, { type: "Calibrated", data: {} }), send("DELETE", STREAM)]) {
        const answer = await later;
        expect(answer.headers.get("content-type")).toBe("application/problem+json");
        expect(await read(answer)).toMatchObject({ status: 410, code: "stream-deleted" });
      }
    });

    it("may have a condition", async () => {
      const { send, get } = await filled(2);
      expect(await read(await send("DELETE", STREAM, undefined, { "if-match": '"1"' }))).toMatchObject({
        status: 412,
        code: "version-conflict",
      });
      expect((await get(STREAM)).status).toBe(200);
      expect((await send("DELETE", STREAM, undefined, { "if-match": '"2"' })).status).toBe(200);
    });

    it("is a 404 if it was never written to, and a 400 if its category is unknown", async () => {
      const { send } = freshStore("reads");
      expect(await read(await send("DELETE", STREAM))).toMatchObject({ status: 404, code: "unknown-stream" });
      expect(await read(await send("DELETE", "/streams/unknown/1"))).toMatchObject({ status: 404, code: "unknown-stream" });
      expect(await read(await send("DELETE", `${STREAM}?erase=perhaps`))).toMatchObject({ status: 400, code: "invalid-request" });
    });
  });
}
