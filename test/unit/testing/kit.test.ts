// oxlint-disable vitest/expect-expect -- a sentence of the kit is an assertion
import { describe, expect, it } from "vitest";
import * as z from "zod";
import {
  after,
  aggregate,
  append,
  at,
  cancel,
  category,
  event,
  nothing,
  queue,
  reactor,
  refuse,
  send,
  source,
  sql,
  streamIdOf,
  transform,
  view,
  type DecideContext,
} from "../../../src/index.ts";
import { NOW, given, on, when } from "../../../src/testing/index.ts";

const counter = aggregate("counter", {
  events: { Counted: z.object({ by: z.int().default(1) }), Stopped: z.object({}) },
  commands: {
    Count: z.object({ by: z.int().positive().default(1) }),
    Stop: z.object({}),
    Spoil: z.object({}),
    Overflow: z.object({}),
  },
  initialState: () => ({ total: 0, history: [] as number[] }),
  evolve: {
    Counted: (state, { by }) => {
      if (by > 1_000) throw new Error("that is too much for evolve");
      return { total: state.total + by, history: [...state.history, by] };
    },
    Stopped: (state) => state,
  },
  decide: {
    Count: (state, { by }) => {
      if (state.total + by > 10) return refuse("full", { left: 10 - state.total });
      return state.total === 0 ? [event("Counted", { by }), after("1h", "Stop", {})] : event("Counted", { by });
    },
    Stop: (state) => (state.total === 0 ? nothing() : [event("Stopped", {}), cancel("Stop")]),
    Spoil: (state) => {
      (state.history as number[]).push(1); // what a cast lets through
      return nothing();
    },
    Overflow: () => event("Counted", { by: 1_001 }),
  },
});

const reading = category("reading", { events: { Read: z.object({ value: z.number(), unit: z.string().default("C") }) } });

const latest = view("latest", {
  from: [reading, counter],
  row: z.object({ id: z.string(), value: z.number(), since: z.string().optional() }),
  key: "id",
  on: {
    Read: {
      at: ({ stream, data }) => (data.value < 0 ? [] : [streamIdOf(stream), "any"]),
      fold: (_row, { data, time }, id) => ({ id, value: data.value, ...(time === NOW ? {} : { since: time }) }),
    },
    Stopped: () => null,
  },
});

const echo = reactor("echo", {
  from: reading,
  emits: [counter, reading],
  on: {
    Read: ({ stream, data }) => {
      if (data.value === 0) return undefined;
      if (data.value < 0) return append(reading, "", "Read", { value: 1 });
      return [send(counter, streamIdOf(stream), "Count", { by: data.value }), append(reading, "echo", "Read", { value: data.value })];
    },
  },
});

const copied = category("copied", { events: { Read: z.object({ value: z.number(), unit: z.string() }) } });
const copy = transform("copy", { from: reading, to: copied, on: { Read: (read) => read } });

const counted = (by: number) => event("Counted", { by });
const read = (value: number) => event("Read", { value });
const metric = (value: number) => event("Read", { value, unit: "C" });

function messageOf(sentence: () => void): string {
  try {
    sentence();
    return "it is true";
  } catch (error) {
    return (error as Error).message;
  }
}

const readings = source("readings", {
  from: queue<{ sensor: string; value: number; unit?: string }>({ queue: "readings" }),
  to: reading,
  where: ({ body }) => body.value !== 0,
  stream: ({ body }) => body.sensor,
  data: ({ body: { value, unit } }) => ({ value, ...(unit === undefined ? {} : { unit }) }),
});
const message = (body: { sensor: string; value: number; unit?: string }) => ({ messageId: "1", sentAt: NOW, body });

