/** Promise 9, of code's schemas: what a schema would drop, misspelt members above all, is refused and not ignored. */

import { describe, expect, it } from "vitest";
import * as z from "zod";
import { parseData } from "../../src/core/parse-data.ts";
import { accepts, strictly, withoutUnknown } from "../../src/core/strict-schema.ts";

const Line = z.object({ sku: z.string(), note: z.string().optional() });
const line = { sku: "a" };
const misspelt = { sku: "a", nota: "b" };

interface Part {
  readonly name: string;
  readonly parts?: readonly Part[] | undefined;
}
const Tree: z.ZodType<Part> = z.object({ name: z.string(), parts: z.lazy(() => z.array(Tree)).optional() });
const Getter = z.object({
  name: z.string(),
  get parts() {
    return z.array(Getter).optional();
  },
});

const WRAPPED: [what: string, schema: z.ZodType, wrap: (line: object) => unknown, path: string][] = [
  ["an object", Line, (one) => one, "nota"],
  ["an object within", z.object({ line: Line }), (one) => ({ line: one }), "line.nota"],
  ["a list", z.object({ lines: z.array(Line).min(1) }), (one) => ({ lines: [line, one] }), "lines.1.nota"],
  ["a record", z.object({ by: z.record(z.string(), Line) }), (one) => ({ by: { x: one } }), "by.x.nota"],
  ["a tuple", z.object({ two: z.tuple([z.int(), Line]).rest(Line) }), (one) => ({ two: [1, line, one] }), "two.2.nota"],
  ["what is optional", z.object({ line: Line.optional() }), (one) => ({ line: one }), "line.nota"],
  ["what is nullable", z.object({ line: Line.nullable() }), (one) => ({ line: one }), "line.nota"],
  ["what has a default", z.object({ line: Line.default(line) }), (one) => ({ line: one }), "line.nota"],
  ["what is prefilled", z.object({ line: Line.prefault(line) }), (one) => ({ line: one }), "line.nota"],
  ["what is read only", z.object({ line: Line.readonly() }), (one) => ({ line: one }), "line.nota"],
  ["what is refined", z.object({ line: Line.refine(() => true) }), (one) => ({ line: one }), "line.nota"],
  ["what is transformed", z.object({ line: Line.transform(({ sku }) => sku) }), (one) => ({ line: one }), "line.nota"],
  ["what is prepared", z.object({ line: z.preprocess((one) => one, Line) }), (one) => ({ line: one }), "line.nota"],
  ["what is extended", z.object({ line: Line.extend({ a: z.int().optional() }) }), (one) => ({ line: one }), "line.nota"],
  ["a lazy schema that contains itself", Tree, (one) => ({ name: "a", parts: [{ name: "b", ...one, sku: undefined }] }), "parts.0.nota"],
  [
    "an object that contains itself",
    Getter,
    (one) => ({ name: "a", parts: [{ name: "b", parts: [{ name: "c", ...one }] }] }),
    "parts.0.parts.0.nota",
  ],
];

describe("a member that the schema does not know is refused, with its place, in", () => {
  it.each(WRAPPED)("%s", (_what, schema, wrap, path) => {
    const parsed = parseData(schema, wrap(misspelt), true);
    expect("issues" in parsed ? parsed.issues.map((issue) => issue.path) : parsed).toContain(path);
  });

  it("one of several alternatives, also if a member decides which", () => {
    const Either = z.union([Line, z.object({ id: z.int() })]);
    const Told = z.discriminatedUnion("kind", [Line.extend({ kind: z.literal("line") }), z.object({ kind: z.literal("none") })]);
    expect(parseData(Either, misspelt, true)).toHaveProperty("issues");
    expect(parseData(Told, { kind: "line", ...misspelt }, true)).toMatchObject({ issues: [{ path: "nota" }] });
    expect(parseData(Told, { kind: "none", sku: "a" }, true)).toMatchObject({ issues: [{ path: "sku" }] });
  });

  it("an intersection only if none of its parts knows it", () => {
    const Both = z.intersection(Line, z.object({ id: z.int() }));
    expect(parseData(Both, { ...line, id: 1 }, true)).toEqual({ data: { ...line, id: 1 } });
    expect(parseData(Both, { ...misspelt, id: 1 }, true)).toHaveProperty("issues");
  });
});

