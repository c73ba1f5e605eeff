/** What is wrong with a definition is found at start-up, and said. */

import { describe, expect, it } from "vitest";
import * as z from "zod";
import {
  aggregate,
  category,
  defineApp,
  nothing,
  processManager,
  queue,
  reactor,
  source,
  sourceKind,
  view,
  webhook,
} from "../../src/index.ts";
import { VIEW_COLUMNS } from "../../src/definitions/limits.ts";

const reading = category("reading", { events: { Read: z.object({ value: z.number() }) } });
const door = aggregate("door", {
  events: { Opened: z.object({}) },
  commands: { Open: z.object({}) },
  initialState: () => ({}),
  evolve: { Opened: (state) => state },
  decide: { Open: () => nothing() },
});
const row = z.object({ id: z.string(), value: z.number() });
const values = view("values", { from: reading, row, key: "id", on: {} });
const relay = reactor("relay", { from: reading, on: {} });
const hook = webhook("hook", { from: reading, url: "https://example.com/", secret: { variable: "SECRET" } });

const clockKind = () =>
  sourceKind<{ seconds: number; zone?: { name: string } }>({
    name: "clock",
    settings: z.strictObject({ seconds: z.number(), zone: z.strictObject({ name: z.string() }).optional() }),
    change: true,
    everyMs: 1_000,
    needs: () => [],
    connect: () => Promise.reject(new Error("nothing is read here")),
  });
const clock = clockKind();

