/** What an operator is warned of before a slot fills the database's disk, or loses what it needs. */

import { describe, expect, it } from "vitest";
import { lagOf, warningsOf } from "../../../src/sources/postgres/lag.ts";
import { bytesBetween, lsn, shown } from "../../../src/sources/postgres/lsn.ts";
import type { Standing } from "../../../src/sources/postgres/peek.ts";

const GiB = 1024 ** 3;

/** A slot that holds back so many bytes. */
function standing(bytes: number, safeBytes?: number): Standing {
  const end = 5n * BigInt(GiB);
  const at = (place: bigint) => lsn(`${(place >> 32n).toString(16)}/${(place & 0xffffffffn).toString(16)}`);
  const kept = at(end - BigInt(bytes));
  return { owner: "o", claimedBy: "s", confirmed: kept, kept, safeBytes, end: at(end), flushed: at(end) };
}

describe("a slot that holds back the server's log", () => {
  it.each([
    ["a gibibyte", GiB, undefined, []],
    ["more than a gibibyte", GiB + 1, undefined, [/^the slot stock makes the server keep 1\.0 GiB of its log: this source is behind/]],
    ["more than 4 GiB, across the middle of a place's number", 4.5 * GiB, undefined, [/keep 4\.5 GiB/]],
    ["little, and the server may keep much more", 1, 256 * 1024 ** 2, []],
    [
      "little, and the server may keep little more",
      1,
      255 * 1024 ** 2,
      [/^after 255 MiB more of its log the server removes what the slot stock still needs/],
    ],
    ["more than the server may keep", 2 * GiB, -5, [/keep 2\.0 GiB/, /^after 0 MiB more/]],
  ])("leads to a warning, or not: %s", (_what, bytes, safeBytes, expected) => {
    const warnings = warningsOf("stock", standing(bytes, safeBytes));
    expect(warnings).toHaveLength(expected.length);
    for (const [index, pattern] of expected.entries()) expect(warnings[index]).toMatch(pattern);
  });

  it("leads to no warning before it has been checked", () => {
    expect(warningsOf("stock", undefined)).toEqual([]);
  });

  it("is reported as the lag in bytes, and in seconds by the last change", () => {
    const slot = standing(300);
    expect(lagOf(slot, slot.kept, true, undefined)).toEqual({ bytes: 300, seconds: 0 });
    expect(lagOf(slot, slot.kept, false, undefined)).toEqual({ bytes: 300 });
    const last = { id: "1", position: "1", value: {}, time: new Date(Date.now() - 60_000).toISOString() };
    expect(lagOf(slot, slot.kept, false, last).seconds).toBeGreaterThanOrEqual(60);
  });
});

describe("positions in the server's log", () => {
  it("compare as strings, whatever their length", () => {
    const places = ["0/0", "0/9", "0/16B3748", "0/FFFFFFFF", "1/0", "A/1", "10/0"].map(lsn);
    expect(places.toSorted()).toEqual(places);
    expect(places.map(shown)).toEqual(["0/0", "0/9", "0/16B3748", "0/FFFFFFFF", "1/0", "A/1", "10/0"]);
    expect(bytesBetween(lsn("0/FFFFFFFF"), lsn("1/0"))).toBe(1);
    expect(bytesBetween(lsn("1/0"), lsn("0/1"))).toBe(0);
  });
});
