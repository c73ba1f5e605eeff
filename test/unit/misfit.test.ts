/** What is said of a value that does not fit: the part, the path, what is wanted and the kind of what came, and never the value. */

import { describe, expect, it } from "vitest";
import * as z from "zod";
import { fitting } from "../../src/core/misfit.ts";
import * as headspring from "../../src/index.ts";
import * as kit from "../../src/testing/index.ts";

const Booked = z.strictObject({
  from: z.string(),
  nights: z.int().positive(),
  price: z.number(),
  how: z.enum(["online", "by phone"]),
  guests: z.array(z.object({ name: z.string().min(2) })),
  note: z.string().optional(),
  left: z.null().optional(),
  gone: z.undefined().optional(),
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
    ["a string for null", { left: SECRET }, "`data.left` must be null, got a string"],
    ["null for nothing", { gone: null }, "`data.gone` must be undefined, got null"],
    ["a list for an object", { guests: [[]] }, "`data.guests.0` must be an object, got an array"],
    ["a function deep within", { guests: [{ name: () => SECRET }] }, "`data.guests.0.name` must be a string, got a function"],
    ["a field that is not declared", { [`not${SECRET.length}e`]: SECRET }, "`data` has no `not6e`"],
    ["a value out of range", { nights: 0 }, "`data.nights`: too small: expected number to be >0, got a number"],
    [
      "a string that is too short",
      { guests: [{ name: "A" }] },
      "`data.guests.0.name`: too small: expected string to have >=2 characters, got a string",
    ],
  ])("is reported with its place and kind: %s", (_what, part, message) => {
    expect(said({ ...GOOD, ...part })).toBe(`event \`Booked\` of aggregate \`room\`: ${message}`);
    expect(said({ ...GOOD, ...part })).not.toContain(SECRET);
  });

  it("is reported as a whole when all of it is wrong", () => {
    expect(said("text")).toBe("event `Booked` of aggregate `room`: `data` must be an object, got a string");
  });

  it("is reported with the first places only when there are many", () => {
    expect(said({ ...GOOD, guests: Array.from({ length: 8 }, () => ({})) })).toMatch(/`data\.guests\.4\.name` .*; and 3 more$/);
  });

  it("is not reported when it fits", () => {
    expect(said(GOOD)).toBe("it fits");
  });
});

/** As code that a cast has got past the compiler. */
// oxlint-disable-next-line typescript/no-explicit-any -- what the types refuse is what is tested
const { aggregate, category, defineApp, effect, event, nothing, processManager, reactor, send, sql, transform, view } = headspring as any;
// oxlint-disable-next-line typescript/no-explicit-any -- as above
const { given, on, when } = kit as any;