describe("an app", () => {
  it("finds its parts by name", () => {
    const app = defineApp({ aggregates: [door], categories: [reading], views: [values], processors: [relay], webhooks: [hook] });
    expect(app.aggregates.get("door")).toBe(door);
    expect(app.categories.get("reading")).toBe(reading);
    expect(app.views.get("values")).toBe(values);
    expect(app.processors.get("relay")).toBe(relay);
    expect(app.webhooks.get("hook")).toBe(hook);
  });

  it("reports its views to its hooks, too", () => {
    const hooks = { onConsumerFailed: () => {} };
    expect(defineApp({ categories: [reading], views: [values], hooks }).views.get("values")?.hooks).toBe(hooks);
    expect(defineApp({ categories: [reading], views: [values] }).views.get("values")).not.toHaveProperty("hooks");
  });

  it("may be empty", () => expect(defineApp({}).views.size).toBe(0));

  it("has one category per name, with or without rules", () => {
    const message = 'the app has two parts that are a category named "door"';
    expect(() => defineApp({ aggregates: [door, door] })).toThrow(new TypeError(message));
    expect(() => defineApp({ aggregates: [door], categories: [category("door", { events: {} })] })).toThrow(new TypeError(message));
  });

  it("has one consumer per name, whatever its kind", () => {
    const app = { categories: [reading], views: [values] };
    const message = 'the app has two parts that are a consumer named "values"';
    expect(() => defineApp({ ...app, views: [values, values] })).toThrow(new TypeError(message));
    expect(() => defineApp({ ...app, processors: [reactor("values", { from: reading, on: {} })] })).toThrow(new TypeError(message));
    expect(() => defineApp({ ...app, webhooks: [{ ...hook, name: "values" }] })).toThrow(new TypeError(message));
  });

  it("has no two categories, and no two consumers, whose names differ only by case", () => {
    const app = { aggregates: [door], categories: [reading], views: [values] };
    const categories = 'the app has two parts that are a category whose names differ only by case: "door" and "Door"';
    expect(() => defineApp({ ...app, categories: [reading, category("Door", { events: {} })] })).toThrow(new TypeError(categories));
    const consumers = 'the app has two parts that are a consumer whose names differ only by case: "values" and "VALUES"';
    const same = { from: reading, row, key: "id", on: {} } as const;
    expect(() => defineApp({ ...app, views: [values, view("VALUES", same)] })).toThrow(new TypeError(consumers));
    expect(() => defineApp({ ...app, processors: [reactor("VALUES", { from: reading, on: {} })] })).toThrow(new TypeError(consumers));
    expect(() => defineApp({ ...app, webhooks: [{ ...hook, name: "VALUES" }] })).toThrow(new TypeError(consumers));
    // A category and a consumer are not of one kind.
    expect(defineApp({ ...app, views: [view("Door", same)] }).views.has("Door")).toBe(true);
  });

  it("reports all of its mistakes at once, a line each", () => {
    const twice = 'the app has two parts that are a category named "door"';
    const lost = ['view "values"', 'processor "relay"'].map((part) => `${part} follows "reading", which the app does not declare`);
    expect(() => defineApp({ aggregates: [door, door], views: [values], processors: [relay] })).toThrow(
      new TypeError([twice, ...lost].join("\n")),
    );
  });

  it("declares the categories that its consumers follow", () => {
    expect(() => defineApp({ views: [values] })).toThrow(new TypeError('view "values" follows "reading", which the app does not declare'));
    expect(() => defineApp({ processors: [relay] })).toThrow(
      new TypeError('processor "relay" follows "reading", which the app does not declare'),
    );
    expect(() => defineApp({ webhooks: [hook] })).toThrow(
      new TypeError('webhook "hook" follows "reading", which the app does not declare'),
    );
  });

  it("declares those very categories, not others of the same name", () => {
    const other = category("reading", { events: {} });
    expect(() => defineApp({ categories: [other], views: [values] })).toThrow('view "values" follows "reading"');
  });

  it("does not restrict the names of webhooks that are added at run time", () => {
    const message = '"wh_1" begins like the ids of webhooks that are added at run time';
    expect(() => defineApp({ categories: [reading], views: [view("wh_1", { from: reading, row, key: "id", on: {} })] })).toThrow(message);
    expect(() => defineApp({ categories: [reading], processors: [reactor("wh_1", { from: reading, on: {} })] })).toThrow(message);
    expect(() => defineApp({ categories: [reading], webhooks: [{ ...hook, name: "wh_1" }] })).toThrow(message);
  });

  it("has no source that is named like a consumer, whatever the case, like another source, or like webhooks that are added at run time", () => {
    const app = { categories: [reading], views: [values] };
    const named = (name: string) => source(name, { from: queue({ queue: "readings" }), to: reading, stream: () => "one" });
    const taken = (name: string) => `the source "${name}" has the name of a consumer, or one that differs only by case: "values"`;
    for (const name of ["values", "Values"])
      expect(() => defineApp({ ...app, sources: [named(name)] })).toThrow(new TypeError(taken(name)));
    expect(() => defineApp({ ...app, sources: [named("in"), named("In")] })).toThrow(
      new TypeError('the app has two parts that are a source whose names differ only by case: "in" and "In"'),
    );
    expect(() => defineApp({ ...app, sources: [named("wh_1")] })).toThrow('"wh_1" begins like the ids of webhooks');
    expect([...defineApp({ ...app, sources: [named("in")] }).sources.keys()]).toEqual(["in"]);
  });

  it("has one kind of sources per name", () => {
    const message = 'the app has two kinds of sources with the name "clock"';
    const from = clock({ seconds: 1 });
    const ticks = source("ticks", { from, to: reading, stream: () => "one" });
    const other = clockKind();
    expect(() => defineApp({ sourceKinds: [clock, other] })).toThrow(new TypeError(message));
    expect(() => defineApp({ categories: [reading], sources: [ticks], sourceKinds: [other] })).toThrow(new TypeError(message));
    expect(() => defineApp({ sourceKinds: [{ kind: { ...other.kind, name: "queue" } }] })).toThrow('the name "queue"');
    expect([...defineApp({ categories: [reading], sources: [ticks], sourceKinds: [clock] }).sourceKinds.keys()]).toEqual([
      "queue",
      "clock",
    ]);
  });
});

