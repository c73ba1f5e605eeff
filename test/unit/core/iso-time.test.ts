import fc from "fast-check";
import { expect, it } from "vitest";
import { isoTime } from "../../../src/core/iso-time.ts";

const MOMENTS = fc.oneof(
  fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 }),
  fc.integer({ min: 1_795_000_000_000, max: 1_795_000_002_000 }),
  fc.constantFrom(0, -1, 999, 1_000, 8.64e15, -8.64e15, 253_402_300_799_999, 253_402_300_800_000, -62_167_219_200_001),
);

it("a time is formatted as a date does it, whatever the previous one was", () => {
  fc.assert(
    fc.property(fc.array(MOMENTS, { minLength: 1 }), (moments) => {
      expect(moments.map(isoTime)).toEqual(moments.map((ms) => new Date(ms).toISOString()));
    }),
  );
});

it("an invalid time is refused, and the next time is right", () => {
  expect(() => isoTime(Number.NaN)).toThrow(RangeError);
  expect(() => isoTime(8.64e15 + 1_000)).toThrow(RangeError);
  expect(isoTime(1)).toBe("1970-01-01T00:00:00.001Z");
});
