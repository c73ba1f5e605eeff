/** What is said of a value that does not fit: the part, the path, what is wanted and the kind of what came, and never the value. */

import { describe, expect, it } from "vitest";
import * as z from "zod";
import { fitting } from "../../src/core/misfit.ts";

const Booked = z.strictObject({
  from: z.string(),
  nights: z.int().positive(),
  price: z.number(),
  how: z.enum(["online", "by phone"]),
  guests: z.array(z.object({ name: z.string().min(2) })),
  note: z.string().optional(),
});
const GOOD = { from: "2026-11-26", nights: 2, price: 9.5, how: "online", guests: [{ name: "Ada" }] };
const SECRET = "s3cret";

function said(value: unknown): string {
  try {
    fitting("event `Booked` of aggregate `room`", "data", Booked, value);
    return "it fits";
  } catch (error) {
    return (error as Error).message;
  }
}

describe("a value that does not fit", () => {
  it.each<[what: string, part: object, message: string]>([
    ["a number for a string", { from: 5 }, "`data.from` must be a string, got a number"],
    ["a Date for a string", { from: new Date() }, "`data.from` must be a string, got a Date"],
    ["nothing", { from: undefined }, "`data.from` must be a string, and is missing"],
    ["null", { from: null }, "`data.from` must be a string, got null"],
    ["a fraction", { nights: 1.5 }, "`data.nights` must be a whole number, got a fraction"],
    ["a string for a whole number", { nights: SECRET }, "`data.nights` must be a number, got a string"],
    ["not a number", { price: Number.NaN }, "`data.price` must be a number, got NaN"],
    ["infinity", { price: Number.POSITIVE_INFINITY }, "`data.price` must be a number, got Infinity"],
    ["a BigInt", { price: 5n }, "`data.price` must be a number, got a bigint"],
    ["another word", { how: SECRET }, '`data.how` must be one of "online", "by phone", got a string'],
    ["a Set for a list", { guests: new Set() }, "`data.guests` must be an array, got a Set"],
    ["a list for an object", { guests: [[]] }, "`data.guests.0` must be an object, got an array"],
    ["a function deep within", { guests: [{ name: () => SECRET }] }, "`data.guests.0.name` must be a string, got a function"],
    ["a field that is not declared", { [`not${SECRET.length}e`]: SECRET }, "`data` has no `not6e`"],
    ["a value out of range", { nights: 0 }, "`data.nights`: too small: expected number to be >0, got a number"],
    [
      "a string that is too short",
      { guests: [{ name: "A" }] },
      "`data.guests.0.name`: too small: expected string to have >=2 characters, got a string",
    ],
  ])("is named with its place and kind: %s", (_what, part, message) => {
    expect(said({ ...GOOD, ...part })).toBe(`event \`Booked\` of aggregate \`room\`: ${message}`);
    expect(said({ ...GOOD, ...part })).not.toContain(SECRET);
  });

  it("is named as a whole when all of it is wrong", () => {
    expect(said("text")).toBe("event `Booked` of aggregate `room`: `data` must be an object, got a string");
  });

  it("is named with its first places only when there are many", () => {
    expect(said({ ...GOOD, guests: Array.from({ length: 8 }, () => ({})) })).toMatch(/`data\.guests\.4\.name` .*; and 3 more$/);
  });

  it("passes when it fits", () => {
    expect(said(GOOD)).toBe("it fits");
  });
});