describe("a definition has names that the routes can carry:", () => {
  it("no webhook has a name that a route uses in its place", () => {
    expect(() => webhook("deliveries", { from: reading, url: "https://receiver.test/", secret: { variable: "SECRET" } })).toThrow(
      new TypeError('no webhook can be named "deliveries": GET /webhooks/deliveries lists those of some events'),
    );
  });

  it.each([
    ["aggregate", () => aggregate("the door", { ...door })],
    ["event type of aggregate", () => aggregate("door", { ...door, events: { "Opened!": z.object({}) } } as never)],
    ["command of aggregate", () => aggregate("door", { ...door, commands: { "Open/Shut": z.object({}) } } as never)],
    ["category", () => category("1st", { events: {} })],
    ["event type of category", () => category("reading", { events: { "read it": z.object({}) } })],
    ["view", () => view("a/b", { from: reading, row, key: "id", on: {} })],
    ["column of view", () => view("values", { from: reading, row: z.object({ id: z.string(), "a-b": z.int() }), key: "id", on: {} })],
    ["column of view", () => view("values", { from: reading, row: z.object({ id: z.string(), _store: z.string() }), key: "id", on: {} })],
    ["reactor", () => reactor("", { from: reading, on: {} })],
    ["webhook", () => webhook("a b", { from: reading, url: "https://example.com/", secret: { variable: "S" } })],
  ])("%s", (what, define) => {
    expect(define).toThrow(TypeError);
    expect(define).toThrow(new RegExp(`^${what} .*is not a valid name: it must match`));
  });
});

describe("a source", () => {
  it("has settings that its kind accepts: all mistakes are listed, each with its place", () => {
    expect(() => clock({ seconds: "1", zone: { name: 1 } } as never)).toThrow(
      new TypeError(
        "the settings of clock are not valid: seconds: Invalid input: expected number, received string; zone.name: Invalid input: expected string, received number",
      ),
    );
    expect(() => clock(undefined as never)).toThrow(/^the settings of clock are not valid: it: Invalid input/);
    expect(() => queue({ queue: "" })).toThrow(/^the settings of queue are not valid: queue: /);
    expect(() => queue({ queue: "readings", ids: "number" } as never)).toThrow(/^the settings of queue are not valid: it: .*ids/);
  });

  it("looks for changes between every 100 ms and once a day", () => {
    const every = (text: string) => source("ticks", { from: clock({ seconds: 1 }), to: reading, stream: () => "one", every: text as "1s" });
    expect(["100ms", "1d", "24h"].map((text) => every(text).everyMs)).toEqual([100, 86_400_000, 86_400_000]);
    for (const text of ["99ms", "0s", "25h", "86400001ms"])
      expect(() => every(text)).toThrow(new TypeError('source "ticks": `every` must be from 100ms to 24h'));
    expect(() => every("often")).toThrow(/^source "ticks": "often" is not a duration/);
  });
});

