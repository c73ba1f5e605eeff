/** What browsers get: security headers with every answer, and CORS where a deployment asks for it. */

import { describe, expect, it } from "vitest";
import { createHttp } from "../../../src/http/worker.ts";
import { app } from "../app.ts";
import { read } from "../support.ts";
import { type Bearer, deploymentWith, headerOf } from "./tokens.ts";

const http = createHttp(app);
const OURS = "https://app.example";
const ME: Bearer = { rights: "all", stores: "every" };
const ALLOWED = { CORS_ORIGINS: `${OURS}/, https://other.example` };

const SSE = { accept: "text/event-stream" };
const LINES = { accept: "application/x-ndjson" };

async function ask(path: string, headers: Record<string, string> = {}, variables: object = {}, method = "GET"): Promise<Response> {
  return http.request(path, { method, headers: { ...headerOf(ME), ...headers } }, deploymentWith(variables));
}

const corsHeaders = ({ headers }: Response) => [...headers.keys()].filter((name) => name.startsWith("access-control-"));

const ANSWERS = [
  ["a page", "/log", {}],
  ["an error", "/nothing", {}],
  ["a refusal", "/log", { authorization: "Bearer guessed" }],
  ["something not modified", "/openapi.json", { "if-none-match": "*" }],
  ["server-sent events", "/log", SSE],
  ["lines", "/log", LINES],
  ["the documentation", "/docs", {}],
  ["what is open to all", "/health", {}],
] as const;

describe.each(ANSWERS)("%s", (_what, path, headers) => {
  it("may not be sniffed, framed, cached for others, or leaked as a referrer", async () => {
    const response = await ask(path, headers);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'.*frame-ancestors 'none'/);
    expect(response.headers.get("cache-control")).toMatch(/^(?:private|no-store)/);
    expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    await response.body?.cancel();
  });

  it("shows nothing to other origins", async () => {
    const response = await ask(path, { ...headers, origin: OURS });
    expect(corsHeaders(response)).toEqual([]);
    await response.body?.cancel();
  });

  it("may be read by an origin that the deployment names, and by no other", async () => {
    const response = await ask(path, { ...headers, origin: OURS }, ALLOWED);
    expect(response.headers.get("access-control-allow-origin")).toBe(OURS);
    expect(response.headers.get("access-control-allow-credentials")).toBeNull();
    expect(response.headers.get("vary")).toMatch(/\borigin\b/i);
    const exposed = response.headers.get("access-control-expose-headers")?.split(",");
    expect(exposed).toEqual(
      expect.arrayContaining(["ETag", "Link", "Location", "Headspring-Position", "Idempotent-Replayed", "Retry-After"]),
    );
    await response.body?.cancel();
    for (const origin of ["https://evil.example", "http://app.example", `${OURS}.evil.example`, "null"]) {
      const refused = await ask(path, { ...headers, origin }, ALLOWED);
      expect([origin, refused.headers.get("access-control-allow-origin")]).toEqual([origin, null]);
      await refused.body?.cancel();
    }
  });
});

describe("an answer that varies by Accept", () => {
  it("varies by the origin too", async () => {
    expect((await ask("/log", { origin: OURS }, ALLOWED)).headers.get("vary")).toBe("accept, Origin");
  });
});

describe("a preflight", () => {
  const PREFLIGHT = {
    authorization: "",
    origin: OURS,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,idempotency-key,ce-id",
  };

  it("needs no token, and allows methods and headers", async () => {
    const response = await ask("/streams/alarm/1", PREFLIGHT, ALLOWED, "OPTIONS");
    expect([response.status, await response.text()]).toEqual([204, ""]);
    expect(response.headers.get("access-control-allow-origin")).toBe(OURS);
    expect(response.headers.get("access-control-allow-methods")).toBe("GET,HEAD,POST,PUT,PATCH,DELETE");
    expect(response.headers.get("access-control-allow-headers")).toBe("authorization,idempotency-key,ce-id");
    expect(response.headers.get("access-control-max-age")).toBe("7200");
  });

  it("allows nothing to an origin that is not named, nor in a deployment that names none", async () => {
    const other = await ask("/streams/alarm/1", { ...PREFLIGHT, origin: "https://evil.example" }, ALLOWED, "OPTIONS");
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
    const none = await ask("/streams/alarm/1", PREFLIGHT, {}, "OPTIONS");
    expect([none.status, corsHeaders(none)]).toEqual([401, []]);
  });

  it("allows every origin where the deployment names `*`", async () => {
    const response = await ask("/log", PREFLIGHT, { CORS_ORIGINS: "*" }, "OPTIONS");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-credentials")).toBeNull();
  });
});

describe("streaming answers", () => {
  it.each([{}, ALLOWED])("go on streaming, with %o", async (variables) => {
    const response = await ask("/stores/stream/log", { ...SSE, origin: OURS }, variables);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("cache-control")).toBe("no-store, no-transform");
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain("retry:");
    await reader?.cancel();
  });

  it.each([{}, ALLOWED])("turn into a WebSocket, with %o", async (variables) => {
    const response = await ask("/stores/stream/log", { upgrade: "websocket", origin: OURS }, variables);
    expect([response.status, response.webSocket === null]).toEqual([101, false]);
    response.webSocket?.accept();
    response.webSocket?.close();
  });
});

describe("a browser that came by https", () => {
  it("uses nothing else from then on", async () => {
    expect((await ask("https://store.example/health")).headers.get("strict-transport-security")).toBe("max-age=31536000");
    expect((await ask("http://store.example/health")).headers.has("strict-transport-security")).toBe(false);
  });
});

describe("the first page", () => {
  it("leads to the console where that is on, browsers as well as programs", async () => {
    for (const hasConsole of [true, false]) {
      const ask = async (accept: string) =>
        createHttp(app, { console: hasConsole }).request("/", { headers: { accept } }, deploymentWith({}));
      expect((await read(await ask("*/*"))).links.console).toBe(hasConsole ? "/console" : undefined);
      expect((await (await ask("text/html")).text()).includes('href="/console"')).toBe(hasConsole);
    }
  });
});
