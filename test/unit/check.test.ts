/** `headspring check` without a store: how it compares data with schemas and versions with each other, and what it does with strange answers. */

import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as z from "zod";
import { afterEach, describe, expect, it } from "vitest";
import { findingsAgainst } from "../../src/cli/check/check.ts";
import { compareVersions, isOlder } from "../../src/cli/check/compare-versions.ts";
import type { Deployed } from "../../src/cli/check/deployed.ts";
import { fitOf } from "../../src/cli/check/fit.ts";
import { inspect } from "../../src/cli/check/inspect.ts";
import { windowsOf } from "../../src/cli/check/stored.ts";
import { Connection } from "../../src/client/connection.ts";
import { defineApp } from "../../src/index.ts";
import { shop } from "../../src/shop/app.ts";

describe("stored data and a schema", () => {
  const fits = (schema: z.ZodType, data: object) => fitOf(schema as never)(data, JSON.stringify(data));

  it("are compared in the schema's output form", () => {
    expect(fits(z.object({ on: z.stringbool() }), { on: true })).toBeUndefined();
    expect(fits(z.object({ on: z.stringbool() }), { on: "yes" })).toMatchObject({ path: "on" });
    expect(fits(z.object({ n: z.number().transform((n) => n / 100) }), { n: 1 })).toBeUndefined();
    expect(fits(z.object({ n: z.number().transform((n) => n / 100), to: z.string() }), { n: 1 })).toMatchObject({
      what: expect.stringContaining("`data"),
    });
    expect(fits(z.object({ n: z.coerce.number() }), { n: "1" })).toMatchObject({ path: "n" });
    expect(fits(z.object({ n: z.number().default(1) }), {})).toMatchObject({ path: "n" });
    expect(fits(z.object({ n: z.number().catch(1) }), { n: "one" })).toMatchObject({ path: "n" });
  });

  it("may differ in members that the schema does not name, and formats are checked as zod does", () => {
    expect(fits(z.strictObject({ a: z.string() }), { a: "a", b: 1 })).toBeUndefined();
    expect(
      fits(z.object({ u: z.union([z.strictObject({ a: z.string() }), z.strictObject({ b: z.string() })]) }), { u: { a: "a", c: 1 } }),
    ).toBeUndefined();
    expect(fits(z.object({ u: z.strictObject({ a: z.string() }) }), { u: { a: 1, c: 1 } })).toMatchObject({ path: "u.a" });
    expect(
      fits(z.object({ url: z.url(), at: z.iso.datetime(), mail: z.email() }), { url: "x:y z", at: "2026-01-01T00:00:00Z", mail: "a@b.co" }),
    ).toBeUndefined();
    expect(fits(z.object({ mail: z.email() }), { mail: "no" })).toMatchObject({ path: "mail" });
    // A member may be called like a keyword, also where only the JSON Schema knows its type.
    for (const name of ["format", "pattern", "additionalProperties"])
      expect(fits(z.object({ [name]: z.coerce.number() }), { [name]: "1" })).toMatchObject({ path: name });
  });

  it("lead to messages that never contain the value", () => {
    expect(JSON.stringify(fits(z.object({ pin: z.number() }), { pin: "a secret" }))).not.toContain("a secret");
    expect(JSON.stringify(fits(z.object({ pin: z.enum(["a", "b"]) }), { pin: "a secret" }))).not.toContain("a secret");
  });
});

describe("a sample", () => {
  it("has the first and the last events and the number asked for, in ranges that do not overlap", () => {
    for (const [begin, head, sample] of [
      [0, 1_000_000, 10_000],
      [500, 10_000, 250],
      [0, 101, 100],
      [7, 5_000, 4_999],
    ] as const) {
      const windows = windowsOf(begin, head, sample);
      const count = windows.reduce((sum, { after, to }) => sum + to - after, 0);
      expect(count).toBeLessThanOrEqual(head - begin);
      expect(count).toBeGreaterThan(sample * 0.9);
      expect(windows.at(-1)!.to).toBe(head);
      if (windows.length > 1) expect(windows[0]!.after).toBe(begin);
      for (const [index, { after, to }] of windows.entries()) {
        expect(to).toBeGreaterThan(after);
        if (index > 0) expect(after).toBeGreaterThanOrEqual(windows[index - 1]!.to);
      }
    }
    expect(windowsOf(0, 10)).toEqual([{ after: 0, to: 10 }]);
    expect(windowsOf(10, 10)).toEqual([]);
    expect(windowsOf(0, 1_000, 5)).toEqual([{ after: 995, to: 1_000 }]);
  });
});

