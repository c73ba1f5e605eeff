/** The fuzzer for a short time: `npm run fuzz` goes on for as long as you like, and test/fuzz is how it works. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Runtime, startRuntime } from "../../bench/runtime.ts";
import { type Report, fuzz } from "../fuzz/fuzzer.ts";
import { API_TOKENS, CALLERS } from "../fuzz/tokens.ts";
import { Wire } from "../fuzz/wire.ts";
import { runs } from "../effort.ts";

const REQUESTS = runs(5_000);
const SEED = 9;

let runtime: Runtime;
beforeAll(async () => {
  // What fails here fails on purpose, and says so each time.
  runtime = await startRuntime("test/workers/worker.ts", { variables: { API_TOKENS }, log: () => {} });
});
afterAll(() => runtime.stop());

function statusesOf({ counts }: Report, kind: string): number[] {
  return [...counts.keys()].filter((key) => key.startsWith(kind)).map((key) => Number(key.split(" ")[1]));
}

describe("a store that gets requests that nobody should send", () => {
  it("answers all of them as promised, stores only what it acknowledged, and goes on working", async () => {
    const report = await fuzz({ url: runtime.url, callers: CALLERS, seed: SEED, requests: REQUESTS });
    expect(report.findings).toEqual([]);
    // Nothing is proved by requests that are all refused for the same reason.
    expect(statusesOf(report, "mutated")).toEqual(expect.arrayContaining([200, 201, 202, 400, 404, 405, 409, 413, 422]));
    expect(statusesOf(report, "forbidden")).toEqual(expect.arrayContaining([401, 403]));
    expect(statusesOf(report, "broken")).toEqual(expect.arrayContaining([400]));
  });

  it("waits for a body that arrives byte by byte", async () => {
    const wire = new Wire(runtime.url, 1);
    const body = '{"type":"Raised","data":{"from":"a","value":1}}';
    const head = `POST /stores/slow/streams/alarm/1 HTTP/1.1\r\nHost: store\r\nAuthorization: ${CALLERS.all}\r\nConnection: close\r\n`;
    const text = await wire.raw([`${head}Content-Length: ${body.length}\r\n\r\n`, ...body.split("")], "stay", 5, 20_000);
    expect(text).toMatch(/^HTTP\/1\.1 201 /);
    wire.close();
  });

  it.each([
    ["of a length that does not come", "Content-Length: 40\r\n\r\n", '{"type":"Rai'],
    ["in chunks of which the last does not come", "Transfer-Encoding: chunked\r\n\r\n", '5\r\n{"typ\r\n'],
  ])("reports that a body broke off: one %s", async (_what, length, body) => {
    const wire = new Wire(runtime.url, 1);
    for (const path of ["/stores/broken/streams/alarm/1", "/stores/broken/import"]) {
      const head = `POST ${path} HTTP/1.1\r\nHost: store\r\nAuthorization: ${CALLERS.all}\r\nConnection: close\r\n`;
      const text = await wire.raw([head + length, body], "half", 10, 10_000);
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect(text).toContain('"code":"invalid-request"');
      expect(text).toContain("broke off");
    }
    const { text } = await wire.send({ method: "GET", path: "/stores/broken/log/head", headers: { Authorization: CALLERS.all } });
    expect(text).toBe('{"head":0}');
    wire.close();
  });
});
