/** A project may have a second copy of zod, or `zod/mini`: definitions made with those get the same checks. */

import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as own from "zod";
import * as mini from "zod/mini";
import { isObjectSchema, isSchema, isZodError, schemaType } from "../../src/core/zod-form.ts";
import { category } from "../../src/definitions/category.ts";
import { view } from "../../src/definitions/views/view.ts";
import { Schemas } from "../../src/http/openapi/schema.ts";
import { parseData } from "../../src/core/parse-data.ts";
import { layoutOf } from "../../src/rows/layout.ts";

// The same version, loaded a second time: none of its classes is one of ours.
const second = createRequire(import.meta.url)("zod") as typeof own;

/** As far as the tests use it. */
type Zod = Pick<typeof own, "object" | "string" | "number" | "array" | "optional" | "record">;

const COPIES: [name: string, z: Zod][] = [
  ["the copy that this package imports", own],
  ["a second copy", second],
  ["zod/mini", mini as unknown as Zod],
];

it("the second copy of zod is another one", () => {
  expect(second.ZodType).not.toBe(own.ZodType);
});

describe.each(COPIES)("schemas of %s", (_name, z) => {
  const line = z.object({ sku: z.string(), note: z.optional(z.string()) });

  it("are recognised, and so are their errors", () => {
    expect([isSchema(line), isObjectSchema(line), schemaType(z.array(line))]).toEqual([true, true, "array"]);
    expect(isZodError(line.safeParse(1).error)).toBe(true);
  });

  it("refuse a member that they do not know, also within a schema of the package's copy", () => {
    const misspelt = { sku: "a", nota: "b" };
    expect(parseData(line, misspelt, true)).toHaveProperty("issues");
    expect(parseData(own.array(line), [misspelt], true)).toHaveProperty("issues");
    expect(parseData(own.record(own.string(), line), { a: misspelt }, true)).toHaveProperty("issues");
    expect(parseData(own.object({ line: own.optional(line) }), { line: misspelt }, true)).toHaveProperty("issues");
    expect(parseData(z.array(own.object({ sku: own.string() })), [misspelt], true)).toHaveProperty("issues");
  });

  it("have a category's key", () => {
    expect(() => category("reading", { key: "sensor" as never, events: { Read: line } })).toThrow('which event type "Read" does not have');
  });

  it("define the columns of a view", () => {
    const row = z.object({ id: z.string(), amount: z.number() });
    const reading = category("reading", { events: { Read: own.object({ id: own.string() }) } });
    const rows = view("rows", { from: reading, key: "id", row, on: {} });
    expect(layoutOf(rows).layout.columns.map(({ name, kind }) => [name, kind])).toEqual([
      ["id", "text"],
      ["amount", "real"],
    ]);
  });

  it("are described as JSON Schema", () => {
    expect(new Schemas().ofApp(line, "input", "#")).toMatchObject({ type: "object", required: ["sku"] });
  });
});

it("a value that only resembles a schema is not taken for one", () => {
  for (const value of [undefined, null, 1, "object", {}, { type: "object" }, { def: { type: "object" } }, own.object])
    expect([isSchema(value), schemaType(value), isZodError(value)]).toEqual([false, undefined, false]);
  expect(isZodError(new Error("of another kind"))).toBe(false);
  expect(isZodError(Object.assign(new Error("of another kind"), { issues: [] }))).toBe(false);
});

it("the pages import zod as a namespace, like their readers", () => {
  const root = join(import.meta.dirname, "../..");
  const pages = globSync(["*.md", "docs/**/*.md"], { cwd: root });
  const imports = pages.flatMap((page) => readFileSync(join(root, page), "utf8").match(/^import .* from "zod";?$/gm) ?? []);
  expect(imports.length).toBeGreaterThan(5);
  expect(new Set(imports)).toEqual(new Set(['import * as z from "zod";']));
});
