/** The tree of a story and its axis: what stands below what, and what time takes room. */

import { describe, expect, it } from "vitest";
import { scaleOf } from "../../../console/pages/story/scale.ts";
import { type StoryNode, treeOf } from "../../../console/pages/story/tree.ts";
import type { StoredEvent } from "../../../console/store/event.ts";

const COMMAND = "01a1fd58-555f-734a-9c5e-9990115fd3d4";
const COMMAND_AT = 0x01a1fd58555f;

function event(position: number, meta: StoredEvent["meta"], id = `e${position}`, type = `T${position}`): StoredEvent {
  const recordedAt = new Date(COMMAND_AT + position * 10).toISOString();
  return { id, stream: "s/1", version: position, position, type, data: {}, meta, time: recordedAt, recordedAt };
}

const NONE = { deliveries: [], consumers: [], kinds: new Map() };
const shape = (nodes: readonly StoryNode[]): unknown => nodes.map(({ title, children }) => [title, ...(shape(children) as unknown[])]);

describe("the tree of a story", () => {
  it("begins with the command, which is not an event of the log, at the time in its id", () => {
    const events = [
      event(1, { causationId: COMMAND, $command: "Place", by: "shop" }),
      event(2, { causationId: "e1", $processor: "fulfil", $command: "Reserve" }),
      event(3, { causationId: COMMAND, $command: "Place" }),
    ];
    const [root] = treeOf({ ...NONE, events, kinds: new Map([["fulfil", "reactor"]]) });
    expect(shape([root!])).toEqual([["Command Place", ["T1", ["T2"]], ["T3"]]]);
    expect(root).toMatchObject({ detail: "from shop", at: COMMAND_AT });
    expect(root!.children[0]!.children[0]!.maker).toBe("reactor fulfil › command Reserve");
  });

  it("treats the latest earlier event with the id of a cause as the cause, because ids are unique within a stream only", () => {
    const events = [
      event(1, {}, "same"),
      event(2, {}, "same"),
      event(3, { causationId: "same" }),
      event(4, { causationId: "self" }, "self"),
    ];
    expect(shape(treeOf({ ...NONE, events }))).toEqual([["T1"], ["T2", ["T3"]], ["T4"]]);
  });

  it("has each attempt of a delivery at its place, and a consumer's failure at its event", () => {
    const history = [
      { at: new Date(COMMAND_AT + 30).toISOString(), durationMs: 5, response: 503 },
      { at: new Date(COMMAND_AT + 5_000).toISOString(), durationMs: 7, response: 204 },
    ];
    const delivery = { webhook: "w", url: "https://a.example/b", id: "d", position: 1, status: "delivered", attempts: 2, history };
    const failed = { message: "no", at: new Date(COMMAND_AT + 11).toISOString(), event: { position: 1 } };
    const consumer = { name: "mail", kind: "processor", status: "failed", attempts: 5, lastError: failed } as never;
    const [root] = treeOf({ ...NONE, events: [event(1, {})], deliveries: [delivery], consumers: [consumer] });
    expect(shape([root!])).toEqual([["T1", ["Failed and stopped"], ["Webhook delivered", ["Attempt 1"], ["Attempt 2"]]]]);
    const [first, second] = root!.children[1]!.children;
    expect([first!.isBad, second!.isBad]).toEqual([true, false]);
    expect(second!.began).toBe(COMMAND_AT + 4_993);
  });
});

describe("the axis of a story", () => {
  it("is true to scale where nothing is idle", () => {
    const { placeOf, cuts } = scaleOf([1_000, 4_000, 2_000, 3_000, 5_000]);
    expect([1_000, 2_000, 3_000, 4_000, 5_000].map(placeOf)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(cuts).toEqual([]);
  });

  it("cuts idle time, however often and long, and keeps the order", () => {
    const hour = 3_600_000;
    const times = [0, 10, 30, hour, hour + 20, 24 * hour, 24 * hour + 5];
    const { placeOf, cuts, ms, idleMs } = scaleOf(times);
    expect(cuts.map((cut) => cut.ms)).toEqual([hour - 30, 23 * hour - 20]);
    expect(ms - idleMs).toBe(55);
    const places = times.map(placeOf);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places[0]).toBe(0);
    expect(places.at(-1)).toBeCloseTo(1);
    expect(placeOf(hour) - placeOf(30)).toBeLessThan(0.06);
  });

  it.each([[[]], [[7]], [[7, 7]], [[Number.NaN, 7]]])("handles %j", (times) => {
    const { placeOf, cuts } = scaleOf(times);
    expect([placeOf(7), cuts]).toEqual([0, []]);
  });
});
