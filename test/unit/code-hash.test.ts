import { describe, expect, it } from "vitest";
import * as z from "zod";
import { codeHash } from "../../src/core/code-hash.ts";
import { upcast } from "../../src/index.ts";
import { liftsOf } from "../../src/definitions/upcast.ts";

describe("the hash of code", () => {
  it("is the same for the same code, whatever the order of its members", () => {
    const one = { a: (n: number) => n + 1, b: ["x", null] };
    expect(codeHash(one)).toMatch(/^[0-9a-f]{12}$/);
    expect(codeHash({ b: ["x", null], a: one.a })).toBe(codeHash(one));
  });

  it("changes with a function, a name, the order of a list, or a string", () => {
    const codes = [
      { a: (n: number) => n + 1 },
      { a: (n: number) => n + 2 },
      { b: (n: number) => n + 1 },
      { a: "(n) => n + 1" },
      [1, 2],
      [2, 1],
      ["1", 2],
      null,
    ];
    expect(new Set(codes.map(codeHash)).size).toBe(codes.length);
  });
});

it("the lifts of a schema include those of all its versions, in order", () => {
  const first = z.object({ euros: z.number() });
  const toCents = ({ euros }: { euros: number }) => ({ cents: euros * 100 });
  const second = upcast(first, z.object({ cents: z.number() }), toCents);
  const named = ({ cents }: { cents: number }) => ({ cents, currency: "EUR" });
  const third = upcast(second, z.object({ cents: z.number(), currency: z.string() }), named);
  expect(liftsOf(first)).toEqual([]);
  expect(liftsOf(third)).toEqual([String(toCents), String(named)]);
});
