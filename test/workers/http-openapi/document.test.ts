import { type Schema, Validator } from "@cfworker/json-schema";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { version } from "../../../package.json";
import { schemaIssues } from "../../../src/schemas/schema-check.ts";
import { createHttp } from "../../../src/http/worker.ts";
import { openApiOf } from "../../../src/http/openapi/document.ts";
import { aggregate, defineApp, nothing } from "../../../src/index.ts";
import { app } from "../app.ts";
import { read } from "../support.ts";

const document = openApiOf(app);
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
);

/** Every value within, with its JSON pointer. */
function* within(value: unknown, at = "#"): Generator<[pointer: string, value: Record<string, unknown>]> {
  if (typeof value !== "object" || value === null) return;
  yield [at, value as Record<string, unknown>];
  for (const [name, one] of Object.entries(value)) yield* within(one, `${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`);
}

/** Pointers of references that lead nowhere. */
function danglingReferences(root: unknown): string[] {
  const all = new Map(within(root));
  return [...all].flatMap(([at, { $ref }]) => (typeof $ref === "string" && !all.has($ref) ? [`${at}: ${$ref}`] : []));
}

/** A schema of the document on its own, with the components it may refer to. */
function standalone(schema: object, { components } = document): Schema {
  const text = JSON.stringify({ ...schema, $defs: components.schemas });
  return JSON.parse(text.replaceAll("#/components/schemas/", "#/$defs/")) as Schema;
}

const bodies = operations.flatMap(({ operation }) =>
  [operation.requestBody?.content, ...Object.values(operation.responses).map(({ content }) => content)].flatMap((content) =>
    Object.values(content ?? {}).map(({ schema }) => schema),
  ),
);

describe("GET /openapi.json", () => {
  it("answers with the app's document, and with 304 to a client that has it", async () => {
    const response = await exports.default.fetch("http://headspring/openapi.json");
    expect(response.headers.get("content-type")).toBe("application/json");
    const etag = response.headers.get("etag") ?? "";
    expect(await read(response)).toEqual(JSON.parse(JSON.stringify(document)));
    const again = await exports.default.fetch("http://headspring/openapi.json", { headers: { "if-none-match": `W/${etag}` } });
    expect([again.status, again.headers.get("etag")]).toEqual([304, etag]);
  });

  it("names the versions of OpenAPI and of the package that it is about", () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info.version).toBe(version);
  });
});

describe("the document", () => {
  it("has no reference that leads nowhere", () => {
    expect(danglingReferences(document)).toEqual([]);
  });

  it("has no component that nothing refers to", () => {
    const used = new Set([...within(document)].flatMap(([, { $ref }]) => (typeof $ref === "string" ? [$ref] : [])));
    const { securitySchemes: _byName, ...kinds } = document.components as unknown as Record<string, object>;
    const all = Object.entries(kinds).flatMap(([kind, named]) => Object.keys(named).map((name) => `#/components/${kind}/${name}`));
    expect(all.filter((place) => !used.has(place))).toEqual([]);
  });

  it("allows any members in every object without known ones: generators would otherwise take it for an empty one", () => {
    const silent = [...within(document)].filter(([, { type, properties, additionalProperties, ...rest }]) => {
      const isFree = (type === "object" || (Array.isArray(type) && type.includes("object"))) && properties === undefined;
      return isFree && additionalProperties === undefined && rest.allOf === undefined;
    });
    expect(silent.map(([at]) => at)).toEqual([]);
    expect([...within(document)].filter(([, { additionalProperties: one }]) => one && JSON.stringify(one) === "{}")).toEqual([]);
  });

  it("gives a body of many JSON documents no schema of a single one", () => {
    const streamed = operations.flatMap(({ operation }) =>
      [operation.requestBody?.content, ...Object.values(operation.responses).map(({ content }) => content)].flatMap((content) =>
        Object.entries(content ?? {}).filter(([type]) => /ndjson|event-stream/.test(type)),
      ),
    );
    expect(streamed.length).toBeGreaterThan(4);
    for (const [, { schema }] of streamed) expect(schema).toMatchObject({ type: "string" });
  });

  it("names the events of the log that the code declares, and allows others", () => {
    const { schemas } = document.components;
    const page = document.paths["/log"]?.get?.responses[200]?.content?.["application/json"]?.schema;
    expect(page).toMatchObject({ properties: { events: { items: { $ref: "#/components/schemas/AnyEvent" } } } });
    const any = (schemas.AnyEvent as { anyOf: { $ref: string }[] }).anyOf.map(({ $ref }) => $ref.slice("#/components/schemas/".length));
    expect(any).toEqual(expect.arrayContaining(["order.OrderPlaced", "reading.Read", "Event"]));
    const declared = [...app.aggregates.values(), ...app.categories.values()].flatMap(({ events }) => Object.keys(events));
    expect(any).toHaveLength(declared.length + 1);
  });

  it("has the package's license", () => {
    expect(document.info.license).toEqual({ name: "MIT", identifier: "MIT" });
  });

  it("declares exactly the parameters that its paths have", () => {
    for (const { path, operation } of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = operation.parameters.filter((one) => "in" in one && one.in === "path");
      expect(declared, operation.operationId).toEqual(named.map((name) => expect.objectContaining({ name, required: true })));
    }
  });

  it("names every parameter once per operation", () => {
    for (const { operation } of operations) {
      const names = operation.parameters.map((one) => ("in" in one ? `${one.in} ${one.name}` : one.$ref));
      expect(new Set(names).size, operation.operationId).toBe(names.length);
    }
  });

  it("gives every operation an id of its own, a declared tag, and an answer", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = new Set(document.tags.map(({ name }) => name));
    for (const { operation } of operations) {
      expect(operation.tags.every((tag) => tags.has(tag))).toBe(true);
      expect(Object.keys(operation.responses).every((status) => /^[1-5]\d\d$/.test(status))).toBe(true);
    }
  });

  it("has schemas of draft 2020-12 only, which a validator accepts", () => {
    const components = Object.values(document.components.schemas);
    const parameters = operations.flatMap(({ operation }) => operation.parameters.flatMap((one) => ("schema" in one ? [one.schema] : [])));
    // As one schema: each on its own would carry all components along.
    const all = standalone({ allOf: [...components, ...bodies, ...parameters] });
    expect(() => new Validator(all, "2020-12", false).validate({})).not.toThrow();
    expect(schemaIssues(standalone({}))).toEqual([]);
  });

  it("has every declared event type, command and row", () => {
    const { schemas } = document.components;
    expect(schemas["order.OrderPlaced"]).toMatchObject({
      allOf: [{ $ref: "#/components/schemas/Event" }],
      properties: { type: { const: "OrderPlaced" }, data: { required: ["customer", "lines"] } },
    });
    expect(Object.keys(schemas)).toEqual(expect.arrayContaining(["reading.Read", "order.PlaceOrder.command", "ready-orders.row"]));
  });

  it("keeps schemas that refer to themselves, and names that OpenAPI does not accept", () => {
    const Tree = z.object({
      name: z.string(),
      get children() {
        return z.array(Tree);
      },
    });
    const odd = aggregate("odd", {
      events: { "a/b": z.object({ tree: Tree, other: Tree }), "a:b": z.object({}) },
      commands: { Grow: Tree },
      initialState: () => ({}),
      evolve: { "a/b": (state) => state, "a:b": (state) => state },
      decide: { Grow: () => nothing() },
    });
    const small = openApiOf(defineApp({ aggregates: [odd] }));
    expect(danglingReferences(small)).toEqual([]);
    const names = Object.keys(small.components.schemas);
    expect(names.filter((name) => name.startsWith("odd"))).toEqual(["odd.Grow.command", "odd.a_b", "odd.a_b_"]);
    const grow = new Validator(standalone({ $ref: "#/components/schemas/odd.Grow.command" }, small), "2020-12");
    expect(grow.validate({ name: "a", children: [{ name: "b", children: [] }] }).valid).toBe(true);
    expect(grow.validate({ name: "a", children: [{ name: 1 }] }).valid).toBe(false);
  });
});

