/** Which events a webhook asks for, and what becomes of a predicate that throws. */

import { afterEach, describe, expect, it, vi } from "vitest";
import type { LoggedEvent } from "../../../src/event.ts";
import { isOfInterest } from "../../../src/webhooks/interest.ts";

afterEach(() => vi.restoreAllMocks());

const ABOUT = { store: "default", ownStream: "$webhook/told" };
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
    ["whatever it is, where nothing else is said", {}, event(), true],
    ["of the types", { types: ["Read"] }, event(), true],
    ["of no other type", { types: ["Calibrated"] }, event(), false],
    ["of the categories", { categories: ["reading"] }, event(), true],
    ["of no other category", { categories: ["alarm"] }, event(), false],
    ["that fulfils the predicate", { where: ({ stream }) => stream === "reading/1" }, event(), true],
    ["that fulfils it as data", { where: { path: "data.value", op: "gt", value: 1 } }, event(), false],
    ["that was not erased", {}, event({ erased: true }), false],
    ["that does not tell of the webhook itself", {}, event({ stream: ABOUT.ownStream }), false],
  ])("is asked for: %s", (_what, interest, one, is) => expect(isOfInterest(one, interest, ABOUT)).toBe(is));

  it("is asked for by a replay of its time", () => {
    const of = (since: number, until: number) => isOfInterest(event(), {}, ABOUT, { since, until });
    expect([of(1_000, 1_001), of(1_001, 2_000), of(0, 1_000)]).toEqual([true, false, false]);
  });

  it("at which the predicate throws is not sent, and that is said", () => {
    const complaints = vi.spyOn(console, "error").mockReturnValue();
    const where = () => {
      throw new Error("the predicate is broken");
    };
    expect(isOfInterest(event(), { where }, ABOUT)).toBe(false);
    expect(complaints).toHaveBeenCalledWith(expect.objectContaining({ consumer: "told", stream: "reading/1", version: 1, type: "Read" }));
    expect(JSON.stringify(complaints.mock.calls)).toContain("the predicate is broken");
  });
});
