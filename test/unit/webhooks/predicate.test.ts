import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PREDICATE_CONDITIONS, PREDICATE_DEPTH } from "../../../src/definitions/limits.ts";
import { type Predicate, PredicateIn, holds } from "../../../src/definitions/webhooks/predicate.ts";

const event = {
  type: "OrderPlaced",
  version: 3,
  stream: "order/1",
  data: {
    total: 100,
    currency: "EUR",
    note: null,
    paid: false,
    lines: [{ sku: "apple" }, { sku: "pear" }],
    tags: ["new", "big"],
    "a-b": 1,
  },
  meta: { correlationId: "c" },
};

const total = (op: string, value: unknown) => ({ path: "data.total", op, value }) as Predicate;

describe("a predicate", () => {
  it.each<[string, Predicate, boolean]>([
    ["equal", total("eq", 100), true],
    ["equal, of another type", total("eq", "100"), false],
    ["equal to null", { path: "data.note", op: "eq", value: null }, true],
    ["null is not a missing member", { path: "data.missing", op: "eq", value: null }, false],
    ["not equal", total("ne", 99), true],
    ["a missing member is not equal", { path: "data.missing", op: "ne", value: 1 }, true],
    ["gt at the bound", total("gt", 100), false],
    ["gt", total("gt", 99), true],
    ["gte at the bound", total("gte", 100), true],
    ["gte", total("gte", 101), false],
    ["lt at the bound", total("lt", 100), false],
    ["lt", total("lt", 101), true],
    ["lte at the bound", total("lte", 100), true],
    ["lte", total("lte", 99), false],
    ["strings in their order", { path: "data.currency", op: "lt", value: "USD" }, true],
    ["a number is not below a string", total("lt", "200"), false],
    ["a missing member is not below anything", { path: "data.missing", op: "lte", value: 1 }, false],
    ["false is not zero", { path: "data.paid", op: "lte", value: 0 }, false],
    ["a list's length is not a part of it", { path: "data.tags.length", op: "exists", value: true }, false],
    ["a list's length is not a number", { path: "data.lines.length", op: "gt", value: 0 }, false],
    ["a string's length does not either", { path: "data.currency.length", op: "exists", value: true }, false],
    ["nor what objects inherit", { path: "data.constructor", op: "exists", value: true }, false],
    ["an index is spelt as a number", { path: "data.tags.01", op: "exists", value: true }, false],
    ["in", { path: "data.currency", op: "in", value: ["USD", "EUR"] }, true],
    ["not in", { path: "data.currency", op: "in", value: ["USD"] }, false],
    ["exists", { path: "data.note", op: "exists", value: true }, true],
    ["does not exist", { path: "data.missing", op: "exists", value: false }, true],
    ["starts with", { path: "data.currency", op: "startsWith", value: "EU" }, true],
    ["does not start with", { path: "data.currency", op: "startsWith", value: "UR" }, false],
    ["contains, for a string", { path: "data.currency", op: "contains", value: "UR" }, true],
    ["contains, of a list", { path: "data.tags", op: "contains", value: "big" }, true],
    ["contains, of a list, whole items only", { path: "data.tags", op: "contains", value: "bi" }, false],
    ["an item of a list by its index", { path: "data.lines.1.sku", op: "eq", value: "pear" }, true],
    ["a name with a hyphen", { path: "data.a-b", op: "eq", value: 1 }, true],
    ["meta", { path: "meta.correlationId", op: "eq", value: "c" }, true],
    ["a field of the event", { path: "version", op: "gte", value: 3 }, true],
    ["a member that every object inherits does not exist", { path: "data.constructor", op: "exists", value: true }, false],
    ["nor its prototype", { path: "data.__proto__.toString", op: "exists", value: true }, false],
    ["a string has no items", { path: "data.currency.0", op: "exists", value: true }, false],
    ["and", { and: [total("gt", 1), total("lt", 101)] }, true],
    ["and, one fails", { and: [total("gt", 1), total("lt", 1)] }, false],
    ["or", { or: [total("lt", 1), total("gt", 1)] }, true],
    ["or, none holds", { or: [total("lt", 1), total("gt", 101)] }, false],
    ["not", { not: total("lt", 1) }, true],
  ])("%s", (_what, predicate, expected) => {
    expect(PredicateIn.parse(predicate)).toEqual(predicate);
    expect(holds(predicate, event)).toBe(expected);
  });

  it.each<[string, unknown]>([
    ["not an object", "data.total > 1"],
    ["an unknown operation", total("matches", ".*")],
    ["no path", { op: "eq", value: 1 }],
    ["a path outside of the event", { path: "process.env", op: "eq", value: 1 }],
    ["a path with an empty name", { path: "data..total", op: "eq", value: 1 }],
    ["data as a whole", { path: "data", op: "exists", value: true }],
    ["a path too long", { path: `data${".a".repeat(11)}`, op: "eq", value: 1 }],
    ["a comparison with an object", total("eq", { a: 1 })],
    ["an order of booleans", total("gt", true)],
    ["in without a list", total("in", 1)],
    ["an empty and", { and: [] }],
    ["two in one", { and: [total("eq", 1)], or: [total("eq", 1)] }],
    ["a field too many", { ...total("eq", 1), flags: "i" }],
    ["too many conditions", { and: Array.from({ length: PREDICATE_CONDITIONS }, () => total("eq", 1)) }],
    ["too deep", Array.from({ length: PREDICATE_DEPTH + 1 }).reduce((inner) => ({ not: inner }), total("eq", 1))],
  ])("may not be %s", (_what, predicate) => expect(PredicateIn.safeParse(predicate).success).toBe(false));

  it("never throws, whatever the event", () => {
    const path = fc.constantFrom("data.a", "data.a.b", "data.a.0", "meta.x", "version");
    const op = fc.constantFrom("eq", "gt", "lte", "startsWith", "contains");
    fc.assert(
      fc.property(path, op, fc.string({ minLength: 1 }), fc.jsonValue(), (path, op, value, a) => {
        expect(typeof holds({ path, op, value }, { version: 1, data: { a }, meta: {} })).toBe("boolean");
      }),
    );
  });
});
