/** Which events a webhook asks for, and what follows from a predicate that throws. */

import { describe, expect, it } from "vitest";
import type { LoggedEvent } from "../../../src/core/event.ts";
import { isOfInterest, isUnwanted, whyNotSendable } from "../../../src/deliveries/interest.ts";

const ABOUT = { ownStream: "$webhook/told" };
const event = (more: Partial<LoggedEvent> = {}): LoggedEvent => ({
  stream: "reading/1",
  version: 1,
  position: 7,
  id: "e",
  type: "Read",
  data: `{"value":1}`,
  meta: "{}",
  time: null,
  recordedAt: 1_000,
  schemaVersion: 1,
  ...more,
});

describe("an event", () => {
  it.each<[what: string, interest: Parameters<typeof isOfInterest>[1], one: LoggedEvent, is: boolean]>([
    ["of any kind by default", {}, event(), true],
    ["of the types", { types: ["Read"] }, event(), true],
    ["of no other type", { types: ["Calibrated"] }, event(), false],
    ["of the categories", { categories: ["reading"] }, event(), true],
    ["of no other category", { categories: ["alarm"] }, event(), false],
    ["that fulfils the predicate", { where: ({ stream }) => stream === "reading/1" }, event(), true],
    ["that fulfils it as data", { where: { path: "data.value", op: "gt", value: 1 } }, event(), false],
    ["that was not erased", {}, event({ erased: true }), false],
    ["that is not about the webhook itself", {}, event({ stream: ABOUT.ownStream }), false],
  ])("is asked for: %s", (_what, interest, one, is) => expect(isOfInterest(one, interest, ABOUT)).toBe(is));

  it("is asked for by a replay of its time", () => {
    const of = (since: number, until: number) => isOfInterest(event(), {}, ABOUT, { since, until });
    expect([of(1_000, 1_001), of(1_001, 2_000), of(0, 1_000)]).toEqual([true, false, false]);
  });
});

const throwing = () => {
  throw new Error("slipped");
};

describe("an event that a webhook's code cannot judge", () => {
  it("is taken, and not sent, with the reason", () => {
    expect(isOfInterest(event(), { where: throwing }, ABOUT)).toBe(true);
    expect(whyNotSendable(event(), { where: throwing })).toBe("the webhook's predicate threw: slipped");
    expect(isUnwanted(event(), { where: throwing })).toBe(false);
  });

  it("is sent or skipped once the code can", () => {
    expect(whyNotSendable(event(), { where: () => true })).toBeUndefined();
    expect(isUnwanted(event(), { where: () => true })).toBe(false);
    expect(isUnwanted(event(), { where: () => false })).toBe(true);
  });

  it("may be one that cannot be lifted, whatever the predicate: that is not even called", () => {
    const unlifted = { ...event(), unlifted: "the upcast to version 2 threw: slipped" };
    for (const where of [undefined, throwing, () => false]) {
      const interest = where ? { where } : {};
      expect(isOfInterest(unlifted, interest, ABOUT)).toBe(true);
      expect(whyNotSendable(unlifted, interest)).toContain("cannot be lifted");
      expect(isUnwanted(unlifted, interest)).toBe(false);
    }
  });

  it("is left out when its type, category or stream is not asked for", () => {
    const unlifted = { ...event(), unlifted: "slipped" };
    expect(isOfInterest(unlifted, { types: ["Other"] }, ABOUT)).toBe(false);
    expect(isOfInterest(unlifted, { categories: ["other"] }, ABOUT)).toBe(false);
    expect(isOfInterest(unlifted, {}, { ownStream: "reading/1" })).toBe(false);
    expect(isOfInterest({ ...unlifted, erased: true }, {}, ABOUT)).toBe(false);
  });
});