describe("an expectation that is met", () => {
  it("passes in silence for an aggregate", () => {
    given(counter)
      .when("Count", {})
      .then(event("Counted", {}), after("1h", "Stop", {}));
    given(counter, counted(3)).when("Count", { by: 2 }).then(counted(2));
    given(counter).when("Stop", {}).thenNothing();
    given(counter, counted(3)).when("Stop", {}).then(event("Stopped", {}), cancel("Stop"));
    given(counter, counted(3)).when("Count", { by: 8 }).thenRefused("full");
    given(counter, counted(3)).when("Count", { by: 8 }).thenRefused("full", { left: 7 });
    given(counter).when("Count", { by: 0 }).thenInvalid("by");
  });

  it("passes in silence for a view", () => {
    given(latest).thenRows([]);
    given(latest, on("reading/1", read(1)), on("reading/2", read(2)), on("reading/1", read(-1))).thenRows([
      { id: "any", value: 2 },
      { id: "2", value: 2 },
      { id: "1", value: 1 },
    ]);
    given(latest, on("reading/1", read(1)), on("counter/any", event("Stopped", {})), on("counter/1", counted(1))).thenRows([
      { id: "1", value: 1 },
    ]);
  });

  it("passes in silence for a reactor", () => {
    when(echo, on("reading/1", read(7))).thenSends(send(counter, "1", "Count", { by: 7 }), append(reading, "echo", "Read", { value: 7 }));
    when(echo, on("reading/1", read(0))).thenNothing();
    when(copy, on("reading/1", read(7))).thenAppends(on("copied/1", event("Read", { value: 7, unit: "C" })));
  });

  it("passes in silence for a source", () => {
    when(readings, message({ sensor: "roof", value: 7 })).thenAppends(on("reading/roof", read(7)));
    when(readings, message({ sensor: "roof", value: 7, unit: "F" })).thenAppends(
      on("reading/roof", event("Read", { value: 7, unit: "F" })),
    );
    when(readings, message({ sensor: "roof", value: 0 })).thenNothing();
    when(readings, message({ sensor: "a/b", value: 1 })).thenFails("`stream`");
    when(readings, message({ sensor: "roof", value: Number.NaN })).thenFails("the data does not fit the schema of Read: value");
  });
});

describe("an expectation that is not met", () => {
  it("shows what was given and done, and the difference", () => {
    const message = messageOf(() => given(counter, counted(3)).when("Count", { by: 2 }).then(counted(4)));
    expect(message).toMatch(/^counter: given Counted, when Count\n/);
    expect(message).toMatch(/^\+ .*by: 2/m);
    expect(message).toMatch(/^- .*by: 4/m);
  });

  it.each([
    ["an event too few", () => given(counter).when("Count", {}).then(counted(1))],
    ["an event too many", () => given(counter, counted(1)).when("Count", {}).then(counted(1), counted(1))],
    ["the timer, but no event", () => given(counter, counted(1)).when("Stop", {}).then(cancel("Stop"))],
    [
      "another delay",
      () =>
        given(counter)
          .when("Count", {})
          .then(counted(1), after("2h", "Stop", {})),
    ],
    ["something instead of nothing", () => given(counter, counted(1)).when("Stop", {}).thenNothing()],
    ["nothing instead of something", () => given(counter).when("Stop", {}).then(counted(1))],
    ["a refusal instead of nothing", () => given(counter).when("Count", { by: 11 }).thenNothing()],
    ["another reason", () => given(counter).when("Count", { by: 11 }).thenRefused("empty")],
    ["other details", () => given(counter).when("Count", { by: 11 }).thenRefused("full", { left: 9 })],
    ["no refusal", () => given(counter).when("Count", {}).thenRefused("full")],
    ["invalid elsewhere", () => given(counter).when("Count", { by: 0 }).thenInvalid("total")],
    ["invalid, not refused", () => given(counter).when("Count", { by: 0 }).thenRefused("full")],
    ["valid", () => given(counter).when("Count", { by: 1 }).thenInvalid("by")],
    ["a row too few", () => given(latest, on("reading/1", read(1))).thenRows([{ id: "1", value: 1 }])],
    ["another value", () => given(latest, on("reading/1", read(-1)), on("reading/any", read(1))).thenRows([{ id: "any", value: 2 }])],
    ["a row where none is", () => given(latest).thenRows([{ id: "1", value: 1 }])],
    ["another command", () => when(echo, on("reading/1", read(7))).thenSends(send(counter, "1", "Count", { by: 8 }))],
    ["nothing sent", () => when(echo, on("reading/1", read(0))).thenSends(send(counter, "1", "Count", {}))],
    ["another event appended", () => when(copy, on("reading/1", read(7))).thenAppends(on("copied/1", metric(8)))],
    ["an event on another stream", () => when(copy, on("reading/1", read(7))).thenAppends(on("copied/2", metric(7)))],
    ["an event too many", () => when(copy, on("reading/1", read(7))).thenAppends(on("copied/1", metric(7)), on("copied/1", metric(7)))],
    ["an event appended, not a command sent", () => when(echo, on("reading/1", read(7))).thenAppends(on("reading/echo", read(7)))],
    [
      "an event of a source with other data",
      () => when(readings, message({ sensor: "1", value: 7 })).thenAppends(on("reading/1", read(8))),
    ],
    ["… on another stream", () => when(readings, message({ sensor: "1", value: 7 })).thenAppends(on("reading/2", read(7)))],
    ["… where there is none", () => when(readings, message({ sensor: "1", value: 0 })).thenAppends(on("reading/1", read(0)))],
    ["… where the source stops", () => when(readings, message({ sensor: "", value: 1 })).thenAppends(on("reading/1", read(1)))],
    ["… instead of nothing", () => when(readings, message({ sensor: "1", value: 1 })).thenNothing()],
    ["… instead of a failure", () => when(readings, message({ sensor: "1", value: 1 })).thenFails("stream")],
    ["another failure", () => when(readings, message({ sensor: "a/b", value: 1 })).thenFails("schema")],
    ["something sent", () => when(echo, on("reading/1", read(1))).thenNothing()],
  ])("throws: %s", (_what, sentence) =>
    expect(sentence).toThrow(expect.objectContaining({ name: "AssertionError", code: "ERR_ASSERTION" })),
  );

  it("cannot go unnoticed when its last call is forgotten and the test returns it", async () => {
    await expect(async () => given(counter).when("Stop", {}) as unknown as Promise<void>).rejects.toThrow(
      "counter: given nothing, when Stop",
    );
  });
});

