/** The steps of a processor that is declared over HTTP, at one event. */

import { describe, expect, it } from "vitest";
import * as z from "zod";
import { category, sql, view } from "../../../src/index.ts";
import type { JsonObject, JsonValue } from "../../../src/core/event.ts";
import { derivedId } from "../../../src/core/ids.ts";
import { ProcessorDefinitionIn, namesIn, processorFrom } from "../../../src/definitions/over-http/processor.ts";
import { generationsOf } from "../../../src/rows/copies.ts";
import { fromCode } from "../../../src/store/plain-category.ts";
import { around, declared, recorded, rulesFrom, runSteps, shapeInCode } from "../../rules.ts";

const orders = declared("orders", {
  key: "id",
  events: {
    OrderPlaced: {
      type: "object",
      properties: { id: { type: "string" }, productId: { type: "string" }, qty: { type: "integer" }, status: { type: "string" } },
      required: ["id", "productId", "qty"],
      additionalProperties: false,
    },
  },
});
const anything = declared("anything", {});
const keyed = declared("keyed", { key: "n", schema: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] } });
const products = view("products", {
  from: { name: "anything", events: {} },
  row: z.object({ id: z.string(), qty: z.int() }),
  key: "id",
  on: {},
});
const world = around([orders.shape, anything.shape, keyed.shape], [products]);
const targets = new Map([orders, anything, keyed].map(({ shape, target }) => [shape.name, target]));

const placed = (data: JsonObject = {}) => recorded("orders/7", "OrderPlaced", { id: "7", productId: "tea", qty: 2, ...data });
const declare = (steps: unknown, more: object = {}) => rulesFrom("check", { from: "orders", steps, ...more }, world);
const at = (steps: unknown, event = placed(), found?: JsonValue) => runSteps(declare(steps), event, targets, () => found);
/** The data of what is emitted. */
const emitted = (steps: unknown, event = placed(), found?: JsonValue) =>
  at(steps, event, found).emissions.map(({ data }) => JSON.parse(data) as unknown);

const EMIT = { emit: { to: "anything" } };

describe("a filter", () => {
  it("lets events through that it is true for, and holds back the rest", () => {
    expect(emitted([{ filter: "data.qty > 1" }, EMIT])).toHaveLength(1);
    expect(emitted([{ filter: "data.qty > 2" }, EMIT])).toHaveLength(0);
  });

  it("in a branch ends that branch only", () => {
    expect(
      emitted([
        {
          branch: [
            { when: "true", steps: [{ filter: "false" }, EMIT] },
            { when: "true", steps: [EMIT] },
          ],
        },
        EMIT,
      ]),
    ).toHaveLength(2);
  });
});

describe("set", () => {
  it("replaces and adds members, and reaches inside by names with dots", () => {
    const [data] = emitted([{ set: { "ship.to.city": "'Bern'", qty: "data.qty + 1" } }, EMIT]);
    expect(data).toEqual({ id: "7", productId: "tea", qty: 3, ship: { to: { city: "Bern" } } });
  });

  it("keeps the members next to one that it sets inside", () => {
    const [data] = emitted([{ map: "{'a': {'b': 1, 'c': 2}}" }, { set: { "a.b": "3" } }, EMIT]);
    expect(data).toEqual({ a: { b: 3, c: 2 } });
  });

  it("computes every member from the data before it", () => {
    const [data] = emitted([{ map: { a: "1", b: "2" } }, { set: { a: "data.b", b: "data.a" } }, EMIT]);
    expect(data).toEqual({ a: 2, b: 1 });
  });

  it("fails if a part of the path is not an object", () => {
    expect(() => at([{ set: { "id.x": "1" } }])).toThrow("steps.0.set.id.x: `data.id` is a string, so `data.id.x` cannot be set");
  });

  it.each(["constructor", "toString", "hasOwnProperty", "valueOf"])("treats the name %s as a member like others", (name) => {
    const [data] = emitted([{ map: "{}" }, { set: { [`${name}.a`]: "1" } }, EMIT]);
    expect(data).toEqual({ [name]: { a: 1 } });
    expect(({} as Record<string, unknown>)[name]).toBe(Object.prototype[name as keyof object]);
  });
});

describe("map", () => {
  it("replaces the data, by members or by one expression", () => {
    expect(emitted([{ map: { "a.b": "data.qty", c: "event.streamId" } }, EMIT])).toEqual([{ a: { b: 2 }, c: "7" }]);
    expect(emitted([{ map: "{'n': data.qty}" }, EMIT])).toEqual([{ n: 2 }]);
  });

  it("fails when its result is not an object", () => {
    expect(() => at([{ map: "data.qty > 1 ? data.id : {}" }], placed())).toThrow("steps.0.map: it must give an object, and gave a string");
  });
});