describe("a definition that a cast has let through", () => {
  it("has no key that one of its event types lacks", () => {
    const events = { Read: z.object({ sensor: z.string() }), Muted: z.object({}) };
    expect(() => category("reading", { key: "sensor" as never, events })).toThrow(
      new TypeError('the key of category "reading" is "sensor", which event type "Muted" does not have'),
    );
    expect(category("reading", { key: "sensor", events: { Read: events.Read } }).key).toBe("sensor");
  });

  it("has a handler for each event and each command of an aggregate", () => {
    const shut = { ...door, events: { ...door.events, Shut: z.object({}), Locked: z.object({}) } };
    expect(() => aggregate("door", shut as never)).toThrow(
      new TypeError(
        'aggregate "door" has no handler in `evolve` for "Shut", "Locked"; add a function from the state to the state after that event: (state, data) => state if it changes nothing',
      ),
    );
    expect(() => aggregate("door", { ...door, evolve: undefined } as never)).toThrow('no handler in `evolve` for "Opened"');
    expect(() => aggregate("door", { ...door, evolve: { Opened: null } } as never)).toThrow('no handler in `evolve` for "Opened"');
    // Every object has a member of this name: it is nobody's handler.
    expect(() => aggregate("door", { ...door, commands: { constructor: z.object({}) } } as never)).toThrow(
      'aggregate "door" has no handler in `decide` for "constructor"; add a function',
    );
  });

  it("has a handler for each event, command and timeout of a process manager", () => {
    const watch = {
      from: reading,
      to: [door],
      correlate: {},
      events: { Seen: z.object({}) },
      commands: { Look: z.object({}) },
      timeouts: { Late: z.object({}) },
      initialState: () => ({}),
      on: {},
      evolve: { Seen: () => ({}) },
      decide: { Look: () => [] },
      onTimeout: { Late: () => [] },
    };
    const define = (changed: object) => () => processManager("watch", { ...watch, ...changed });
    expect(define({})).not.toThrow();
    expect(define({ evolve: {} })).toThrow('process manager "watch" has no handler in `evolve` for "Seen"; add a function');
    expect(define({ decide: undefined })).toThrow('process manager "watch" has no handler in `decide` for "Look"; add a function');
    expect(define({ onTimeout: {} })).toThrow('process manager "watch" has no handler in `onTimeout` for "Late"; add a function');
  });

  const unknown = { Red: () => [] } as never;

  it("names no event that the categories it follows lack", () => {
    expect(() => view("v", { from: reading, row, key: "id", on: unknown })).toThrow(
      new TypeError('view "v" handles "Red", which none of the categories that it follows has (Read)'),
    );
    expect(() => reactor("r", { from: [reading, door], on: unknown })).toThrow(
      new TypeError('reactor "r" handles "Red", which none of the categories that it follows has (Read, Opened)'),
    );
    expect(() => webhook("w", { from: reading, types: ["Red"] as never, url: "https://example.com/", secret: { variable: "S" } })).toThrow(
      new TypeError('webhook "w" handles "Red", which none of the categories that it follows has (Read)'),
    );
  });

  it("has no key and no index without a column", () => {
    expect(() => view("v", { from: reading, row, key: "name" as never, on: {} })).toThrow(
      new TypeError('view "v" has no column "name" (id, value)'),
    );
    expect(() => view("v", { from: reading, row, key: "id", indexes: ["size" as never], on: {} })).toThrow(
      new TypeError('view "v" has no column "size" (id, value)'),
    );
    expect(() => view("v", { from: reading, row, key: "constructor" as never, on: {} })).toThrow(
      new TypeError('view "v" has no column "constructor" (id, value)'),
    );
  });

  it("has no more columns than a table can have", () => {
    const columns = (count: number) => z.object(Object.fromEntries(Array.from({ length: count }, (_, n) => [`c${n}`, z.string()])));
    const wide = (count: number) => view("wide", { from: reading, row: columns(count) as never, key: "c0", on: {} });
    expect(wide(VIEW_COLUMNS).name).toBe("wide");
    expect(() => wide(VIEW_COLUMNS + 1)).toThrow(`view "wide" has ${VIEW_COLUMNS + 1} columns; a table of D1 takes ${VIEW_COLUMNS}`);
  });

  it.each([
    [{ rate: 0 }, "a rate must be above 0"],
    [{ rate: Number.NaN }, "a rate must be above 0"],
    [{ concurrency: 1.5 }, "a concurrency must be from 1 to 6"],
    [{ concurrency: 7 }, "a concurrency must be from 1 to 6"],
    [{ headers: { host: "x" } }, "host"],
    [{ headers: { "x a": { variable: "A" } } }, "letters, digits and hyphens"],
  ])("is not a webhook that could not send: %j", (manner, message) => {
    const define = () => webhook("hook", { from: [reading], url: { variable: "URL" }, secret: { variable: "SECRET" }, ...manner });
    expect(define).toThrow(`webhook "hook": `);
    expect(define).toThrow(message);
  });

  it("has no two columns that are the same in SQL", () => {
    const twice = z.object({ id: z.string(), Id: z.string() });
    expect(() => view("v", { from: reading, row: twice, key: "id", on: {} })).toThrow(
      new TypeError('view "v" has two columns that differ only in case: "id" and "Id"'),
    );
  });

  it("has no column that a query could not name", () => {
    for (const column of ["limit", "cursor", "minPosition", "consistency", "sort"]) {
      const taken = z.object({ id: z.string(), [column]: z.string() });
      expect(() => view("v", { from: reading, row: taken, key: "id", on: {} })).toThrow(
        new TypeError(`view "v" cannot have a column "${column}": queries use the name`),
      );
    }
  });
});
