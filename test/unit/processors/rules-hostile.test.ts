/** Definitions of processors that are wrong, or meant to do harm: refused when they are declared, or ended at the event, at once. */

import { describe, expect, it } from "vitest";
import * as z from "zod";
import { sql, view } from "../../../src/index.ts";
import type { JsonObject } from "../../../src/core/event.ts";
import { EVENT_DATA_BYTES } from "../../../src/core/limits.ts";
import { CodeMistake } from "../../../src/core/mistake.ts";
import { around, declared, issuesOf, recorded, rulesFrom, runSteps } from "../../rules.ts";

const orders = declared("orders", {
  key: "id",
  events: {
    OrderPlaced: {
      type: "object",
      properties: { id: { type: "string" }, qty: { type: "integer" } },
      required: ["id"],
      additionalProperties: false,
    },
  },
});
const anything = declared("anything", {});
const product = { ...declared("product", {}).shape, kind: "aggregate" as const };
const source = { name: "anything", events: { A: z.object({}) } };
const row = z.object({ id: z.string(), qty: z.int() });
const products = view("products", { from: source, row, key: "id", on: { A: (_row, _event, id) => ({ id, qty: 1 }) } });
const bySql = view("by-sql", {
  from: source,
  row,
  key: "id",
  on: { A: { sql: (_event, rows) => rows.update(sql`qty = 0`, sql`qty > ${1}`) } },
});
const world = around([orders.shape, anything.shape, product], [products, bySql]);
const targets = new Map([orders, anything].map(({ shape, target }) => [shape.name, target]));

const EMIT = { emit: { to: "anything" } };
const nested = (depth: number): object => (depth === 1 ? EMIT : { branch: [{ steps: [nested(depth - 1)] }] });
const join = (more: object = {}) => ({ join: { with: "products", by: "data.id", as: "product", ...more } });
const many = (count: number, one: unknown = EMIT) => Array.from({ length: count }, () => one);
const members = <Value = string>(count: number, value = "1" as Value) =>
  Object.fromEntries(many(count).map((_, index) => [`m${index}`, value]));
const json = (text: string): unknown => JSON.parse(text);