describe("an answer that a handler may not give", () => {
  const rules = { events: { Booked: z.object({ from: z.string() }) }, commands: { Book: z.object({}) } };
  const states = { initialState: () => ({}), evolve: { Booked: (state: unknown) => state } };
  const roomThat = (answers: unknown) => aggregate("room", { ...rules, ...states, decide: { Book: () => answers } });
  const room = roomThat(nothing());
  const stays = category("stay", { events: { Begun: z.object({ guest: z.string() }) } });
  const booked = on("room/1", event("Booked", { from: "a" }));
  const processThat = (answers: unknown, correlated: unknown = "1") => {
    const own = { events: {}, initialState: () => ({}), evolve: {} };
    return processManager("stay", { from: room, to: room, correlate: { Booked: () => correlated }, ...own, on: { Booked: () => answers } });
  };
  const viewThat = (handler: unknown) =>
    view("rooms", { from: room, row: z.object({ id: z.string() }), key: "id", on: { Booked: handler } });
  const decided = (answer: unknown) => () => given(roomThat(answer)).when("Book", {}).thenNothing();
  const reacted = (answer: unknown) => () =>
    when(reactor("r", { from: room, emits: room, on: { Booked: () => answer } }), booked).thenNothing();
  const transformed = (answer: unknown) => () => when(transform("t", { from: room, to: stays, on: { Booked: () => answer } }), booked);
  const processed = (answer: unknown, id?: unknown) => () => given(processThat(answer, id)).when(booked).then();
  const folded = (handler: unknown) => () => given(viewThat(handler), booked).thenRows([]);

  it.each<[what: string, run: () => unknown, message: string]>([
    [
      "nothing at all by decide",
      decided(undefined),
      "command `Book` of aggregate `room`: `decide` must answer with `event`, `after`, `cancel`, `nothing` or `refuse`, got undefined",
    ],
    ["a Promise by decide", decided(Promise.resolve()), "or `refuse`, got a Promise"],
    ["a command by decide", decided(send(room, "1", "Book", {})), "or `refuse`, got `send`"],
    [
      "a string in decide's list",
      decided([SECRET]),
      "item 0 of the answer of command `Book` of aggregate `room`: `decide` must come from `event`, `after` or `cancel`, got a string",
    ],
    ["a refusal in decide's list", decided([headspring.refuse("no")]), "`after` or `cancel`, got `refuse`"],
    ["a string by a reactor", reacted(SECRET), "the handler of Booked of reactor `r` must answer with `send` or `append`, got a string"],
    ["a Promise by a reactor", reacted(Promise.resolve([])), "`send` or `append`, got a Promise"],
    ["a command to a stream of no name", reacted(send(room, 5, "Book", {})), "a stream id must be a string, not a number"],
    ["a string by a transform", transformed(SECRET), "the handler of Booked of transform `t` must answer with events, got a string"],
    [
      "a number by a process",
      processed(5),
      "a handler of process `stay` must answer with `event`, `send`, `after`, `cancel`, `complete` or `nothing`, got a number",
    ],
    ["null in a process's list", processed([null]), "item 0 of the answer of a handler of process `stay` must come from"],
    [
      "an instance that is not a string",
      processed(undefined, 5),
      'process "stay" correlates Booked to the instance "5", but a stream id must be a string, not a number',
    ],
    ["a string for a row", folded(() => SECRET), "row of view `rooms` after Booked: it must be an object, got a string"],
    [
      "a key that is not a string",
      folded({ at: () => ["1", 2], fold: () => null }),
      "view `rooms`: the keys that `at` gives for Booked must be strings, got a number",
    ],
    ["a function in SQL", () => sql`a = ${() => SECRET}`, "lists of them, not a function"],
    ["a name that is not a string", () => aggregate(undefined, {}), "the name of the aggregate must be a string, not undefined"],
    [
      "a source that is not there yet",
      () => reactor("r", { from: undefined, on: {} }),
      'reactor "r" needs an aggregate or a category in its `from`, got undefined',
    ],
    [
      "a part that is not there yet",
      () => defineApp({ views: [undefined] }),
      "the app's `views.0` must be a definition, got undefined: do two files import each other?",
    ],
    [
      "no duration",
      () => reactor("r", { from: room, on: {}, retry: { attempts: 2, delay: "soon" } }),
      'reactor "r": the delay of its retry policy: "soon" is not a duration',
    ],
  ])("is reported with its part and its kind, and never shown: %s", (_what, run, message) => {
    expect(run).toThrow(message);
    expect(run).not.toThrow(SECRET);
  });

  it.each([
    ["nothing at all", async () => undefined, "got undefined"],
    ["a list", async () => [], "got an array"],
    ["a string", async () => SECRET, "got a string"],
  ])("is reported for an effect: %s", async (_what, handler, message) => {
    const called = when(effect("e", { from: room, records: stays, on: { Booked: handler } }), booked);
    await expect(
      called.thenFails(`a handler of effect \`e\` must answer with \`event\` or \`nothing\`, ${message}`),
    ).resolves.toBeUndefined();
  });
});