describe("the routes", () => {
  const routed = createHttp(app)
    .routes.filter(({ method, path }) => method !== "ALL" && !path.startsWith("/stores/:store/"))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  const documented = operations
    .filter(({ operation }) => !operation.operationId.includes(":"))
    .map(({ method, path }) => `${method === "head" ? "GET" : method.toUpperCase()} ${path}`);

  /** Of parts of the app: the route for all of its kind, and for one by its id. */
  const PATTERNS: Record<string, [string, string]> = {
    aggregates: ["", "/aggregates/{name}/{id}/{command}"],
    sagas: ["/sagas/{name}", "/sagas/{name}/{id}"],
    views: ["/views/{view}", "/views/{view}/{key}"],
  };

  it("are all documented, and no others are", () => {
    expect(new Set(documented)).toEqual(new Set(routed));
  });

  it("accept what is documented of this app's own parts", () => {
    for (const { method, path } of operations.filter(({ operation }) => operation.operationId.includes(":"))) {
      const [, kind = ""] = path.split("/");
      const [whole, one] = PATTERNS[kind] ?? [];
      const pattern = path.includes("{") ? one : whole;
      expect(routed).toContain(`${method.toUpperCase()} ${pattern}`);
    }
  });
});

describe("GET /docs", () => {
  it("is one page with every operation and schema, and loads nothing from another host", async () => {
    const response = await exports.default.fetch("http://headspring/docs");
    const html = await response.text();
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    for (const { operation } of operations) expect(html).toContain(`<details id="${operation.operationId}">`);
    for (const name of Object.keys(document.components.schemas)) expect(html).toContain(`<details id="schema-${name}">`);
    const hosts = [...html.matchAll(/(?:https?:)?\/\/([\w.-]+\.?[\w-]+)/g)].map(([, host]) => host);
    expect(new Set(hosts)).toEqual(new Set(["headspring"]));
    expect([...html.matchAll(/(?:src|href)="(?!#)([^"]*)"/g)].map(([, target]) => target)).toEqual(["/openapi.json"]);
  });

  it("may use no script and style but its own", async () => {
    const response = await exports.default.fetch("http://headspring/docs");
    const policy = response.headers.get("content-security-policy") ?? "";
    const html = await response.text();
    expect(policy).toContain("default-src 'none'");
    for (const [, kind = "", text = ""] of html.matchAll(/<(script|style)>([\s\S]*?)<\/\1>/g)) {
      const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
      expect(policy).toContain(`${kind}-src 'sha256-${Buffer.from(hash).toString("base64")}'`);
    }
    expect(html).not.toMatch(/<[^>]+\s(?:on\w+|style)=/);
  });

  it("lets no name of the app become markup", async () => {
    const bold = aggregate("bold", {
      description: "<b>bold</b> & `<i>`",
      events: {},
      commands: { Shout: z.object({ text: z.string().describe("</pre><script>").default("<script>") }) },
      initialState: () => ({}),
      evolve: {},
      decide: { Shout: () => nothing() },
    });
    const html = await (await createHttp(defineApp({ aggregates: [bold] })).request("/docs", {}, env)).text();
    expect(html).toContain("&lt;b&gt;bold&lt;/b&gt; &amp; <code>&lt;i&gt;</code>");
    expect(html.match(/<script/g)).toHaveLength(1);
  });
});
