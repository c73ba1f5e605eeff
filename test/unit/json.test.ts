import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteLength, canonical, depthOf, isLonger, parseJson, sameJson } from "../../src/core/json.ts";

/** The same value with the keys of every object in reverse. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toReversed();
  return Object.fromEntries(entries.map(([key, field]) => [key, reversed(field)]));
}

describe("canonical", () => {
  it("sorts keys on every level, and leaves the order of arrays alone", () => {
    expect(canonical({ b: [{ d: 1, c: 2 }, 3], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1},3]}');
    expect(canonical([2, 1])).not.toBe(canonical([1, 2]));
  });

  it("omits what JSON omits", () => {
    expect(canonical({ a: undefined, b: 1 })).toBe('{"b":1}');
    expect(canonical([undefined])).toBe("[null]");
    expect(canonical(undefined)).toBe("null");
  });

  it("is JSON with the same content, in one spelling", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value)); // -0 is not JSON
        expect(JSON.parse(canonical(plain))).toEqual(plain);
        expect(canonical(reversed(plain))).toBe(canonical(plain));
      }),
    );
  });

  it("tells different values apart", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const [left, right] = [JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b))];
        expect(canonical(left) === canonical(right)).toBe(isDeepStrictEqual(left, right));
      }),
    );
  });
});

describe("sameJson", () => {
  it.each([
    ['{"a":1,"b":2}', '{"b":2,"a":1}', true],
    ['{"a":1}', '{ "a" : 1.0 }', true],
    ['{"a":"\\u0041"}', '{"a":"A"}', true],
    ["[1,2]", "[2,1]", false],
    ['{"a":1}', '{"a":"1"}', false],
    ['{"a":null}', "{}", false],
    ['{"a":{}}', '{"a":[]}', false],
    ['{"a":1}', '{"A":1}', false],
  ])("compares %s with %s", (a, b, same) => {
    expect(sameJson(a, b)).toBe(same);
    expect(sameJson(b, a)).toBe(same);
  });
});

describe("depthOf", () => {
  it.each([
    ["1", 0],
    ['"text"', 0],
    ["{}", 1],
    ["[[],[]]", 2],
    ['{"a":{"b":[1,{}]}}', 4],
    ['{"a":[]},{"b":{}}', 2],
    ['"[[[["', 0],
    ['["}}}]"]', 1],
    ['{"[{":"]}","a":["[["]}', 2],
    ['"\\"[[["', 0],
    ['["\\\\",[]]', 2],
    ['["\\\\\\"[[["]', 1],
    ['{"a":"', 1],
    ["]]]][[", 0],
  ])("of %s is %i", (text, depth) => expect(depthOf(text)).toBe(depth));

  it("counts as deep as a parser would go", () => {
    const depth = (value: unknown): number =>
      typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0;
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        expect(depthOf(JSON.stringify(value))).toBe(depth(value));
      }),
    );
  });

  it("handles nesting that no parser would", () => expect(depthOf("[".repeat(1_000_000))).toBe(1_000_000));
});

describe("byteLength", () => {
  it.each([
    ["", 0],
    ["tea", 3],
    ["café", 5],
    ["茶", 3],
    ["🍵", 4],
    ["\ud83c", 3],
    ["\udf75\ud83c", 6],
  ])("of %j is %i", (text, bytes) => expect(byteLength(text)).toBe(bytes));

  it("is what encoding the string gives, however long it is", () => {
    const unit = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("\ud800", "\udfff", "a", "\u007f", "\u0080", "\u07ff", "\u0800", "\uffff"),
    );
    fc.assert(
      fc.property(unit, fc.integer({ min: 1, max: 300 }), (text, times) => {
        const long = text.repeat(times);
        expect(byteLength(long)).toBe(new TextEncoder().encode(long).length);
      }),
    );
  });
});

describe("isLonger", () => {
  it("agrees with counting the bytes, at every limit", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: -2, max: 2 }), (text, off) => {
        const bytes = new TextEncoder().encode(text).length;
        expect(isLonger(text, bytes + off)).toBe(off < 0);
      }),
    );
  });
});

describe("parseJson", () => {
  it("accepts what JSON.parse accepts, and keeps every member", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(parseJson(text, 64)).toEqual(JSON.parse(text));
      }),
    );
    expect(JSON.stringify(parseJson('{"__proto__":{"a":1},"toJSON":1}', 3))).toBe('{"__proto__":{"a":1},"toJSON":1}');
  });

  it.each(["1e999", "-1e999", "9".repeat(310), '{"a":[1,{"b":1e309}]}', `${"1".repeat(250)}e99`])(
    "refuses a number that JavaScript does not have: %s",
    (text) => {
      expect(() => parseJson(text, 64)).toThrow("a number beyond");
    },
  );

  it("refuses nesting that is too deep before a parser sees it", () => {
    expect(parseJson("[[]]", 2)).toEqual([[]]);
    for (const depth of [3, 100, 1_000_000]) expect(() => parseJson("[".repeat(depth), 2)).toThrow("nests deeper than 2 levels");
  });
});