/** Each with the place that is named, and what is said. */
const REFUSED: [what: string, definition: object, path: string, message: string | RegExp][] = [
  ["no steps", { steps: [] }, "steps", "at least one step"],
  ["steps that are none", { steps: "drop" }, "steps", /array/],
  ["a step with two meanings", { steps: [{ filter: "true", emit: { to: "anything" } }] }, "steps.0", "a step is an object with one of"],
  ["a step of no kind", { steps: [{ delete: "all" }] }, "steps.0", "a step is an object with one of"],
  ["a step that is a list", { steps: [[EMIT]] }, "steps.0", "a step is an object with one of"],
  ["21 steps", { steps: many(21) }, "steps.20", "at most 20 steps"],
  [
    "21 steps, most of them in branches",
    { steps: [{ branch: many(10, { steps: [EMIT, EMIT] }) }] },
    "steps.0.branch.9.steps.1",
    "at most 20 steps",
  ],
  [
    "nested six deep",
    { steps: [nested(6)] },
    "steps.0.branch.0.steps.0.branch.0.steps.0.branch.0.steps.0.branch.0.steps.0.branch.0.steps",
    "5 deep at most",
  ],
  ["21 branches", { steps: [{ branch: many(21, { steps: [EMIT] }) }] }, "steps.0.branch", "at most 20 branches"],
  ["a branch without steps", { steps: [{ branch: [{ when: "true", steps: [] }] }] }, "steps.0.branch.0.steps", "at least one step"],
  ["a huge map", { steps: [{ map: members(100) }] }, "steps.0.map", "at most 99 members"],
  ["a set of nothing", { steps: [{ set: {} }] }, "steps.0.set", "at least one member"],
  ["a prototype", { steps: [json(`{"set":{"__proto__":"1"}}`)] }, "steps.0.set.__proto__", "`__proto__` cannot be the name of a member"],
  ["a prototype within", { steps: [{ set: { "a.__proto__.b": "1" } }] }, "steps.0.set.a.__proto__.b", "`__proto__` cannot be"],
  [
    "a prototype beside the steps",
    json(`{"steps":[{"emit":{"to":"anything"}}],"__proto__":{}}`) as object,
    "__proto__",
    "`__proto__` cannot be",
  ],
  ["a prototype as a joined name", { steps: [join({ as: "__proto__" })] }, "steps.0.join.as", "cannot have a name `__proto__`"],
  ["an empty name between dots", { steps: [{ set: { "a..b": "1" } }] }, "steps.0.set.a..b", "must not be empty"],
  [
    "eleven names with dots",
    { steps: [{ set: { "a.b.c.d.e.f.g.h.i.j.k": "1" } }] },
    "steps.0.set.a.b.c.d.e.f.g.h.i.j.k",
    "at most 10 names",
  ],
  ["a member set as a whole and within", { steps: [{ set: { a: "{}", "a.b": "1" } }] }, "steps.0.set.a.b", "`a` is set in the same step"],
  ["a self-join by name", { steps: [join({ as: "data" })] }, "steps.0.join.as", "`data` is in use"],
  ["the same name joined twice", { steps: [join(), join()] }, "steps.1.join.as", "`product` is in use"],
  ["a name that is a word of the language", { steps: [join({ as: "in" })] }, "steps.0.join.as", "cannot have a name `in`"],
  ["a join with nothing", { steps: [join({ with: "nobody" })] }, "steps.0.join.with", "neither a view nor a category nobody"],
  [
    "a join with a view that no copy can be made of",
    { steps: [join({ with: "by-sql" })] },
    "steps.0.join.with",
    "changes rows by SQL at A",
  ],
  ["a joined member that the view does not have", { steps: [join(), { filter: "product.quantity > 1" }] }, "steps.1.filter", "qty"],
  ["a misspelt member", { steps: [{ filter: "data.quantity > 1" }] }, "steps.0.filter", /qty.*\(column \d+\)/],
  ["a misspelt member after a step", { steps: [{ set: { status: "'x'" } }, { filter: "data.state == 'x'" }] }, "steps.1.filter", "status"],
  ["a member that map has dropped", { steps: [{ map: { n: "data.qty" } }, { filter: "data.qty > 1" }] }, "steps.1.filter", "n"],
  ["a condition that is a number", { steps: [{ filter: "1 + 1" }] }, "steps.0.filter", "it must give true or false, and gives a number"],
  ["data that is a string", { steps: [{ map: "'x' + 'y'" }] }, "steps.0.map", "it must give an object, and gives a string"],
  ["data that is made by no expression", { steps: [{ map: "data.qty +" }, { filter: "data.anything" }] }, "steps.0.map", /column/],
  ["an expression that is none", { steps: [{ filter: "data.qty >" }] }, "steps.0.filter", /column/],
  ["an expression of 10,000 characters", { steps: [{ filter: "1+".repeat(5_000) + "1 > 0" }] }, "steps.0.filter", /characters|4,000|4000/],
  ["emitting to an aggregate", { steps: [{ emit: { to: "product" } }] }, "steps.0.emit.to", "is an aggregate"],
  ["emitting to nowhere", { steps: [{ emit: { to: "nowhere" } }] }, "steps.0.emit.to", "there is no category nowhere"],
  [
    "a type that the category does not have",
    { steps: [{ emit: { to: "orders", type: "'OrderShipped'" } }] },
    "steps.0.emit.type",
    "it has OrderPlaced",
  ],
  ["a type of the store's own", { steps: [{ emit: { to: "anything", type: "'$deleted'" } }] }, "steps.0.emit.type", "not begin with $"],
  [
    "a category of facts without a type to take over",
    { from: "anything", steps: [{ emit: { to: "orders" } }] },
    "steps.0.emit",
    "give `type`",
  ],
  ["no such category", { from: "nobody", steps: [EMIT] }, "from", "there is no category nobody"],
  ["a category twice", { from: ["orders", "orders"], steps: [EMIT] }, "from.1", "named twice"],
  ["an event type that its category does not have", { types: ["OrderShipped"], steps: [EMIT] }, "types.0", "they have OrderPlaced"],
  ["event types of the store's own", { types: ["$deleted"], steps: [EMIT] }, "types.0", "the store's own"],
  ["a start before the beginning", { start: -1, steps: [EMIT] }, "start", ">=0"],
  ["a start between positions", { start: 1.5, steps: [EMIT] }, "start", /position/],
  ["an error that is swallowed", { onError: "ignore", steps: [EMIT] }, "onError", /stop/],
  ["a member that it does not have", { stpes: [], steps: [EMIT] }, "", /stpes/],
];

