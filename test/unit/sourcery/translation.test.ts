/** What Sourcery's processors and views are translated to, and what is refused. */

import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/core/event.ts";
import { Problem } from "../../../src/http/problem.ts";
import { compileExpression } from "../../../src/definitions/expressions/expression.ts";
import { aggregateFunction } from "../../../src/http/sourcery/aggregate.ts";
import { predicate } from "../../../src/http/sourcery/predicate.ts";
import { partsOf } from "../../../src/http/sourcery/parts.ts";
import { type RecordForm, partNameOf } from "../../../src/http/sourcery/record.ts";
import { categoryOf, fieldsOf } from "../../../src/http/sourcery/schema.ts";
import { type Known, stepsOf } from "../../../src/http/sourcery/steps.ts";
import { literal } from "../../../src/http/sourcery/text.ts";
import { around, declared, issuesOf, recorded, rulesFrom, runSteps } from "../../rules.ts";

const PLAIN: RecordForm = { isOpen: false };
const OPEN: RecordForm = { isOpen: true };
const JOINED: RecordForm = {
  isOpen: true,
  parts: [
    { name: "order", source: "orders" },
    { name: "product", source: "products-view" },
  ],
};

function evaluated(text: string, values: Record<string, unknown>): unknown {
  const compiled = compileExpression(text, { data: true, acc: true, event: true });
  if ("problem" in compiled) throw new Error(`${compiled.problem.message}: ${text}`);
  return compiled.evaluate(values);
}

const holds = (asked: unknown, data: unknown, form = PLAIN) => evaluated(predicate(asked, form, "filter"), { data });

function problem(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Problem) return `${error.status} ${error.message}`;
    throw error;
  }
  return "nothing is refused";
}

/** Values that somebody might want to be more than a value. */
const HOSTILE = [
  "'", '"', "\\", '\\"', '" || true || "', "'+event.id+'", "${data}", "\n", "\r\n", "\t", "\0", "\u0007", "\u2028\u2029", "\u{1F600}",
  "é\u0301", "data.secret", "//", "/* */", "r'raw'", "b'bytes'", "'''", '"""', "has(data.x)", "acc", "true", "null", "__proto__", "constructor",
  0, -0, -1, 0.1, -0.1, 1e-7, 5e-324, 1e21, -1e21, 1.7976931348623157e308, 9007199254740991, 9007199254740992, 12345678901234567000, 2.5e300,
  true, false, null,
]; // prettier-ignore

const NAMES = HOSTILE.filter((one) => typeof one === "string" && !one.includes(".") && !one.startsWith("$") && one !== "__proto__");

describe("a value that a client sends", () => {
  it.each(HOSTILE)("is a literal of the expression, whatever is in it: %j", (value) => {
    expect(evaluated(literal(value), {})).toEqual(Object.is(value, -0) ? 0 : value);
    expect(holds({ field: value }, { field: value })).toBe(true);
    expect(holds({ field: value }, { field: "another" })).toBe(false);
    expect(holds({ field: { $in: [value] } }, { field: value })).toBe(true);
  });

  it.each(NAMES)("names a field and does nothing else: %j", (name) => {
    const record = JSON.parse(`{${JSON.stringify(name)}: 3}`) as unknown;
    expect(holds({ [String(name)]: 3 }, record)).toBe(true);
    expect(holds(JSON.parse(`{${JSON.stringify(name)}: {"$gt": 2}}`), record)).toBe(true);
    expect(holds(JSON.parse(`{${JSON.stringify(name)}: 3}`), {})).toBe(false);
  });

  it("is a list or an object of literals, too", () => {
    const value = { 'a"b': [1, { "'": "\\" }], __proto: null };
    expect(evaluated(literal(value), {})).toEqual(value);
  });
});

