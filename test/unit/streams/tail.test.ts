import { describe, expect, it } from "vitest";
import type { StoredEvent } from "../../../src/core/event.ts";
import { APPEND_BYTES } from "../../../src/core/limits.ts";
import { Tail } from "../../../src/streams/tail.ts";

const event = (version: number, data = "{}"): StoredEvent => ({
  version,
  id: `id-${version}`,
  type: "Read",
  data,
  meta: "{}",
  time: null,
  recordedAt: 0,
  schemaVersion: 1,
});
const events = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => event(from + index));
const versions = (range: readonly StoredEvent[] | undefined) => range?.map(({ version }) => version);

describe("the newest events of a stream", () => {
  it("are available as long as they are in memory", () => {
    const tail = new Tail();
    tail.take(events(3, 4));
    tail.take(events(5, 5));
    expect(versions(tail.range(3, 5))).toEqual([3, 4, 5]);
    expect(versions(tail.range(4, 4))).toEqual([4]);
    tail.release(4);
    expect(versions(tail.range(5, 5))).toEqual([5]);
    tail.release(5);
    expect(tail.range(5, 5)).toBeUndefined();
  });

  it("are no answer to a reader that asks for more", () => {
    const tail = new Tail();
    expect(tail.range(1, 1)).toBeUndefined();
    tail.take(events(3, 4));
    expect(tail.range(2, 4)).toBeUndefined();
    expect(tail.range(3, 5)).toBeUndefined();
  });

  it("never use much more memory than the largest append", () => {
    const tail = new Tail();
    const half = JSON.stringify("x".repeat(APPEND_BYTES / 2));
    for (let version = 1; version <= 10; version++) tail.take([event(version, half)]);
    expect(tail.range(9, 10)).toBeUndefined();
    expect(versions(tail.range(10, 10))).toEqual([10]);
  });
});
