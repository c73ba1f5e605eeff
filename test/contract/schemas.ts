/** Events are checked against the JSON Schemas of a category declared at run time. */

import { describe, expect, it } from "vitest";
import { type Service, read } from "./http.ts";

export function schemas({ freshStore }: Service): void {
  const PARCEL = {
    $id: "https://example.com/parcel",
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    required: ["lines"],
    properties: {
      lines: { type: "array", minItems: 1, items: { $ref: "#/$defs/line" } },
      mail: { type: "string", format: "email" },
      code: { type: "string", pattern: "^(?:[A-Z]+-)+\\d{2,4}$" },
      parent: { $ref: "#" },
    },
    patternProperties: { "^x-": { type: "string" } },
    additionalProperties: false,
    $defs: { line: { type: "object", required: ["sku"], properties: { sku: { type: "string" }, quantity: { type: "integer" } } } },
  };
  const LINES = [{ sku: "apple", quantity: 2 }];

  /** A store with a category `parcel` of this schema, and appends to it. */
  async function parcels(schema: unknown = PARCEL) {
    const store = freshStore("schemas");
    const declared = await store.send("PUT", "/streams/parcel", { schema });
    expect(await declared.text()).toContain("ParcelRecorded");
    expect(declared.status).toBe(201);
    const post = (data: unknown) => store.post("/streams/parcel/1", { type: "ParcelRecorded", data });
    return { ...store, append: post, issues: async (data: unknown) => (await read(await post(data))).issues };
  }

  describe("an event of a category with a JSON Schema", () => {
    it("is stored when it fits", async () => {
      const { append } = await parcels();
      const whole = { lines: LINES, mail: "somebody@example.com", code: "AB-CD-123", "x-note": "n", parent: { lines: LINES } };
      expect((await append(whole)).status).toBe(201);
    });

    it.each<[what: string, data: object, path: string]>([
      ["in a list", { lines: [...LINES, { sku: 7 }] }, "lines.1.sku"],
      ["at the top, when something is missing", {}, ""],
      ["of what should not be there", { lines: LINES, surplus: 1 }, "surplus"],
      ["of a property named by a pattern", { lines: LINES, "x-note": 1 }, "x-note"],
      ["of a string in another format", { lines: LINES, mail: "somebody" }, "mail"],
      ["of a string that does not match", { lines: LINES, code: "AB-1" }, "code"],
      ["deep in what refers to itself", { lines: LINES, parent: { lines: LINES, parent: { lines: [] } } }, "parent.parent.lines"],
    ])("is refused if it does not, with the place: %s", async (_what, data, path) => {
      const { append, get } = await parcels();
      const response = await append(data);
      expect(response.status).toBe(400);
      const problem = await read(response);
      expect(problem).toMatchObject({ code: "invalid-event", detail: "events.0.data does not fit the schema of ParcelRecorded" });
      expect(problem.issues).toEqual([{ path: path ? `events.0.data.${path}` : "events.0.data", message: expect.any(String) }]);
      expect((await get("/streams/parcel/1")).status).toBe(404);
    });

    it("is refused with all of its mistakes", async () => {
      const { issues } = await parcels();
      const paths = (await issues({ lines: [{}, { sku: 1 }], mail: 1, surplus: 1 })).map(({ path }: { path: string }) => path);
      expect(paths.toSorted()).toEqual(["lines.0", "lines.1.sku", "mail", "surplus"].map((path) => `events.0.data.${path}`));
    });

    it("makes its whole append fail", async () => {
      const { post, get } = await parcels();
      const event = (data: unknown) => ({ type: "ParcelRecorded", data });
      const response = await post("/streams/parcel/1", { events: [event({ lines: LINES }), event({ lines: [] })] });
      expect((await read(response)).issues).toEqual([{ path: "events.1.data.lines", message: expect.any(String) }]);
      expect((await get("/streams/parcel/1")).status).toBe(404);
    });

    it("may have names that mean something to JavaScript", async () => {
      const schema = `{"schema":{"properties":{"__proto__":{"type":"string"},"constructor":{"type":"number"}},"required":["__proto__"]}}`;
      const { send, post } = freshStore("schemas");
      expect((await send("PUT", "/streams/odd", schema)).status).toBe(201);
      const write = (data: string) => post("/streams/odd/1", `{"type":"OddRecorded","data":${data}}`);
      expect((await write(`{"__proto__":"a","constructor":1}`)).status).toBe(201);
      expect((await write(`{}`)).status).toBe(400);
      expect((await write(`{"__proto__":1}`)).status).toBe(400);
      expect((await write(`{"__proto__":"a","constructor":"b"}`)).status).toBe(400);
    });
  });

  /** A schema that applies two copies of itself to everything within a value: the work doubles at every level of the data. */
  const DOUBLING = { allOf: [{ additionalProperties: { $ref: "#" } }, { additionalProperties: { $ref: "#" } }] };

  /** Twice the next, twice the next, …: the work doubles without any data. */
  const LAUGHS = {
    $ref: "#/$defs/l0",
    $defs: Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        `l${i}`,
        i === 39 ? {} : { allOf: [{ $ref: `#/$defs/l${i + 1}` }, { $ref: `#/$defs/l${i + 1}` }] },
      ]),
    ),
  };

  /** Refers on and on before it reaches the next level of the data. */
  const LONG_WAY = {
    $ref: "#/$defs/l0",
    $defs: Object.fromEntries(
      Array.from({ length: 1_500 }, (_, i) => [
        `l${i}`,
        i === 1_499 ? { additionalProperties: { $ref: "#" } } : { $ref: `#/$defs/l${i + 1}` },
      ]),
    ),
  };

  const deep = (levels: number): unknown => (levels === 0 ? {} : { a: deep(levels - 1) });

  describe("a hostile schema or event", () => {
    it.each([
      ["matches a string in countless ways", { properties: { a: { pattern: "^(a+)+$" } } }, { a: `${"a".repeat(100_000)}!` }],
      [
        "lists a wide object again and again",
        { allOf: Array.from({ length: 1_500 }, () => ({ minProperties: 1 })) },
        Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [i, i])),
      ],
      [
        "looks through a long list for countless items",
        { properties: { a: { contains: { enum: "abcdef".repeat(500).split("") } } } },
        { a: Array(30_000).fill(1) },
      ],
      ["doubles its work at every level", DOUBLING, deep(60)],
      ["doubles its work with every reference", LAUGHS, {}],
      ["nests deeper than the stack", LONG_WAY, deep(60)],
      ["has names without end", { additionalProperties: {} }, { ["a".repeat(100_000)]: 1 }],
      ["has a name that is not Unicode", { properties: { a: { additionalProperties: {} } } }, { a: { "\ud800": 1 } }],
    ])("that %s is refused, and the next request is answered", async (_what, schema, data) => {
      const { append, get } = await parcels(schema);
      const response = await append(data);
      expect(response.status).toBe(400);
      expect(await read(response)).toMatchObject({ code: "invalid-event" });
      expect((await get("/streams/parcel/1")).status).toBe(404);
    });

    it.each([
      [
        "refers back to itself at the same place",
        { anyOf: [{ $ref: "#/$defs/a" }], $defs: { a: { not: { $ref: "#" } } } },
        "refers back to itself",
      ],
      ["becomes a machine of millions of states", { pattern: "((a{100}){100}){100}" }, "repeats written out"],
      [
        "becomes many machines of thousands of states",
        { allOf: Array.from({ length: 50 }, () => ({ pattern: "a{900}" })) },
        "repeats written out",
      ],
      ["consists of countless schemas", { anyOf: Array.from({ length: 3_000 }, () => ({})) }, "at most 2000 schemas"],
      ["has a pattern without end", { pattern: "a".repeat(2_000) }, "at most 1024 characters"],
      ["looks back in a string", { pattern: "(a)\\1" }, "back-references are not supported"],
      ["names properties by patterns of thousands of states", { patternProperties: { "^(?:a{100}){200}$": {} } }, "repeats written out"],
      ["nests deeper than anybody reads", deep(70), "nests deeper"],
      ["is larger than a definition may be", { description: "x".repeat(300_000) }, "at most 262144 bytes"],
    ])("that %s is not even declared", async (_what, schema, why) => {
      const { send } = freshStore("schemas");
      const response = await send("PUT", "/streams/parcel", { schema });
      expect(response.status).toBeOneOf([400, 413]);
      expect((await read(response)).detail).toContain(why);
    });

    it("does not affect the check of a large, honest one", async () => {
      const number = { anyOf: [{ type: "string" }, { type: "boolean" }, { type: "number" }] };
      const { append } = await parcels({ properties: { a: { type: "array", items: number, uniqueItems: false } } });
      expect((await append({ a: Array.from({ length: 20_000 }, (_, i) => i % 1_000) })).status).toBe(201);
      expect((await append({ a: [...Array(20_000).fill(1), null] })).status).toBe(400);
    });

    it("does not affect the check of long lists without repetitions, or of names of any pattern", async () => {
      const { append } = await parcels({ properties: { a: { uniqueItems: true } }, patternProperties: { "^(x+)+$": { type: "number" } } });
      const items = Array.from({ length: 15_000 }, (_, i) => [i]);
      expect((await append({ a: items, [`${"x".repeat(1_000)}!`]: "any", xx: 1 })).status).toBe(201);
      expect((await append({ a: [...items, [7]] })).status).toBe(400);
      expect((await append({ xx: "any" })).status).toBe(400);
    });
  });
}