describe("a predicate", () => {
  it.each([
    [{}, {}, true],
    [{ status: "pending" }, { status: "pending" }, true],
    [{ status: "pending" }, { status: "failed" }, false],
    [{ status: "pending" }, {}, false],
    [{ status: "pending", qty: { $lte: 10 } }, { status: "pending", qty: 10 }, true],
    [{ status: "pending", qty: { $lte: 10 } }, { status: "pending", qty: 11 }, false],
    [{ qty: { $gt: 1, $lt: 3 } }, { qty: 2 }, true],
    [{ qty: { $gt: 1, $lt: 3 } }, { qty: 3 }, false],
    [{ qty: { $gte: 2 } }, { qty: 2 }, true],
    [{ qty: { $lte: -1 } }, { qty: -1 }, true],
    [{ qty: { $gt: 1 } }, { qty: "two" }, false],
    [{ qty: { $gt: 1 } }, {}, false],
    [{ name: { $lt: "b" } }, { name: "a" }, true],
    [{ name: { $lt: "b" } }, { name: 1 }, false],
    [{ status: { $ne: "failed" } }, { status: "pending" }, true],
    [{ status: { $ne: "failed" } }, {}, true],
    [{ status: { $ne: "failed" } }, { status: "failed" }, false],
    [{ status: { $eq: null } }, { status: null }, true],
    [{ status: null }, {}, false],
    [{ status: { $in: ["a", "b", 3] } }, { status: 3 }, true],
    [{ status: { $in: [] } }, { status: 3 }, false],
    [{ "address.city": "Rom" }, { address: { city: "Rom" } }, true],
    [{ "address.city": "Rom" }, { address: "Rom" }, false],
    [{ version: "1.5" }, { version: "1.5" }, true],
    [{ customer: "c1.lee" }, { customer: "c1.lee", c1: { lee: "x" } }, true],
  ])("%j of %j gives %j", (asked, data, expected) => {
    expect(holds(asked, data)).toBe(expected);
    if (!("c1" in data)) expect(holds(asked, data, OPEN)).toBe(expected);
  });

  it.each([
    [{ "order.qty": { $lte: "product.qty" } }, 2, 2, true],
    [{ "order.qty": { $lte: "product.qty" } }, 3, 2, false],
    [{ "order.qty": { $gt: "product.qty" } }, 3, 2, true],
    [{ "order.qty": { $eq: "product.qty" } }, 3, 3, true],
    [{ "order.qty": "product.qty" }, 3, 3, true],
    [{ "order.qty": { $ne: "product.qty" } }, 3, 3, false],
    [{ "order.qty": { $lt: "product.qty" } }, "1", 2, false],
    [{ "order.qty": { $gte: "product.price" } }, 3, 3, false],
    [{ qty: { $gte: "product.qty" } }, 3, 3, true],
  ])("compares a field of a joined record with another: %j of %j and %j gives %j", (asked, ordered, stock, expected) => {
    const data = { order: { qty: ordered }, product: { qty: stock } };
    expect(holds(asked, data, JOINED)).toBe(expected);
    // Whether the records are joined is not known: only a name without a part is then one of the record itself.
    if (!("qty" in asked)) expect(holds(asked, data, OPEN)).toBe(!JSON.stringify(asked).includes("price") && expected);
  });

  it.each([
    [[1], "must be an object of conditions by field"],
    ["status", "must be an object of conditions by field"],
    [{ $and: [] }, "an operator belongs to a field"],
    [{ qty: { $where: "1" } }, "unknown operator; there are $eq, $ne, $gt, $gte, $lt, $lte, $in"],
    [{ qty: { $lte: 1, x: 2 } }, "unknown operator"],
    [{ qty: { $lte: true } }, "must be a number or a string"],
    [{ qty: { $lte: {} } }, "must be a string, a number, true, false or null"],
    [{ qty: { $in: 3 } }, "must be a list of values"],
    [{ qty: { $in: [[]] } }, "must be a string, a number"],
    [{ qty: { a: 1 } }, "must be a string, a number"],
    [{ "": 1 }, "a field is a name"],
    [{ "a..b": 1 }, "a field is a name"],
    [{ "a.b.c.d.e.f.g.h.i.j.k": 1 }, "a field has at most 10 names"],
  ])("that is %j is refused", (asked, message) => {
    expect(problem(() => predicate(asked, PLAIN, "filter"))).toContain(message);
  });
});