describe("a definition is refused, with the place and what is allowed:", () => {
  it.each(REFUSED)("%s", (_what, definition, path, message) => {
    const issues = issuesOf({ from: "orders", ...definition }, world);
    const one = issues.find((issue) => issue.path === path);
    expect(one, JSON.stringify(issues)).toBeDefined();
    if (typeof message === "string") expect(one?.message).toContain(message);
    else expect(one?.message).toMatch(message);
    expect(issues.length).toBeLessThanOrEqual(20);
  });

  it.each([null, [], "steps", 1, true])("a body that is %j", (body) => {
    expect(issuesOf(body, world)).not.toEqual([]);
  });

  it("except for one that is just within the limits", () => {
    expect(issuesOf({ from: "orders", steps: many(20) }, world)).toEqual([]);
    expect(issuesOf({ from: "orders", steps: [nested(5)] }, world)).toEqual([]);
    expect(issuesOf({ from: "orders", steps: [{ map: members(99) }] }, world)).toEqual([]);
    // A processor may feed itself, and join what it follows: its lineage ends the loop.
    expect(issuesOf({ from: "orders", steps: [join({ with: "orders", as: "before" }), { emit: { to: "orders" } }] }, world)).toEqual([]);
  });
});

/** Reads a long string again and again. */
const HEAVY = `[${many(50, "1").join(",")}].all(x, data.id + 'x' != data.id)`;

/** Allowed, and ended at the event. */
const ENDED: [what: string, steps: unknown[], message: string][] = [
  ["data that doubles with each step", many(19, { map: { a: "data", b: "data" } }), "characters"],
  ["a string that doubles with each step", [{ map: { s: "data.id" } }, ...many(18, { set: { s: "data.s + data.s" } }), EMIT], "characters"],
  [
    "data as large as an event, many times in one step",
    [{ map: Object.fromEntries(many(99).map((_, index) => [`m${index}`, "data"])) }],
    "characters",
  ],
  [
    "a hundred members of twenty steps, each as heavy as may be",
    many(19, { set: Object.fromEntries(many(99).map((_, index) => [`m${index}`, HEAVY])) }),
    "steps",
  ],
  ["data that nests and grows with each step", [...many(19, { map: { a: "data" } }), EMIT], "characters"],
  ["emissions that are larger than an event", [{ map: { a: "data.id", b: "data.id" } }, EMIT], "bytes"],
];

/** The same, at an event that is large by itself. */
const ENDED_AT: [what: string, data: JsonObject, steps: unknown[], message: string][] = [
  ["members set one by one in data that has very many", members(10_000, 0), [{ set: members(99) }], "the steps take too much"],
  [
    "a list that repeats the data",
    { id: "7", list: many(100, "x".repeat(2_000)) as JsonObject[string] },
    [{ map: { a: "[data, data, data, data, data, data]" } }, EMIT],
    "characters",
  ],
  [
    "members that repeat the data",
    { id: "7", list: many(30, "x".repeat(2_000)) as JsonObject[string] },
    [{ map: members(20, "data") }, EMIT],
    "characters as JSON after this step",
  ],
  [
    "a list of very many",
    { id: "7", list: many(200_000, 1) as JsonObject[string] },
    [{ map: { a: "[data.list, data.list]" } }, EMIT],
    "characters",
  ],
  ["names that repeat", { id: "7", ["n".repeat(300_000)]: "x" }, [{ map: { a: "[data, data, data, data]" } }, EMIT], "characters"],
];

describe("a definition ends at the event, within a moment:", () => {
  const large = recorded("orders/7", "OrderPlaced", { id: "x".repeat(EVENT_DATA_BYTES - 20) });

  const all = [
    ...ENDED.map(([what, ...rest]) => [what, "orders", large, ...rest] as const),
    ...ENDED_AT.map(([what, data, ...rest]) => [what, "anything", recorded("anything/7", "Any", data), ...rest] as const),
  ];

  it.each(all)("%s", (_what, from, event, steps, message) => {
    const rules = rulesFrom("p", { from, steps }, world);
    let error: unknown;
    try {
      runSteps(rules, event, targets);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(CodeMistake);
    expect(String(error)).toContain(message);
    expect(String(error).length).toBeLessThan(1_200);
  });

  it("but data with lists in lists goes through as it is", () => {
    const lists = { id: "7", lists: [[1, "two", null], [], [[true, { three: [3] }]]] };
    const rules = rulesFrom("p", { from: "anything", steps: [{ map: { all: "data" } }, EMIT] }, world);
    const { emissions } = runSteps(rules, recorded("anything/7", "Any", lists), targets);
    expect(emissions.map(({ data }) => JSON.parse(data) as unknown)).toEqual([{ all: lists }]);
  });
});
