/** The service itself, and who may do what. */

import { describe, expect, it } from "vitest";
import { FORMATS } from "../../src/store/stored-format.ts";
import { type Service, bearer, read } from "./http.ts";

export function service({ fetch, freshStore }: Service): void {
  const NO_TOKEN = { authorization: "" };

  describe("the service", () => {
    it("GET / describes the service and where to go on, to anybody", async () => {
      const response = await fetch("/", { headers: NO_TOKEN });
      expect(response.status).toBe(200);
      expect(await read(response)).toMatchObject({
        name: "Headspring",
        aggregates: expect.arrayContaining(["counter"]),
        categories: expect.arrayContaining(["alarm"]),
        links: { openapi: "/openapi.json", docs: "/docs", log: "/log", streams: "/streams" },
      });
    });

    it("GET / is a page for a browser that loads nothing and shows what the JSON has", async () => {
      const accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
      const page = await fetch("/", { headers: { ...NO_TOKEN, accept } });
      expect([page.status, page.headers.get("content-type"), page.headers.get("vary")]).toEqual([
        200,
        "text/html; charset=utf-8",
        "Accept",
      ]);
      expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
      const html = await page.text();
      const { aggregates, categories, views, links } = await read(await fetch("/", { headers: { ...NO_TOKEN, accept: "*/*" } }));
      for (const name of [...aggregates, ...categories, ...views]) expect(html).toContain(`<code>${name}</code>`);
      const targets = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, target]) => target);
      expect(new Set(targets)).toEqual(new Set(Object.values(links)));
    });

    it("GET /health reports that the service is up, to anybody", async () => {
      const response = await fetch("/health", { headers: NO_TOKEN });
      expect([response.status, await read(response)]).toEqual([200, { status: "ok" }]);
    });

    it("GET /openapi.json is the document, and a 304 for a client that has it", async () => {
      const response = await fetch("/openapi.json");
      expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
      const etag = response.headers.get("etag") ?? "";
      expect(await read(response)).toMatchObject({ openapi: "3.1.1", paths: { "/aggregates/counter/{id}/Count": { post: {} } } });
      const again = await fetch("/openapi.json", { headers: { "if-none-match": etag } });
      expect([again.status, again.headers.get("etag"), await again.text()]).toEqual([304, etag, ""]);
    });

    it("GET /docs is a page", async () => {
      const response = await fetch("/docs");
      expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
      expect(await response.text()).toContain("/aggregates/counter/{id}/Count");
    });

    it("GET /problems explains every problem, to anybody: as JSON, and as a page for a browser", async () => {
      const { problems } = await read(await fetch("/problems", { headers: NO_TOKEN }));
      const conflict = problems.find(({ code }: { code: string }) => code === "version-conflict");
      expect(conflict).toEqual({
        code: "version-conflict",
        type: "/problems/version-conflict",
        status: 412,
        title: expect.any(String),
        when: expect.any(String),
        remedy: expect.any(String),
      });
      const accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
      for (const path of ["/problems", "/problems/version-conflict"]) {
        const page = await fetch(path, { headers: { ...NO_TOKEN, accept } });
        expect([page.status, page.headers.get("content-type"), page.headers.get("vary")]).toEqual([
          200,
          "text/html; charset=utf-8",
          "Accept",
        ]);
        expect(await page.text()).toContain(conflict.title);
      }
    });

    it("the `type` of a problem leads to its explanation", async () => {
      const problem = await read(await fetch("/nowhere"));
      const explanation = await fetch(problem.type);
      expect([explanation.status, explanation.headers.get("content-type")]).toEqual([200, "application/json"]);
      expect(await read(explanation)).toMatchObject({ code: "not-found", type: problem.type, status: 404, title: problem.title });
      const unknown = await fetch("/problems/constructor");
      expect([unknown.status, (await read(unknown)).code]).toEqual([404, "not-found"]);
    });

    it("GET /app lists the parts of the code and this store, and what each of them follows and emits", async () => {
      const { send, json } = freshStore("app");
      await send("PUT", "/streams/sighting", { key: "bird", events: { Seen: { type: "object" } } });
      await send("PUT", "/streams/sighting", { key: "bird", events: { Seen: { type: "object", "x-version": 2 } } });
      const { categories, views, processors, sources, formats } = await json("/app");
      expect(categories).toContainEqual(
        expect.objectContaining({ name: "counter", kind: "aggregate", origin: "code", commands: expect.arrayContaining(["Count"]) }),
      );
      expect(categories).toContainEqual({
        name: "sighting",
        kind: "plain",
        origin: "api",
        key: "bird",
        strict: true,
        events: [{ type: "Seen", schemaVersion: 2 }],
      });
      expect(views).toContainEqual(
        expect.objectContaining({ name: "totals", origin: "code", follows: [{ category: "counter", types: ["Counted"] }], key: "counter" }),
      );
      expect(processors).toContainEqual(
        expect.objectContaining({
          name: "relay",
          kind: "reactor",
          follows: expect.arrayContaining([{ category: "reading", types: ["Read"] }]),
          emits: expect.arrayContaining([
            expect.objectContaining({ category: "alarm" }),
            expect.objectContaining({ aggregate: "counter" }),
          ]),
        }),
      );
      expect(sources).toEqual([]);
      expect(formats).toEqual(FORMATS);
      // Another store has other definitions.
      expect((await read(await fetch("/app"))).categories).not.toContainEqual(expect.objectContaining({ name: "sighting" }));
    });

    it("GET /caller shows what a token allows in this store, even if that is nothing", async () => {
      const { store, json } = freshStore("caller");
      expect(await json("/caller")).toEqual({ by: "all", rights: ["read", "write", "admin"], stores: ["*"] });
      expect(await json("/caller", bearer("read"))).toEqual({ by: "read", rights: ["read"], stores: ["*"] });
      const elsewhere = { by: "elsewhere", stores: ["elsewhere"] };
      expect(await json("/caller", bearer("elsewhere"))).toEqual({ ...elsewhere, rights: [] });
      expect(await read(await fetch("/stores/elsewhere/caller", { headers: bearer("elsewhere") }))).toMatchObject({
        rights: ["read", "write", "admin"],
      });
      for (const path of ["/caller", `/stores/${store}/caller`]) {
        const response = await fetch(path, { headers: NO_TOKEN });
        expect([response.status, (await read(response)).code]).toEqual([401, "unauthorized"]);
      }
    });

    it("HEAD is answered wherever GET is", async () => {
      for (const path of ["/", "/health", "/openapi.json", "/docs", "/problems", "/problems/forbidden", "/app", "/caller"]) {
        const response = await fetch(path, { method: "HEAD" });
        expect([path, response.status, await response.text()]).toEqual([path, 200, ""]);
      }
      const { send } = freshStore("service");
      for (const path of ["/log", "/log/head", "/log/streams", "/streams", "/streams/counter"]) {
        const response = await send("HEAD", path);
        expect([path, response.status, await response.text()]).toEqual([path, 200, ""]);
      }
    });

    it("an unsupported method is answered with the methods that the path supports", async () => {
      const { send } = freshStore("service");
      const response = await send("PATCH", "/streams/counter/1", {});
      expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, POST, DELETE, HEAD"]);
    });
  });

  describe("a token", () => {
    it.each([
      ["no token", NO_TOKEN, 401, "unauthorized"],
      ["an unknown token", { authorization: "Bearer guessed" }, 401, "unauthorized"],
      ["another scheme", { authorization: "Basic dG9rZW4tYWxs" }, 401, "unauthorized"],
      ["a token without the right", bearer("write"), 403, "forbidden"],
      ["a token for another store", bearer("elsewhere"), 403, "forbidden"],
    ])("is required: %s reads nothing", async (_who, headers, status, code) => {
      const { get } = freshStore("tokens");
      for (const path of ["/log", "/streams", "/streams/counter/1", "/aggregates/counter/1"]) {
        const response = await get(path, headers);
        expect([path, response.status, (await read(response)).code]).toEqual([path, status, code]);
        expect(response.headers.get("www-authenticate")).toMatch(status === 401 ? /^Bearer/ : /error="insufficient_scope"/);
      }
    });

    it("with the right to read reads, and writes nothing", async () => {
      const { get, post, send } = freshStore("tokens");
      expect((await get("/log", bearer("read"))).status).toBe(200);
      expect((await post("/aggregates/counter/1/Count", {}, bearer("read"))).status).toBe(403);
      expect((await send("DELETE", "/streams/counter/1", undefined, bearer("read"))).status).toBe(403);
      expect((await get("/aggregates/counter/1")).status).toBe(404);
    });

    it("with the right to write sends commands, appends and deletes, and neither reads nor administers", async () => {
      const { get, post, send } = freshStore("tokens");
      expect((await post("/aggregates/counter/1/Count", {}, bearer("write"))).status).toBe(200);
      expect((await post("/streams/alarm/1", { type: "Raised", data: { from: "a", value: 1 } }, bearer("write"))).status).toBe(201);
      expect((await send("DELETE", "/streams/alarm/1", undefined, bearer("write"))).status).toBe(200);
      expect((await get("/log", bearer("write"))).status).toBe(403);
    });

    it("needs the right `admin` to declare, change and retire a category, which others may then use", async () => {
      const { send, post, get } = freshStore("tokens");
      for (const name of ["write", "read"] as const) {
        expect((await send("PUT", "/streams/note", {}, bearer(name))).status).toBe(403);
      }
      expect((await get("/streams/note")).status).toBe(404);
      expect((await send("PUT", "/streams/note", {}, bearer("admin"))).status).toBe(201);
      expect((await post("/streams/note", { type: "Noted", data: {} }, bearer("write"))).status).toBe(201);
      expect((await post("/streams/note", { type: "Noted", data: {} }, bearer("admin"))).status).toBe(403);
      expect((await get("/streams/note", bearer("read"))).status).toBe(200);
      expect((await send("DELETE", "/streams/note", undefined, bearer("write"))).status).toBe(403);
      expect((await send("PUT", "/streams/note", { description: "changed" }, bearer("write"))).status).toBe(403);
      expect((await send("DELETE", "/streams/note", undefined, bearer("admin"))).status).toBe(204);
    });

    it("needs the right `admin` to import, and to see consumers and webhooks", async () => {
      const { post, get } = freshStore("tokens");
      expect((await post("/import", "{}", bearer("write"))).status).toBe(403);
      for (const path of ["/consumers", "/webhooks"]) {
        expect((await get(path, bearer("read"))).status).toBe(403);
        expect((await get(path, bearer("admin"))).status).toBe(200);
      }
    });
  });
}