describe("join", () => {
  const join = (more: object = {}) => ({ join: { with: "products", by: "data.productId", as: "product", ...more } });

  it("puts what it finds under its name", () => {
    expect(emitted([join(), { map: { left: "product.qty - data.qty" } }, EMIT], placed(), { id: "tea", qty: 5 })).toEqual([{ left: 3 }]);
  });

  it("looks up the key that `by` gives; a number is a key in JSON's spelling", () => {
    const asked: string[] = [];
    runSteps(declare([join({ by: "data.qty", missing: "null" })]), placed(), targets, ({ key }) => void asked.push(key));
    expect(asked).toEqual(["2"]);
  });

  it("without a result holds the event back, gives null, or fails, depending on `missing`", () => {
    expect(emitted([join({ missing: "skip" }), EMIT])).toEqual([]);
    expect(emitted([join({ missing: "null" }), { map: { known: "product != null" } }, EMIT])).toEqual([{ known: false }]);
    for (const missing of ["fail", undefined])
      expect(() => at([join({ missing })])).toThrow("steps.0.join: the view products has nothing under the key that `by` gives");
  });

  it("finds nothing without a key", () => {
    const by = "data.status == 'x' ? data.id : null";
    expect(
      emitted([{ set: { status: "'y'" } }, join({ by, missing: "null" }), { map: { p: "product" } }, EMIT], placed(), { id: "7", qty: 1 }),
    ).toEqual([{ p: null }]);
  });

  it("in a branch is seen in that branch only", () => {
    const steps = [{ branch: [{ when: "true", steps: [join({ missing: "null" })] }] }, { map: { p: "product" } }];
    expect(() => declare(steps)).toThrow("steps.1.map.p");
  });
});

describe("branch", () => {
  const branch = (...branches: [when: string | undefined, mark: string][]) => [
    {
      branch: branches.map(([when, mark]) => ({
        ...(when === undefined ? {} : { when }),
        steps: [{ set: { status: `'${mark}'` } }, EMIT],
      })),
    },
  ];
  const marks = (steps: unknown, event = placed()) => emitted(steps, event).map((data) => (data as { status: string }).status);

  it("takes every branch whose `when` applies", () => {
    expect(marks(branch(["data.qty > 0", "a"], ["data.qty > 5", "b"], ["data.qty == 2", "c"]))).toEqual(["a", "c"]);
  });

  it("takes one without `when` if none before it applied", () => {
    expect(marks(branch(["data.qty > 5", "a"], [undefined, "b"]))).toEqual(["b"]);
    expect(marks(branch(["data.qty > 0", "a"], [undefined, "b"]))).toEqual(["a"]);
    expect(marks(branch([undefined, "a"], [undefined, "b"], ["true", "c"]))).toEqual(["a", "c"]);
  });

  it("leaves the data as it was for the other branches and what follows", () => {
    const steps = [
      {
        branch: [
          { when: "true", steps: [{ set: { qty: "0" } }] },
          { when: "data.qty == 2", steps: [EMIT] },
        ],
      },
      EMIT,
    ];
    expect(emitted(steps)).toEqual([placed().data, placed().data]);
  });
});

describe("emit", () => {
  const one = (emit: object, event = placed()) => at([{ emit: { to: "anything", ...emit } }], event).emissions[0];

  it("takes type, stream and data from expressions", () => {
    const emission = one({ type: "'Noted' + string(data.qty)", id: "data.productId", data: "{'x': 1}" });
    expect(emission).toMatchObject({ stream: "anything/tea", type: "Noted2", data: `{"x":1}`, schemaVersion: 1, path: "steps.0" });
  });

  it("has an id that derives from the processor, the event and the step, and from nothing else", () => {
    const ids = (steps: unknown) => at(steps).emissions.map(({ id }) => id);
    expect(ids([EMIT, { emit: { to: "orders", id: "'other'" } }])).toEqual(
      ["steps.0", "steps.1"].map((path) => derivedId("check", "orders/7", placed().id, path)),
    );
  });

  it("writes where a fact would be written: to the stream that the key names, or else to a stream of its own, always the same", () => {
    expect(at([{ emit: { to: "orders" } }]).emissions[0]?.stream).toBe("orders/7");
    expect(at([{ emit: { to: "keyed", data: { n: "data.qty" } } }]).emissions[0]?.stream).toBe("keyed/2");
    expect(one({})?.stream).toBe(one({})?.stream);
    expect(one({})?.stream).toMatch(/^anything\/[0-9a-f-]{36}$/);
    expect(one({}, placed())?.stream).not.toBe(one({}, { ...placed(), id: "0198c0de-0000-7000-8000-000000000002" })?.stream);
  });

  it("has the type of the category's facts, or else the event's own", () => {
    expect(one({})?.type).toBe("AnythingRecorded");
    expect(at([{ emit: { to: "orders" } }]).emissions[0]?.type).toBe("OrderPlaced");
  });

  it.each([
    ["data that does not fit", { to: "orders", data: { id: "'7'" } }, "the data does not fit OrderPlaced of orders: "],
    ["an id that no stream can have", { to: "orders", id: "'a/b'" }, "a stream id must not contain `/`"],
    [
      "a key that names no stream",
      { to: "orders", data: { id: "''", productId: "'t'", qty: "1" } },
      "`id` names the stream in orders: a stream id must not be empty",
    ],
    [
      "a type that it computes and the category does not have",
      { to: "orders", type: "data.id" },
      "orders has no event type 7; it has OrderPlaced",
    ],
    ["a type of the store's own", { to: "anything", type: "'$' + data.id" }, "anything has no event type $7"],
  ])("fails with %s", (_what, emit, message) => {
    expect(() => at([{ emit }])).toThrow(`steps.0.emit: ${message}`);
  });

  it("fails after too many reactions in a row", () => {
    expect(() => at([EMIT], { ...placed(), meta: { $hops: 100 } })).toThrow("after 100 reactions in a row");
  });

  it("fails when the schema in code throws: such data does not fit, either", () => {
    const picky = category("picky", {
      events: {
        Added: z.object({ n: z.int() }).refine(() => {
          throw new Error("the check itself is broken");
        }),
      },
    });
    const broken = rulesFrom(
      "check",
      { from: "orders", steps: [{ emit: { to: "picky", type: "'Added'", data: { n: "1" } } }] },
      {
        ...world,
        categories: new Map([...world.categories, ["picky", shapeInCode(picky)]]),
      },
    );
    expect(() => runSteps(broken, placed(), new Map([["picky", fromCode(picky)]]))).toThrow(
      "steps.0.emit: the data does not fit Added of picky: the check itself is broken",
    );
  });

  it("fails when its category is gone", () => {
    expect(() => runSteps(declare([EMIT]), placed(), new Map())).toThrow("the category anything takes no events any more");
  });
});

