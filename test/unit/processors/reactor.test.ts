// oxlint-disable vitest/expect-expect -- a sentence of the kit is an assertion
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { aggregate, append, category, event, nothing, reactor, send } from "../../../src/index.ts";
import { REACTIONS, REACTION_HOPS } from "../../../src/definitions/limits.ts";
import type { Loops } from "../../../src/definitions/processors/loops.ts";
import { on, when } from "../../../src/testing/index.ts";

const door = aggregate("door", {
  events: { Opened: z.object({}) },
  commands: { Open: z.object({}), Shut: z.object({}) },
  initialState: () => ({}),
  evolve: { Opened: (state) => state },
  decide: { Open: () => nothing(), Shut: () => nothing() },
});
const bell = category("bell", { events: { Rung: z.object({ times: z.int() }), Muted: z.object({}) } });
const diary = category("diary", { events: { Noted: z.object({}), Torn: z.object({}) } });

const rung = on("bell/front", event("Rung", { times: 1 }));

describe("a reactor that declares what it emits", () => {
  it("may emit everything that a target accepts, or what is listed for that target", () => {
    const both = reactor("both", {
      from: bell,
      emits: [door, [diary, "Noted"]],
      on: { Rung: () => [send(door, "front", "Open", {}), send(door, "front", "Shut", {}), append(diary, "d", "Noted", {})] },
    });
    when(both, rung).thenSends(send(door, "front", "Open", {}), send(door, "front", "Shut", {}), append(diary, "d", "Noted", {}));
  });

  it("may name a single target without a list, narrowed or not", () => {
    const one = reactor("one", { from: bell, emits: door, on: { Rung: () => send(door, "front", "Shut", {}) } });
    when(one, rung).thenSends(send(door, "front", "Shut", {}));
    const narrow = reactor("narrow", { from: bell, emits: [door, "Open"], on: { Rung: () => send(door, "front", "Open", {}) } });
    when(narrow, rung).thenSends(send(door, "front", "Open", {}));
  });

  it.each([
    [
      "a command that is not named",
      send(door, "front", "Shut", {}),
      'the command Shut to "door", but declares to emit Open to "door"; Noted to "diary"',
    ],
    [
      "an event that is not named",
      append(diary, "d", "Torn", {}),
      'an event Torn to "diary", but declares to emit Open to "door"; Noted to "diary"',
    ],
    ["a target that is not named", append(bell, "b", "Muted", {}), 'an event Muted to "bell", but declares'],
    [
      "an event for an aggregate, named like a command",
      { ...append(diary, "d", "Noted", {}), category: "door", event: event("Open", {}) },
      'an event Open to "door", but declares',
    ],
    [
      "a command for a plain category, named like an event",
      { ...send(door, "d", "Open", {}), aggregate: "diary", command: "Noted" },
      'the command Noted to "diary", but declares',
    ],
  ])("is refused %s, even if a cast lets that through", (_what, action, message) => {
    const sly = reactor("sly", {
      from: bell,
      emits: [
        [door, "Open"],
        [diary, "Noted"],
      ],
      on: { Rung: () => action as never },
    });
    expect(() => when(sly, rung)).toThrow(`reactor "sly" answers Rung (bell/front, version 1) with ${message}`);
  });

  it("is refused everything when it declares nothing", () => {
    const silent = reactor("silent", { from: bell, on: { Rung: () => send(door, "front", "Open", {}) as never } });
    expect(() => when(silent, rung)).toThrow('with the command Open to "door", but declares to emit nothing');
  });

  it("may name only what its targets have", () => {
    expect(() => reactor("r", { from: bell, emits: [door, "Slam"] as never, on: {} })).toThrow(
      new TypeError('reactor "r" emits "Slam" to "door", which takes Open, Shut'),
    );
    expect(() => reactor("r", { from: bell, emits: [[diary, "Noted", "Open"]] as never, on: {} })).toThrow(
      new TypeError('reactor "r" emits "Open" to "diary", which takes Noted, Torn'),
    );
  });
});

describe("an answer", () => {
  it("has a thousand actions at most", () => {
    const many = (count: number) =>
      reactor("many", {
        from: bell,
        emits: diary,
        on: { Rung: () => Array.from({ length: count }, () => append(diary, "d", "Noted", {})) },
      });
    const noted = append(diary, "d", "Noted", {});
    when(many(REACTIONS), rung).thenSends(noted, ...Array.from({ length: REACTIONS - 1 }, () => noted));
    expect(() => when(many(REACTIONS + 1), rung)).toThrow(
      `with ${REACTIONS + 1} commands and events; at most ${REACTIONS} go in one answer`,
    );
  });
});

describe("reactions in a row", () => {
  const answering = (loops?: Loops, answer = true) =>
    reactor("r", {
      from: bell,
      emits: diary,
      ...(loops === undefined ? {} : { loops }),
      on: { Rung: () => (answer ? append(diary, "d", "Noted", {}) : []) },
    });
  const after = ($hops: unknown) => on("bell/b", event("Rung", { times: 1 }), { meta: { $hops } as never });
  const noted = append(diary, "d", "Noted", {});

  it("are ended by an error that describes them", () => {
    when(answering(), after(REACTION_HOPS - 1)).thenSends(noted);
    expect(() => when(answering(), after(REACTION_HOPS))).toThrow(
      `reactor "r" answers Rung (bell/b, version 1) after ${REACTION_HOPS} reactions in a row, of which at most ${REACTION_HOPS} may follow one another: does it feed itself?`,
    );
  });

  it("are ended there even if loops are intended, unless the reactor declares how many", () => {
    expect(() => when(answering(true), after(REACTION_HOPS))).toThrow("does it feed itself?");
    when(answering({ hops: 500 }), after(499)).thenSends(noted);
    expect(() => when(answering({ hops: 500 }), after(500))).toThrow("after 500 reactions in a row");
    expect(() => when(answering({ hops: 1 }), after(1))).toThrow("after 1 reactions in a row");
  });

  it("do not count if there is no answer", () => {
    when(answering(undefined, false), after(REACTION_HOPS)).thenNothing();
  });

  it.each([-5, 0.5, "1000", null, { a: 1 }, Number.MAX_VALUE])("are counted by the store, not by a client that wrote %j", (hops) => {
    when(answering(), after(hops)).thenSends(noted);
  });

  it.each([0, -1, 1.5])("cannot be limited to %d", (hops) => {
    expect(() => answering({ hops })).toThrow(new TypeError(`reactor "r" loops over a whole number of hops from 1, not ${hops}`));
  });
});

describe("a reactor's definition", () => {
  it("sets where it begins and how it is tried again", () => {
    expect(reactor("r", { from: bell, on: {} })).toMatchObject({
      start: "beginning",
      retry: { attempts: 8, firstDelayMs: 1_000, maxDelayMs: 64_000 },
    });
    expect(reactor("r", { from: bell, start: "head", retry: { attempts: 2, delay: "3s" }, on: {} })).toMatchObject({
      start: "head",
      retry: { attempts: 2, firstDelayMs: 3_000 },
    });
    expect(() => reactor("r", { from: bell, retry: { attempts: 0 }, on: {} })).toThrow(TypeError);
  });
});
