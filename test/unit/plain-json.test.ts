import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { freeze, isSettled, settle, whyNotJson } from "../../src/core/plain-json.ts";

/** Whether nothing in a value can be changed. */
function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen);
}

describe("freeze", () => {
  it("freezes any JSON value to its leaves, and gives back the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(freeze(value)).toBe(value);
        expect(isDeeplyFrozen(value)).toBe(true);
      }),
    );
  });

  it("freezes the content of an object that was already frozen at its top level only", () => {
    const shallow = Object.freeze({ lines: [{ sku: "tea" }] });
    expect(isDeeplyFrozen(freeze(shallow))).toBe(true);
  });

  it("does not go again into what it has frozen before", () => {
    const lines = freeze(Array.from({ length: 100 }, (_, n) => ({ n })));
    // An array whose members are read would say so.
    let reads = 0;
    const watched = new Proxy(lines, { ownKeys: (target) => (reads++, Reflect.ownKeys(target)) });
    freeze(watched);
    const first = reads;
    expect(first).toBeGreaterThan(0);
    freeze({ watched, more: 1 });
    expect(reads).toBe(first);
  });

  it("ends on a cycle, and on a value deeper than any stack", () => {
    const cycle: { self?: unknown; list: unknown[] } = { list: [] };
    cycle.self = cycle;
    cycle.list.push(cycle);
    expect(Object.isFrozen(freeze(cycle)) && Object.isFrozen(cycle.list)).toBe(true);
    let deep: unknown = {};
    for (let level = 0; level < 200_000; level++) deep = { deep };
    expect(Object.isFrozen(freeze(deep))).toBe(true);
  });

  it("leaves instances of classes alone, and throws at none", () => {
    class Account {
      balance = 1;
    }
    for (const exotic of [new Date(), new Map(), new Set(), new Uint8Array(2), new ArrayBuffer(2), new Account(), /x/, new Error("x")]) {
      expect(Object.isFrozen(freeze({ exotic }).exotic)).toBe(false);
    }
    for (const primitive of [undefined, null, 1, "x", true, 1n, Symbol("x"), () => 1]) expect(freeze(primitive)).toBe(primitive);
  });
});

describe("settle", () => {
  it("gives any JSON value as storage would return it, frozen", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const result = settle(value);
        expect(result).toEqual(JSON.parse(JSON.stringify(value)));
        expect([isDeeplyFrozen(result), isSettled(result)]).toEqual([true, true]);
      }),
    );
  });

  it("turns -0 into 0, wherever it is, and leaves out members that are undefined", () => {
    expect(settle(-0)).toBe(0);
    expect(settle({ amount: -0, lines: [1, -0], note: undefined })).toStrictEqual({ amount: 0, lines: [1, 0] });
  });
});

describe("whyNotJson", () => {
  it("finds nothing in a value that survives JSON unchanged", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(whyNotJson(value)).toBeUndefined();
      }),
    );
    const shared = { sku: "tea" };
    expect(whyNotJson({ a: shared, b: [shared, shared] })).toBeUndefined();
    expect(whyNotJson(Object.assign(Object.create(null), { a: 1 }))).toBeUndefined();
  });

  it("treats an undefined member as absent, and -0 as 0", () => {
    expect(whyNotJson({ note: undefined, amount: -0 })).toBeUndefined();
  });

  class Account {
    balance = 1;
  }
  class Money extends Map {}
  const nameless = Object.create({ constructor: undefined }) as object;
  const cycle: { inner: { back?: unknown } } = { inner: {} };
  cycle.inner.back = cycle;
  let deep: unknown = 1;
  for (let level = 0; level < 1_001; level++) deep = [deep];
  it.each<[unknown, string, string]>([
    [{ tags: new Set(["a"]) }, "data.tags", "a Set"],
    [{ lines: [{ at: new Date(0) }] }, "data.lines.0.at", "a Date"],
    [{ by: new Map() }, "data.by", "a Map"],
    [{ by: new Account() }, "data.by", "an Account"],
    [{ by: new Money() }, "data.by", "a Money"],
    [{ by: nameless }, "data.by", "a class instance"],
    [{ bytes: new Uint8Array(1) }, "data.bytes", "a Uint8Array"],
    [{ low: Number.POSITIVE_INFINITY }, "data.low", "Infinity"],
    [{ low: [1, Number.NEGATIVE_INFINITY] }, "data.low.1", "-Infinity"],
    [{ mean: Number.NaN }, "data.mean", "NaN"],
    [{ big: 1n }, "data.big", "a bigint"],
    [{ run: () => 1 }, "data.run", "a function"],
    [{ sign: Symbol("x") }, "data.sign", "a symbol"],
    [{ [Symbol("x")]: 1 }, "data", "an object with a member named by a symbol"],
    [{ list: [1, undefined] }, "data.list.1", "undefined"],
    // oxlint-disable-next-line no-sparse-arrays -- that is the point
    [{ list: [1, , 3] }, "data.list.1", "undefined"],
    [{ list: Object.assign([1], { index: 0 }) }, "data.list", "an array with named members"],
    [undefined, "data", "undefined"],
    [cycle, "data.inner.back", "a cycle"],
    [deep, `data${".0".repeat(1_000)}`, "more than 1000 levels deep"],
  ])("%# names the first part that is not JSON, with its path", (value, path, kind) => {
    expect(whyNotJson(value, "data")).toEqual({ path, kind });
  });

  it("begins the path inside the value when that has no name", () => {
    expect(whyNotJson({ tags: [new Set()] })).toEqual({ path: "tags.0", kind: "a Set" });
  });
});