describe("the kit, like the store,", () => {
  it("accepts no event that does not fit its schema, given or expected", () => {
    expect(() => given(counter, counted(0.5)).when("Stop", {}).thenNothing()).toThrow(
      "event `Counted` of `counter`: `data.by` must be a whole number, got a fraction",
    );
    expect(() => given(counter).when("Count", {}).then(counted(0.5))).toThrow(
      "event `Counted` of `counter`: `data.by` must be a whole number, got a fraction",
    );
    expect(() => given(latest, on("reading/1", event("Read", { value: Number.NaN })))).toThrow(
      "event `Read` of `reading`: `data.value` must be a number, got NaN",
    );
  });

  it("accepts no event that its category does not have, even if a cast lets it through", () => {
    const misspelt = event("Cuonted", {}) as unknown as ReturnType<typeof counted>;
    expect(() => given(counter, misspelt).when("Stop", {})).toThrow('counter has no event type "Cuonted" (Counted, Stopped)');
    const elsewhere = on("meter/1", read(1)) as unknown as ReturnType<typeof on<"reading/1", ReturnType<typeof read>>>;
    expect(() => given(latest, elsewhere)).toThrow('"meter" is not one of reading, counter');
    expect(() => when(echo, elsewhere)).toThrow('"meter" is not one of reading');
  });

  it("accepts no command that the aggregate does not have", () => {
    expect(() => given(counter).when("constructor" as "Stop", {})).toThrow('counter has no command "constructor" (Count, Stop');
  });

  it("fills in what schemas fill in", () => {
    given(latest, on("reading/1", event("Read", { value: 1 }))).thenRows([
      { id: "1", value: 1 },
      { id: "any", value: 1 },
    ]);
    given(counter, event("Counted", {})).when("Count", { by: 10 }).thenRefused("full", { left: 9 });
  });

  it("fails when evolve cannot apply what was decided", () => {
    expect(() => given(counter).when("Overflow", {})).toThrow("that is too much for evolve");
  });

  it("fails when a reaction goes to an impossible stream", () => {
    expect(() => when(echo, on("reading/1", read(-1)))).toThrow('reactor "echo" answers Read (reading/1, version 1) to the stream "", but');
  });

  it("fails when a fold gives a row with another key", () => {
    const lost = view("lost", { from: reading, row: z.object({ id: z.string() }), key: "id", on: { Read: () => ({ id: "elsewhere" }) } });
    expect(() => given(lost, on("reading/1", read(1)))).toThrow('view "lost" returned a row with another id');
  });

  it("runs no SQL: only the database knows rows that a handler itself writes", () => {
    const written = view("written", {
      from: reading,
      row: z.object({ id: z.string() }),
      key: "id",
      on: { Read: { sql: (_read, rows) => rows.remove(sql`id = 1`) } },
    });
    expect(() => given(written, on("reading/1", read(1)))).toThrow("written handles Read with SQL, which only the database can run");
  });

  it("fails when a row does not fit its schema", () => {
    const wrong = view("wrong", {
      from: reading,
      row: z.object({ id: z.string(), value: z.int() }),
      key: "id",
      on: { Read: (_row, { data }, id) => ({ id, value: data.value }) },
    });
    given(wrong, on("reading/1", read(1))).thenRows([{ id: "1", value: 1 }]);
    expect(() => given(wrong, on("reading/1", read(0.5)))).toThrow(
      "row of view `wrong` after Read: `value` must be a whole number, got a fraction",
    );
  });
});