describe("the function of an aggregated view", () => {
  const result = (text: string, data: object, acc: unknown = 10, form = PLAIN) =>
    evaluated(aggregateFunction(text, form, "aggregate.function"), { acc, data });

  it.each([
    ["$acc + ($qty * $price)", 16],
    ["$acc+$qty*$price", 16],
    ["$acc - -1", 11],
    ["-($acc - 1) / 2", -4.5],
    ["$acc % 3", 1],
    ["1e3 + 0.5 + 12345678901234567890 * 0", 1000.5],
    ["$line.qty + 1", 8],
    ["(((($acc))))", 10],
    ["  $acc ", 10],
  ])("%s gives %s", (text, expected) => {
    expect(result(text, { qty: 2, price: 3, line: { qty: 7 } })).toBe(expected);
  });

  it("uses the first part of a joined record, and the others by their names", () => {
    expect(result("$acc + $qty * $product.price", { order: { qty: 2 }, product: { price: 5 } }, 1, JOINED)).toBe(11);
  });

  it.each([
    "", " ", "$", "$acc +", "+ $acc", "$acc $qty", "$acc + (1", "$acc)", "()", "acc", "data", "event.id", "$acc + event", "$acc['x']", "$acc.", "$.acc",
    "$acc..x", "'a'", '"a"', "1 < 2", "$acc && true", "$acc ? 1 : 2", "size($acc)", "$acc; 1", "$acc // x", "0x10", "1.", ".5", "1e400", "1e", "1.2.3",
    "1_000", "$acc\u00d72", "$größe", "$a-", "$acc + $", "[1]", "{}", "$acc.map(x, x)", "${acc}", "`", "$acc\0", "2 $acc", "$acc == 1", "!1", "(".repeat(999), `${"-".repeat(998)}1`,
  ])("is refused: %j", (text) => {
    const said = problem(() => {
      const translated = aggregateFunction(text, PLAIN, "aggregate.function");
      const compiled = compileExpression(translated, { data: true, acc: true, event: true });
      // What is too deep is left to the expressions' own fence.
      if ("problem" in compiled && /deep|nodes|levels/.test(compiled.problem.message)) throw new Problem("invalid-request", "too deep");
    });
    expect(said).toMatch(/^400 /);
  }); // prettier-ignore

  it("has 1,000 characters at most", () => {
    expect(problem(() => aggregateFunction(`${" ".repeat(1_000)}1`, PLAIN, "f"))).toBe("400 f: a function has at most 1000 characters");
  });
});

describe("a schema", () => {
  it("is a JSON Schema that requires every field, and is answered as it was sent", () => {
    const fields = { id: "uuid", item: "string", qty: "number", paid: "boolean", lines: "integer", 'odd "name"': "string" };
    const { schema, key } = categoryOf(fields);
    expect(key).toBe("id");
    expect(schema).toMatchObject({ required: Object.keys(fields), properties: { id: { type: "string", format: "uuid" } } });
    expect(fieldsOf("orders", { events: { OrdersRecorded: schema } })).toEqual(fields);
  });

  it("without an id names no stream; one without fields accepts any record", () => {
    expect(categoryOf({ item: "string" })).not.toHaveProperty("key");
    expect(categoryOf({}).schema).toMatchObject({ required: [] });
    expect(fieldsOf("orders", { events: {} })).toEqual({});
    expect(fieldsOf("orders", { events: { OrdersRecorded: { properties: { a: { type: ["string"] }, b: true } } } })).toEqual({
      a: "any",
      b: "any",
    });
  });

  it.each([
    [undefined, "schema: must be an object of types by field"],
    ["string", "schema: must be an object"],
    [{ id: "text" }, "schema.id: must be one of string, number, uuid, boolean, integer"],
    [{ id: "toString" }, "schema.id: must be one of"],
    [{ id: "boolean" }, "an id is a string"],
    [{ id: { type: "string" } }, "schema.id: must be one of"],
    [{ "": "string" }, "no field has this name"],
    [JSON.parse('{"__proto__": "string"}'), "no field has this name"],
  ])("that is %j is refused", (given, message) => {
    expect(problem(() => categoryOf(given))).toContain(message);
  });
});

const orders = declared("orders", categoryOf({ id: "uuid", productId: "string", qty: "number", status: "string" }));
const products = declared("products", categoryOf({ id: "string", qty: "number" }));
const open = ["order-with-stock", "valid-orders", "invalid-orders", "copies"].map((name) => declared(name, {}));
const byCustomer = declared("by-customer", { key: "customer" });
const surroundings = around([orders, products, byCustomer, ...open].map(({ shape }) => shape));
const targets = new Map([orders, products, byCustomer, ...open].map(({ shape, target }) => [shape.name, target]));