describe("a definition", () => {
  const definition = {
    from: ["orders", "anything"],
    steps: [{ join: { with: "products", by: "event.streamId", as: "p" } }, { branch: [{ steps: [EMIT] }] }],
  };

  it("names what it follows, emits to and joins, in branches as well", () => {
    const rules = rulesFrom("check", definition, world);
    expect(namesIn(rules.definition)).toEqual({ categories: ["orders", "anything"], joined: ["products"] });
    expect(rules).toMatchObject({ views: [products], targets: ["anything"], start: "beginning", onError: "stop" });
  });

  it("has a form that the OpenAPI document can show", () => {
    expect(Object.keys(z.toJSONSchema(ProcessorDefinitionIn, { io: "input" }).properties ?? {})).toEqual([
      "description",
      "from",
      "types",
      "start",
      "onError",
      "steps",
    ]);
  });

  it("keeps its checkpoint and copies under other names each time it is declared again", () => {
    const [one, other] = [1, 2].map((incarnation) => [...generationsOf(rulesFrom("check", definition, world, incarnation))]);
    expect(one).toHaveLength(2);
    expect(new Set([...(one ?? []), ...(other ?? [])]).size).toBe(4);
  });

  it("that was stored still makes a processor when something that it names is gone: the processor fails at the event, with the reason", () => {
    const kept = processorFrom("check", rulesFrom("check", definition, world).definition, around([]), 1);
    expect(() => runSteps(kept, placed(), targets)).toThrow("steps.0.join.with: there is neither a view nor a category products any more");
  });

  it("that was stored still makes a processor when the view that it joins has changed so that it cannot be joined", () => {
    const bySql = view("products", {
      from: { name: "anything", events: { A: z.object({}) } },
      row: z.object({ id: z.string(), qty: z.int() }),
      key: "id",
      on: { A: { sql: (_event, rows) => rows.update(sql`qty = 0`, sql`qty > ${1}`) } },
    });
    const { definition: stored } = rulesFrom("check", definition, world);
    const kept = processorFrom("check", stored, { ...world, views: new Map([["products", bySql]]) }, 1);
    expect(kept.views).toEqual([]);
    expect(() => runSteps(kept, placed(), targets)).toThrow("steps.0.join.with: the view products changes rows by SQL at A");
  });
});

it("a trace shows the effect of each step, in its place", () => {
  const steps = [
    { filter: "data.qty > 1" },
    { join: { with: "products", by: "data.productId", as: "product", missing: "null" } },
    { branch: [{ when: "false", steps: [EMIT] }, { steps: [{ set: { status: "'x'" } }, EMIT] }] },
  ];
  const { trace } = at(steps, placed(), { id: "tea", qty: 1 });
  expect(trace.map(({ path, step }) => [path, step])).toEqual([
    ["steps.0", "filter"],
    ["steps.1", "join"],
    ["steps.2.branch.0", "branch"],
    ["steps.2.branch.1", "branch"],
    ["steps.2.branch.1.steps.0", "set"],
    ["steps.2.branch.1.steps.1", "emit"],
  ]);
});