describe("versions", () => {
  it("are compared by Semantic Versioning", () => {
    const order = [
      "0.1.9",
      "0.2.0-alpha",
      "0.2.0-alpha.1",
      "0.2.0-alpha.beta",
      "0.2.0-beta.2",
      "0.2.0-beta.11",
      "0.2.0",
      "0.10.0",
      "1.0.0",
    ];
    for (const [a, one] of order.entries())
      for (const [b, other] of order.entries()) expect([one, other, isOlder(one, other)]).toEqual([one, other, a < b]);
    expect(isOlder("0.2.0+a", "0.2.0+b")).toBe(false);
    expect(isOlder("0.2.0", "\u001b[31m9.9.9")).toBe(false);
  });

  it("are reported if the package or its stored form is older than the deployed one", () => {
    const app = inspect(shop);
    const of = (version: string, formats: Deployed["formats"]) => compareVersions("0.2.0", app, { version, formats } as Deployed);
    expect(of("0.2.0", app.formats)).toEqual([]);
    expect(of("0.1.0", undefined)).toEqual([]);
    expect(of("0.3.0", app.formats)).toMatchObject([{ severity: "breaks", code: "package-older" }]);
    expect(of("0.2.0", { ...app.formats, LOGS: 99 })).toMatchObject([{ severity: "breaks", code: "storage-newer", about: "LOGS" }]);
    expect(of("0.2.0", { ...app.formats, QUEUES: 1 })).toMatchObject([{ code: "storage-newer", about: "QUEUES" }]);
  });
});

describe("a check of another program", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  const EMPTY = { categories: [], views: [], processors: [] };
  const GOOD: Readonly<Record<string, string>> = {
    "/openapi.json": '{"info": {"version": "0.2.0-dev"}}',
    "/app": JSON.stringify(EMPTY),
    "/views": '{"views": []}',
    "/metrics": "",
    "/log/head": '{"head": 3}',
  };
  const LINE = (position: number, members: object = {}) =>
    JSON.stringify({
      id: "i",
      stream: "a/b",
      version: position,
      position,
      type: "T",
      data: {},
      meta: {},
      time: "",
      recordedAt: "",
      ...members,
    });

  async function against(answers: Readonly<Record<string, string | RequestListener>>) {
    server = createServer((request, response) => {
      const path = request.url!.replace(/\?.*$/, "");
      const answer = answers[path] ?? GOOD[path] ?? "{}";
      if (typeof answer === "function") answer(request, response);
      else response.end(answer);
    });
    await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
    const connection = new Connection(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {});
    return findingsAgainst({ connection, service: connection }, inspect(defineApp({})), {}, "0.2.0-dev");
  }

  it.each([
    ["a page", { "/app": "<html>" }, "/app is not JSON"],
    ["other members", { "/app": '{"categories": 1}' }, "/app is not what a Headspring store answers: categories"],
    ["null", { "/views": "null" }, "/views is not what"],
    ["a head that is not a position", { "/log/head": '{"head": -1}' }, "/log/head is not what"],
    ["no lines", { "/log": "" }, "breaks off"],
    ["a log that does not move on", { "/log": `${LINE(1)}\n{"next": 0}\n` }, "breaks off"],
    ["a log that goes too far", { "/log": `${LINE(1)}\n{"next": 9}\n` }, "breaks off"],
    ["lines that are not events", { "/log": `{"id": 1}\n{"next": 3}\n` }, "an event after position 0 is not what"],
    ["data that is not an object", { "/log": `${LINE(1, { data: [] })}\n{"next": 3}\n` }, "an event after position 0"],
  ] as const)("%s", async (_what, answers, message) => {
    await expect(against(answers)).rejects.toMatchObject({ code: "unexpected-answer", message: expect.stringContaining(message) });
  });

  it("gives up on an answer that does not end", async () => {
    const endless: RequestListener = (_request, response) => {
      const piece = "x".repeat(1_048_576);
      const more = () => {
        while (response.write(piece));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    };
    await expect(against({ "/app": endless })).rejects.toMatchObject({
      code: "unexpected-answer",
      message: "the answer to /app does not end",
    });
  });

  it("treats names like those of every object's members, and a prototype in data, as names and data", async () => {
    const app = { ...EMPTY, categories: [{ name: "__proto__", kind: "plain", origin: "code", events: [{ type: "constructor" }] }] };
    const log = [
      LINE(1, { stream: "__proto__/x", type: "constructor" }),
      LINE(2, { stream: "constructor/x", type: "__proto__" }),
      '{"next": 3}',
    ].join("\n");
    const { findings, events } = await against({
      "/app": JSON.stringify(app),
      "/log": log.replace('"data":{}', '"data":{"__proto__":{"polluted":1}}'),
      "/streams/__proto__": '{"kind": "plain", "origin": "code", "events": {"__proto__": {}}}',
      "/log/streams": '{"streams": [{}]}',
    });
    expect(events).toBe(2);
    expect(findings).toMatchObject([{ code: "category-removed", about: "__proto__" }]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it("reports a deployment that cannot read its stored data as a finding, not as an error", async () => {
    const problem = { code: "stored-by-newer-code", detail: "version 3 of what LOGS store" };
    const refusing: RequestListener = (_request, response) => response.writeHead(503).end(JSON.stringify(problem));
    const { findings } = await against({ "/log/head": refusing });
    expect(findings).toMatchObject([{ severity: "breaks", code: "stored-by-newer-code" }]);
  });
});
