/** The console as a browser gets it. What it shows and does is tested in a browser: test/console. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createHttp } from "../../../src/http/worker.ts";
import { app } from "../app.ts";
import { read } from "../support.ts";

const http = createHttp(app, { console: true });
const get = async (path: string, headers: Record<string, string> = {}) => http.request(path, { headers }, env);

/** The script and the style that the page names. */
async function filesOfPage(): Promise<string[]> {
  const html = await (await get("/console")).text();
  return [...html.matchAll(/"(\/console\/files\/[^"]+)"/g)].map(([, path = ""]) => path);
}

describe("the console", () => {
  it("is one page under each of its paths, which runs its own script only, and is asked for again after a deployment", async () => {
    const page = await (await get("/console")).text();
    for (const path of ["/console", "/console/", "/console/log", "/console/views/totals"]) {
      const answer = await get(path);
      expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([200, "text/html; charset=UTF-8", page]);
      expect(answer.headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'self';.*frame-ancestors 'none'/);
      expect(answer.headers.get("cache-control")).toBe("no-cache");
    }
  });

  it("has its script and its style in the worker, compressed for those who accept that, and kept for good", async () => {
    const files = await filesOfPage();
    expect(files.map((path) => path.split(".").at(-1))).toEqual(["css", "js"]);
    for (const path of files) {
      const [plain, gzipped] = [await get(path, { "accept-encoding": "identity" }), await get(path, { "accept-encoding": "br, gzip" })];
      expect([plain.headers.get("content-encoding"), gzipped.headers.get("content-encoding")]).toEqual([null, "gzip"]);
      const unzipped = (gzipped.body as ReadableStream<Uint8Array>).pipeThrough(new DecompressionStream("gzip"));
      const text = await plain.text();
      expect(await new Response(unzipped).text()).toBe(text);
      expect(text.length).toBeGreaterThan(1_000);
      expect(gzipped.headers.get("cache-control")).toContain("immutable");
      expect(gzipped.headers.get("vary")).toContain("accept-encoding");
      expect(gzipped.headers.get("content-type")).toMatch(/^text\/(?:css|javascript); charset=utf-8$/);
    }
  });

  it("is a 404 for a file of an earlier deployment, and wherever the worker is not configured for it", async () => {
    const answer = await get("/console/files/console-earlier.js");
    expect([answer.status, (await read(answer)).detail]).toEqual([404, expect.stringContaining("load the page again")]);
    const off = createHttp(app);
    for (const path of ["/console", "/console/log", ...(await filesOfPage())]) expect((await off.request(path, {}, env)).status).toBe(404);
  });
});