describe("the kit", () => {
  it("detects a decide that changes the state in place, like the store", () => {
    expect(() => given(counter).when("Spoil", {})).toThrow(TypeError);
  });

  it("detects at once what would keep a state from being a snapshot, from the start or after an event", () => {
    const forgetful = (initial: unknown, later: unknown) =>
      aggregate("forgetful", {
        events: { Seen: z.object({}) },
        commands: { See: z.object({}) },
        initialState: () => ({ of: initial }), // what `unknown` hides from the compiler
        evolve: { Seen: () => ({ of: later }) },
        decide: { See: () => event("Seen", {}) },
      });
    expect(() => given(forgetful(new Set(), 1)).when("See", {})).toThrow(
      'the initial state of "forgetful" must be plain JSON, but state.of is a Set',
    );
    expect(() => given(forgetful(1, [Number.NaN])).when("See", {})).toThrow(
      'the state after Seen of "forgetful" must be plain JSON, but state.of.0 is NaN',
    );
    given(forgetful(1, 2), event("Seen", {})).when("See", {}).then(event("Seen", {}));
  });

  it("gives decide a state without undefined members, like the store", () => {
    const seats = aggregate("seats", {
      events: { Left: z.object({ who: z.string() }) },
      commands: { Count: z.object({}) },
      initialState: (): { taken: Record<string, boolean | undefined> } => ({ taken: { a: true, b: true } }),
      evolve: { Left: (state, { who }) => ({ taken: { ...state.taken, [who]: undefined } }) },
      decide: { Count: ({ taken }) => refuse("counted", { seats: Object.keys(taken) }) },
    });
    given(seats, event("Left", { who: "a" }))
      .when("Count", {})
      .thenRefused("counted", { seats: ["b"] });
  });

  it("gives decide the same time and ids in every run, or those that the test sets", () => {
    const contexts: DecideContext[] = [];
    const witness = aggregate("witness", {
      events: { Seen: z.object({}) },
      commands: { Look: z.object({}) },
      initialState: () => ({}),
      evolve: { Seen: (state) => state },
      decide: {
        Look: (_state, _command, context) => {
          contexts.push(context);
          return nothing();
        },
      },
    });
    const now = new Date("2026-11-21T06:00:00Z");
    given(witness, event("Seen", {})).when("Look", {}).thenNothing();
    given(witness, event("Seen", {})).when("Look", {}).thenNothing();
    given(witness)
      .when("Look", {}, { now, id: "42", version: 7, commandId: "a", meta: { correlationId: "b", causationId: "c" } })
      .thenNothing();
    given(witness).when("Look", {}, { commandId: "a" }).thenNothing();
    expect(contexts[0]).toMatchObject({ now: new Date(NOW), id: "1", version: 1 });
    expect(contexts[1]).toEqual(contexts[0]);
    expect(contexts[2]).toEqual({ now, id: "42", version: 7, commandId: "a", meta: { correlationId: "b", causationId: "c" } });
    expect(contexts[3]).toMatchObject({ commandId: "a", meta: { correlationId: "a", causationId: "a" }, version: 0 });
  });

  it("gives handlers the versions, positions and times of events, as the test set them", () => {
    const diary = view("diary", {
      from: reading,
      row: z.object({ id: z.string(), entry: z.string() }),
      key: "id",
      on: {
        Read: {
          at: ({ position }) => String(position),
          fold: (_row, { stream, version, time, recordedAt, meta }, id) => ({
            id,
            entry: [stream, version, time, recordedAt, meta.correlationId].join(" "),
          }),
        },
      },
    });
    given(
      diary,
      on("reading/1", read(1)),
      on("reading/2", read(1), { recordedAt: "2026-02-02T00:00:00.000Z", meta: { correlationId: "c" } }),
      on("reading/1", read(1), { time: "2026-03-03T00:00:00+01:00" }),
    ).thenRows([
      { id: "1", entry: `reading/1 1 ${NOW} ${NOW} ` },
      { id: "2", entry: "reading/2 1 2026-02-02T00:00:00.000Z 2026-02-02T00:00:00.000Z c" },
      { id: "3", entry: `reading/1 2 2026-03-03T00:00:00+01:00 ${NOW} ` },
    ]);
  });
});