describe("a schema that defines what to do with other members", () => {
  it.each([
    ["keeps them", z.looseObject({ sku: z.string() }), misspelt],
    ["checks them", z.object({ sku: z.string() }).catchall(z.string()), misspelt],
    ["keeps them below one that does not", z.object({ line: z.looseObject({ sku: z.string() }) }), { line: misspelt }],
    ["accepts anything", z.object({ line: z.any(), bag: z.record(z.string(), z.unknown()) }), { line: misspelt, bag: misspelt }],
    ["drops them on purpose, in a second step", z.looseObject({}).pipe(Line), misspelt],
  ])("%s", (what, schema, data) => {
    expect(parseData(schema, data, true)).toEqual({ data: what.startsWith("drops") ? line : data });
  });
});

it("the first alternative that accepts all members counts, and none of them is dropped", () => {
  const Either = z.union([z.object({ a: z.int() }), z.object({ a: z.int(), b: z.int() })]);
  expect(parseData(Either, { a: 1, b: 2 }, true)).toEqual({ data: { a: 1, b: 2 } });
});

it("a strict schema behaves the same in everything else: values, defaults, messages and descriptions", () => {
  const Described = z.object({ sku: z.string().describe("What it is"), count: z.int().default(1) }).describe("A line");
  expect(parseData(Described, { sku: "a" }, true)).toEqual({ data: { sku: "a", count: 1 } });
  expect(parseData(Described, { sku: 1 }, true)).toEqual(parseData(Described, { sku: 1 }));
  const { additionalProperties, ...schema } = z.toJSONSchema(strictly(Described), { io: "input" });
  expect([additionalProperties, schema]).toEqual([false, z.toJSONSchema(Described, { io: "input" })]);
  expect(strictly(Described)).toBe(strictly(Described));
  expect(parseData(Described, { sku: "a", nota: 1 })).toEqual({ data: { sku: "a", count: 1 } }); // it is unchanged
});

describe("a member called __proto__, which zod drops where names are free, is refused there", () => {
  const sent = (text: string): unknown => JSON.parse(text);
  it.each([
    [z.object({ bag: z.record(z.string(), z.any()) }), '{"bag":{"__proto__":{"a":1},"b":2}}', "bag.__proto__"],
    [z.looseObject({}), '{"__proto__":1}', "__proto__"],
    [z.object({}).catchall(z.any()), '{"a":1,"__proto__":[]}', "__proto__"],
    [
      z.object({ list: z.array(z.record(z.string(), z.record(z.string(), z.int()))) }),
      '{"list":[{},{"a":{"__proto__":1}}]}',
      "list.1.a.__proto__",
    ],
    [z.object({ a: z.int().optional() }), '{"__proto__":1}', "__proto__"],
  ])("%#", (schema, text, path) => {
    for (const strict of [true, false]) expect(parseData(schema, sent(text), strict)).toMatchObject({ issues: [{ path }] });
  });

  it("and is kept if the schema accepts anything", () => {
    const text = '{"bag":{"a":{"__proto__":{"b":1}}}}';
    const parsed = parseData(z.object({ bag: z.record(z.string(), z.any()) }), sent(text), true);
    expect("data" in parsed && JSON.stringify(parsed.data)).toBe(text);
  });
});

describe("a schema that throws", () => {
  const fails = (): boolean => {
    throw new Error("a mistake of the schema's own code");
  };

  it("accepts nothing", () => {
    for (const strict of [true, false]) expect(accepts(Line.refine(fails), line, strict)).toBe(false);
  });

  it("leaves the data as it is: what it would drop is not known", () => {
    expect(withoutUnknown(Line.refine(fails), line)).toEqual({ data: line, exact: false });
    expect(withoutUnknown(Line, { ...misspelt, f: fails })).toEqual({ data: { ...misspelt, f: fails }, exact: false });
  });
});
