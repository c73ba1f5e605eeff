/** What an isolate remembers stays within its limit. */

import { describe, expect, it } from "vitest";
import { makeRoom } from "../../../src/core/make-room.ts";

describe("what is remembered", () => {
  it("is forgotten once there is as much as allowed, so that it never grows beyond that", () => {
    const known = new Set<number>();
    const sizes = Array.from({ length: 7 }, (_, one) => {
      makeRoom(known, 3);
      return known.add(one).size;
    });
    expect(sizes).toEqual([1, 2, 3, 1, 2, 3, 1]);
  });
});