describe("the kit, for timers,", () => {
  const room = aggregate("room", {
    events: { Booked: z.object({ desk: z.string() }) },
    commands: {
      Book: z.object({ desk: z.string(), from: z.string() }),
      Open: z.object({ desk: z.string() }),
      Leave: z.object({ desk: z.string() }),
    },
    internal: ["Open"],
    initialState: () => ({}),
    evolve: { Booked: (state) => state },
    decide: {
      Book: (_state, { desk, from }) => [event("Booked", { desk }), at(from, "Open", { desk }, { key: desk })],
      Open: () => nothing(),
      Leave: (_state, { desk }) => cancel("Open", { key: desk }),
    },
  });
  const book = (from: string) => given(room).when("Book", { desk: "a", from });

  it("knows their keys, and treats a time and the equal duration as the same", () => {
    const booked = event("Booked", { desk: "a" });
    book("2026-01-01T01:00:00+00:30").then(booked, at(new Date("2026-01-01T00:30:00Z"), "Open", { desk: "a" }, { key: "a" }));
    book("2026-01-01T00:30:00Z").then(booked, after("30m", "Open", { desk: "a" }, { key: "a" }));
    book("2025-01-01T00:30:00Z").then(booked, after("0s", "Open", { desk: "a" }, { key: "a" }));
    given(room)
      .when("Leave", { desk: "a" })
      .then(cancel("Open", { key: "a" }));
    given(room).when("Open", { desk: "a" }).thenNothing();
    expect(() => book("2026-01-01T00:30:00Z").then(booked, after("30m", "Open", { desk: "a" }))).toThrow("room: given nothing, when Book");
    expect(() => book("2026-01-01T00:30:00Z").then(booked, after("31m", "Open", { desk: "a" }, { key: "a" }))).toThrow("due");
    expect(() => book("soon").then(booked)).toThrow("the timer for Open is set to soon, which is not a time");
  });

  it("refuses a key that is not a string or is too long, and an internal command that is not declared", () => {
    const withKey = (key: unknown) => () =>
      given({ ...room, decide: { ...room.decide, Leave: () => cancel("Open", { key: key as string }) } })
        .when("Leave", { desk: "a" })
        .thenNothing();
    expect(withKey(1)).toThrow('the key of a timer for "Open" of aggregate "room" must be a string of at most 256 bytes');
    expect(withKey("ü".repeat(129))).toThrow("at most 256 bytes");
    expect(() => aggregate("room", { ...room, internal: ["Opne"] as never })).toThrow('has the internal command "Opne"');
  });
});