function known(from: string, more: Partial<Known> = {}): Known {
  const keyOf = (stream: string) => surroundings.categories.get(stream)?.key;
  return { from, isOpen: open.some(({ shape }) => shape.name === from), keyOf, ...more };
}

/** What a processor emits at a record, as stream and data. */
function emitted(
  body: Record<string, unknown>,
  from: string,
  data: JsonObject,
  more: Partial<Known> = {},
  stock: object | null = { id: "p1", qty: 5 },
) {
  const definition = { from, steps: stepsOf(body, (body.to ?? "copies") as string, known(from, more)) };
  const rules = rulesFrom("p", definition, surroundings);
  const event = recorded(`${from}/e1`, "Recorded", data);
  const found = runSteps(rules, event, targets, () => (stock ?? undefined) as never);
  return found.emissions.map(({ stream, data: text }) => [stream, JSON.parse(text)]);
}

const ORDER = { id: "0198c0de-0000-7000-8000-00000000000a", productId: "p1", qty: 2, status: "pending" };
const FITS = { "order.qty": { $lte: "product.qty" } };
const FITS_NOT = { "order.qty": { $gt: "product.qty" } };
const JOIN = { with: "products", by: "productId" };
const setTo = (status: string) => ({ map: { $set: { status } }, to: "orders" });
const MULTI = {
  multi: [
    { join: JOIN },
    {
      split: [
        { filter: FITS, to: setTo("confirmed") },
        { filter: FITS_NOT, to: setTo("failed") },
      ],
    },
  ],
};
const PARTS = {
  parts: [
    { name: "order", source: "orders" },
    { name: "product", source: "products" },
  ],
};

