/** What `decide` answers is checked before it is stored: what does not fit is a bug of the aggregate, and says which. */

import { describe, expect, it } from "vitest";
import * as z from "zod";
import { after, aggregate, cancel, event } from "../../../src/index.ts";
import { APPEND_BYTES, APPEND_EVENTS, COMMAND_BYTES, EVENT_DATA_BYTES } from "../../../src/core/limits.ts";
import type { AnyAggregate } from "../../../src/definitions/aggregate.ts";
import { decide } from "../../../src/streams/decide.ts";

const CONTEXT = { now: new Date(0), id: "1", version: 0, commandId: "c", meta: { correlationId: "c", causationId: "c" } };

/** The outcome of a command whose `decide` answers this, types aside. */
function decided(answer: unknown, command = "Write") {
  const note = aggregate("note", {
    events: { Written: z.object({ text: z.string() }) },
    commands: { Write: z.object({}) },
    initialState: () => ({}),
    evolve: { Written: (state) => state },
    decide: { Write: () => answer as never },
  });
  return decide(note as AnyAggregate, command, {}, {}, CONTEXT);
}

const written = (characters = 1) => event("Written", { text: "x".repeat(characters) });

describe("a decision is refused as a whole when", () => {
  it.each<[what: string, answer: () => unknown, message: string]>([
    [
      "it has an event that is not declared",
      () => event("Wrote", {}),
      'returned an event "Wrote", which aggregate "note" does not declare',
    ],
    [
      "it has an event that is too large",
      () => written(EVENT_DATA_BYTES),
      `event \`Written\` of aggregate \`note\`: \`data\` has more than ${EVENT_DATA_BYTES} bytes`,
    ],
    ["it has too many events", () => Array.from({ length: APPEND_EVENTS + 1 }, () => written()), `at most ${APPEND_EVENTS} events`],
    [
      "its events are too large together",
      () => Array.from({ length: 1 + APPEND_BYTES / (EVENT_DATA_BYTES / 2) }, () => written(EVENT_DATA_BYTES / 2)),
      `${APPEND_BYTES} bytes go in one answer`,
    ],
    [
      "it has an event with a member named __proto__, which its schema would drop",
      () => event("Written", JSON.parse('{"text":"x","__proto__":{"a":1}}')),
      "event `Written` of aggregate `note`: `data` has a member `__proto__`, which its schema would drop",
    ],
    [
      "it sets a timer whose data is too large",
      () => after("1s", "Write", { text: "x".repeat(COMMAND_BYTES) }),
      `timer for command \`Write\` of aggregate \`note\`: \`data\` has more than ${COMMAND_BYTES} bytes`,
    ],
    ["it sets a timer for a command that is not declared", () => after("1s", "Remind", {}), 'set a timer for "Remind"'],
    ["it takes back a timer for a command that is not declared", () => cancel("Remind"), 'set a timer for "Remind"'],
  ])("%s", (_what, answer, message) => expect(() => decided(answer())).toThrow(message));

  it("the aggregate has no handler for the command because of a cast", () => {
    expect(() => decided(written(), "Read")).toThrow('aggregate "note" has no decide handler for "Read"');
  });
});