describe("a processor", () => {
  it("filters: records that pass are written under their id", () => {
    expect(emitted({ filter: { status: "pending" } }, "orders", ORDER)).toEqual([[`copies/${ORDER.id}`, ORDER]]);
    expect(emitted({ filter: { status: "paid" } }, "orders", ORDER)).toEqual([]);
    expect(emitted({ filter: {} }, "valid-orders", { a: 1 })).toEqual([["copies/e1", { a: 1 }]]);
    expect(emitted({ filter: {} }, "valid-orders", { id: 7 })).toEqual([["copies/7", { id: 7 }]]);
    expect(emitted({ filter: {} }, "valid-orders", { id: { a: 1 } })).toEqual([["copies/e1", { id: { a: 1 } }]]);
  });

  it.each(["branch", "split"])("sends a record to every stream whose predicate holds: %s", (kind) => {
    const streams = {
      "valid-orders": { qty: { $lte: 2 } },
      "invalid-orders": { filter: { qty: { $gte: 2 } } },
      copies: { qty: { $gt: 2 } },
    };
    expect(emitted({ [kind]: streams }, "orders", ORDER).map(([stream]) => stream)).toEqual([
      `valid-orders/${ORDER.id}`,
      `invalid-orders/${ORDER.id}`,
    ]);
    const list = [{ filter: { qty: 2 }, to: "valid-orders" }, { to: "invalid-orders" }, { filter: { qty: 3 }, to: "copies" }];
    expect(emitted({ [kind]: list }, "orders", ORDER).map(([stream]) => stream)).toEqual([
      `valid-orders/${ORDER.id}`,
      `invalid-orders/${ORDER.id}`,
    ]);
  });

  it("may compare a field that is named filter", () => {
    expect(emitted({ split: { copies: { filter: "paper" } } }, "valid-orders", { filter: "paper" })).toHaveLength(1);
    expect(emitted({ split: { copies: { filter: { $gt: 1 } } } }, "valid-orders", { filter: 2 })).toHaveLength(1);
  });

  it("joins: the record gets two parts; without the other part there is no record", () => {
    const joined = { order: ORDER, product: { id: "p1", qty: 5 } };
    expect(emitted({ join: JOIN, to: "order-with-stock" }, "orders", ORDER)).toEqual([[`order-with-stock/${ORDER.id}`, joined]]);
    expect(emitted({ join: JOIN, to: "order-with-stock" }, "orders", ORDER, {}, null)).toEqual([]);
    expect(emitted({ join: JOIN }, "valid-orders", { id: "x" })).toEqual([]);
    expect(emitted({ join: JOIN }, "valid-orders", { id: "x", productId: { a: 1 } })).toEqual([]);
  });

  it("joins a joined record with one more", () => {
    const steps = [{ join: JOIN }, { join: { with: "valid-orders", by: "product.id" } }];
    expect(emitted({ multi: steps }, "orders", ORDER)[0]?.[1]).toEqual({
      order: ORDER,
      product: { id: "p1", qty: 5 },
      "valid-order": { id: "p1", qty: 5 },
    });
  });

  it("does everything in several steps: the order is confirmed or failed, and written as an order", () => {
    expect(emitted(MULTI, "orders", ORDER)).toEqual([[`orders/${ORDER.id}`, { ...ORDER, status: "confirmed" }]]);
    expect(emitted(MULTI, "orders", { ...ORDER, qty: 6 })).toEqual([[`orders/${ORDER.id}`, { ...ORDER, qty: 6, status: "failed" }]]);
  });

  it("sets the first part of a joined record that another processor has written, and the record itself where a client has", () => {
    const joined = { order: ORDER, product: { id: "p1", qty: 5 } };
    const confirmed = { ...ORDER, status: "confirmed" };
    expect(emitted(setTo("confirmed"), "valid-orders", joined, PARTS)).toEqual([[`orders/${ORDER.id}`, confirmed]]);
    expect(emitted({ ...setTo("confirmed"), to: "copies" }, "valid-orders", joined, PARTS)).toEqual([
      [`copies/${ORDER.id}`, { ...joined, order: confirmed }],
    ]);
    expect(emitted(setTo("confirmed"), "valid-orders", ORDER, PARTS)).toEqual([[`orders/${ORDER.id}`, confirmed]]);
    const map = { $set: { "product.qty": 0, "order.note": "a.b", qty: 3 } };
    expect(emitted({ map }, "valid-orders", joined, PARTS)[0]?.[1]).toEqual({
      order: { ...ORDER, note: "a.b", qty: 3 },
      product: { id: "p1", qty: 0 },
    });
  });

  it("writes within several steps, too, and after the last one if it asks for that", () => {
    const multi = [{ filter: { qty: 2 }, to: "valid-orders" }, { map: { $set: { status: "seen" } } }];
    expect(emitted({ multi }, "orders", ORDER).map(([stream]) => stream)).toEqual([`valid-orders/${ORDER.id}`]);
    expect(emitted({ multi, to: "copies" }, "orders", ORDER).map(([stream]) => stream)).toEqual([
      `valid-orders/${ORDER.id}`,
      `copies/${ORDER.id}`,
    ]);
    expect(emitted({ multi: [{ filter: {} }, { filter: {} }] }, "orders", ORDER).map(([stream]) => stream)).toEqual([`copies/${ORDER.id}`]);
  });

  it("within a branch may write along the way, and after that if it asks for it", () => {
    const multi = [{ filter: {}, to: "valid-orders" }];
    const streams = (to: object) => emitted({ split: [{ filter: {}, to }] }, "orders", ORDER).map(([stream]) => stream);
    expect(streams({ multi })).toEqual([`valid-orders/${ORDER.id}`]);
    expect(streams({ multi, to: "copies" })).toEqual([`valid-orders/${ORDER.id}`, `copies/${ORDER.id}`]);
  });

  it("writes to a category that has a key of its own under that key", () => {
    expect(emitted({ filter: {}, to: "by-customer" }, "valid-orders", { id: "1", customer: "c1" })).toEqual([
      ["by-customer/c1", { id: "1", customer: "c1" }],
    ]);
  });

  it.each([
    [{}, "must have one of filter, branch, split, join, map, multi"],
    [{ filter: {}, map: {} }, "not filter and map: `multi` takes several"],
    [{ multi: [] }, "multi: must be a list of steps"],
    [{ multi: {} }, "multi: must be a list of steps"],
    [{ multi: [1] }, "multi.0: must be a step"],
    [{ multi: [{ filter: {}, name: 1 }] }, "multi.0.name: it is none of"],
    [{ multi: [{}] }, "multi.0: must have one of"],
    [{ multi: [{ multi: [{ filter: { $x: 1 } }] }] }, "multi.0.multi.0.filter.$x: an operator belongs to a field"],
    [{ map: { status: "x" } }, "map.status: it is none of $set"],
    [{ map: {} }, "map.$set: must be an object"],
    [{ map: { $set: { "a..b": 1 } } }, "a field is a name"],
    [{ join: "products" }, "join: must be {with, by}"],
    [{ join: { with: "products" } }, "join.by: must be a field"],
    [{ join: { with: "no stream", by: "a" } }, "join.with: a name here must match"],
    [{ join: { with: "orders-view", by: "a" } }, "two parts would be called order"],
    [{ join: { with: "shop.products", by: "a" } }, "a part would be called shop.product"],
    [{ split: { copies: "x" } }, "split.copies: must be"],
    [{ split: { copies: null } }, "split.copies: must be"],
    [{ split: { copies: [{ filter: {} }] } }, "split.copies: must be"],
    [{ split: "x" }, "split: must be predicates by stream, or a list"],
    [{ split: [{ filter: {} }] }, "split.0.to: must be the name of a stream"],
    [{ split: [{ filter: {}, to: {} }] }, "split.0.to: must have one of"],
    [{ split: [{ filter: {}, to: { map: { $set: { a: 1 } } } }] }, "split.0.to.to: must be the name of a stream"],
    [{ split: [{ filter: {}, to: "x", then: 1 }] }, "split.0.then: it is none of filter, to"],
    [{ split: { "no stream": {} } }, "a name here must match"],
  ])("that is %j is refused, with the place", (body, message) => {
    expect(problem(() => stepsOf(body, "copies", known("orders")))).toContain(message);
  });

  it("with too many conditions for one expression, or steps for one processor, is refused by the limits of those", () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`f${index}`, index]));
    expect(issuesOf({ from: "orders", steps: stepsOf({ filter: many }, "copies", known("orders")) }, surroundings)[0]?.message).toMatch(
      /200/,
    );
    const steps = stepsOf({ multi: Array.from({ length: 30 }, () => ({ filter: {} })) }, "copies", known("orders"));
    expect(issuesOf({ from: "orders", steps }, surroundings)[0]?.message).toContain("at most 20 steps");
  });
});

describe("the parts of a stream's records", () => {
  const definition = (from: string, body: Record<string, unknown>, more: Partial<Known> = {}) => ({
    from,
    steps: stepsOf(body, (body.to ?? "copies") as string, known(from, more)),
  });

  it("are found in the processors that write to it, through others", () => {
    const join = definition("orders", { join: JOIN, to: "order-with-stock" });
    const split = definition("order-with-stock", { split: { "valid-orders": FITS, "invalid-orders": FITS_NOT } });
    const map = definition("valid-orders", setTo("confirmed"), PARTS);
    const multi = definition("orders", MULTI);
    const all = [map, split, join, multi];
    for (const stream of ["order-with-stock", "valid-orders", "invalid-orders"]) expect(partsOf(stream, all)).toEqual(PARTS.parts);
    for (const stream of ["orders", "products", "copies"]) expect(partsOf(stream, all)).toBeUndefined();
    expect(partsOf("copies", [definition("valid-orders", { filter: {} }, PARTS), ...all])).toEqual(PARTS.parts);
  });

  it("end where processors feed each other", () => {
    const there = definition("valid-orders", { filter: {}, to: "invalid-orders" });
    const back = definition("invalid-orders", { filter: {}, to: "valid-orders" });
    expect(partsOf("valid-orders", [there, back])).toBeUndefined();
  });

  it("are not guessed for definitions that other clients have written", () => {
    const others = [
      { from: ["orders", "products"], steps: [{ emit: { to: "copies" } }] },
      { from: "orders", steps: [{ map: "data" }, { map: { a: "data" } }, { set: { b: "1" } }, { emit: { to: "copies" } }] },
    ];
    expect(partsOf("copies", others)).toBeUndefined();
  });

  it.each([
    ["products-view", "product"],
    ["orders", "order"],
    ["stock", "stock"],
    ["s", "s"],
    ["order-with-stock", "order-with-stock"],
  ])("of %s are named %s", (source, name) => {
    expect(partNameOf(source)).toBe(name);
  });
});
