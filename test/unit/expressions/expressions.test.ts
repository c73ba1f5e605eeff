/** What expressions give, which of them are refused, and what the refusal says. */

import { describe, expect, it } from "vitest";
import { CodeMistake } from "../../../src/core/mistake.ts";
import { eventScope } from "../../../src/definitions/expressions/event-scope.ts";
import { type Scope, compileExpression } from "../../../src/definitions/expressions/expression.ts";
import { newEffort, typeOf } from "../../../src/definitions/expressions/types.ts";
import { failureOf, problemOf, ready } from "./support.ts";

const line = { type: "object", additionalProperties: false, properties: { sku: { type: "string" }, qty: { type: "integer" } } };
const order = {
  type: "object",
  additionalProperties: false,
  required: ["qty"],
  properties: {
    qty: { type: "integer" },
    price: { type: "number" },
    name: { type: "string" },
    productId: { type: "string" },
    paid: { type: "boolean" },
    note: { type: ["string", "null"] },
    lines: { type: "array", items: line },
  },
};
const scope: Scope = { data: order, open: true, acc: { type: "number" } };
const values = {
  data: {
    qty: 7,
    price: 2.5,
    name: "Abc",
    productId: "p1",
    paid: true,
    note: null,
    lines: [
      { sku: "a", qty: 1 },
      { sku: "b", qty: 2 },
    ],
  },
  open: { a: { b: 1 }, "odd name": 3, emoji: "a😀b", list: [3, 1, 2], words: ["x", "y"] },
  acc: 5,
};
const valueOf = (text: string) => ready(text, scope).evaluate(values);
const problem = (text: string) => problemOf(text, scope).message;
const failure = (text: string) => failureOf(text, scope, values).message;

describe("an expression", () => {
  it.each<[text: string, value: unknown]>([
    ["data.qty * 2", 14],
    ["acc + data.qty * data.price", 22.5],
    ["(1 + 2) * 3 - 4 / 2", 7],
    ["7 / 2", 3.5],
    ["-7 % 3", -1],
    ["1 - 1.0 * 0 - 1", 0],
    ["data.qty == 7.0 && data.price > 2", true],
    ["data.qty >= 8 || !(data.name < 'Buyer')", false],
    ["false < true", true],
    ["'a' + 'b' + string(1)", "ab1"],
    ["[1] + [2, 3]", [1, 2, 3]],
    ["data.paid ? 'confirmed' : 'failed'", "confirmed"],
    ["data.paid ? 1 : 'none'", 1],
    ["data.note == null", true],
    ["data.lines == [{'qty': 1, 'sku': 'a'}, {'sku': 'b', 'qty': 2}]", true],
    ["data.lines != []", true],
    ["[1, 2] == [1, 3] || {'a': 1} == {'b': 1} || {'a': 1} == {'a': 1, 'b': 2} || {'a': 1} == {'a': 2}", false],
    ["open.a == [1] || open.a == 1", false],
    ["data.lines[1].sku", "b"],
    ["data['qty'] + open['odd name']", 10],
    ["2 in open.list", true],
    ["'b' in open.a && !('c' in open.a)", true],
    ["has(open.a.b) && !has(open.a.c) && !has(open.x.y.z)", true],
    ['has(open["odd name"])', true],
    ["open.?a.?c.orValue(3)", 3],
    ["open.?a.b.orValue(3)", 1],
    ["open.?x.y.hasValue()", false],
    ["open.list[?7].orValue(0)", 0],
    ["open.?x[?data.name].orValue(0)", 0],
    ["has(open.a[data.name]) || has(open.a.b[data.name]) || has(data.lines[2].sku)", false],
    ["{'total': data.qty * data.price, 'who': data.name}", { total: 17.5, who: "Abc" }],
    ["{data.name: 1}", { Abc: 1 }],
    ["data", values.data],
  ])("%s", (text, value) => {
    expect(valueOf(text)).toEqual(value);
  });

  it.each<[text: string, value: unknown]>([
    ["data.lines.all(line, line.qty > 0)", true],
    ["data.lines.exists(line, line.sku == 'c')", false],
    ["data.lines.exists_one(line, line.qty == 2)", true],
    ["data.lines.map(line, line.qty * data.price).sum()", 7.5],
    ["data.lines.map(line, line.qty > 1, line.sku)", ["b"]],
    ["data.lines.filter(line, line.qty > 1).size()", 1],
    ["open.a.map(name, name)", ["b"]],
    ["[].all(one, one)", true],
    ["[1, 2].map(data, data + 1)", [2, 3]],
  ])("goes through lists and maps: %s", (text, value) => {
    expect(valueOf(text)).toEqual(value);
  });

  it.each<[text: string, value: unknown]>([
    ["size(data.name) + data.lines.size() + open.a.size()", 6],
    ["size(open.emoji)", 3],
    ["open.emoji.substring(1, 2)", "😀"],
    ["open.emoji.indexOf('b')", 2],
    ["'a-b-a'.lastIndexOf('a')", 4],
    ["'abc'.indexOf('x')", -1],
    ["'hello'.substring(3)", "lo"],
    ["'hello'.contains('ell') && 'hello'.startsWith('he') && 'hello'.endsWith('lo')", true],
    ["'Grün'.upperAscii() + 'ÄB'.lowerAscii()", "GRüNÄb"],
    ["' a '.trim()", "a"],
    ["'a-b-c'.replace('-', '$&')", "a$&b$&c"],
    ["'a,b'.split(',')", ["a", "b"]],
    ["'a😀'.split('')", ["a", "😀"]],
    ["open.words.join('-') + open.words.join()", "x-yxy"],
    ["open.list.min() + open.list.max() + open.list.sum()", 10],
    ["math.greatest(acc, 9, 2) + math.least([4, 3].min(), 8)", 12],
    ["math.round(2.5) + math.round(-2.5) + math.round(0.4)", 0],
    ["math.ceil(1.2) + math.floor(1.8) + math.trunc(-1.5) + math.abs(-1) + math.sign(-3)", 2],
    ["int('42') + int(3.9) + double('1.5')", 46.5],
    ["string(1.5) + string(true)", "1.5true"],
    ["[bool('true'), bool('false'), bool(true), double(1.5) == 1.5]", [true, false, true, true]],
    ["'abc'.substring(3) + 'abc'.substring(1, 1)", ""],
    ["[type(1), type('a'), type(null), type([]), type({}), type(true)]", ["number", "string", "null", "list", "map", "boolean"]],
  ])("has functions: %s", (text, value) => {
    expect(valueOf(text)).toEqual(value);
  });

  it("has a known result type and known names before it runs", () => {
    const known = ["data.qty", "data.name + 'x'", "data.paid", "null", "data.lines", "{'a': acc}", "open.a", "data.note", "acc > data.qty"];
    expect(known.map((text) => [ready(text, scope).result, [...ready(text, scope).uses].toSorted().join()])).toEqual([
      ["number", "data"],
      ["string", "data"],
      ["boolean", "data"],
      ["null", ""],
      ["list", "data"],
      ["map", "acc"],
      ["any", "open"],
      ["any", "data"],
      ["boolean", "acc,data"],
    ]);
  });

  it("ignores an error in one side of && and || if the other side decides, and in elements if another element decides", () => {
    expect(valueOf("open.x == 1 || true")).toBe(true);
    expect(valueOf("open.x == 1 && false")).toBe(false);
    expect(valueOf("[{}, {'x': 1}].exists(one, dyn(one).x == 1)")).toBe(true);
    expect(failure("open.x == 1 || false")).toContain("`open` has no `x`");
    expect(failure("[{}, {'x': 1}].all(one, dyn(one).x == 1)")).toContain("has no `x`");
  });
});

describe("a mistake that is visible at the declaration", () => {
  it.each<[text: string, message: string]>([
    ["data.qtty > 0", "`data` has no `qtty`; it has `qty`, `note`"],
    ["data['qtty'] > 0", "`data` has no `qtty`"],
    ["has(data.qtty)", "`data` has no `qtty`"],
    ["data.?qtty.orValue(1)", "`data` has no `qtty`"],
    ["data.lines.all(l, l.skuu == 'a')", "`l` has no `skuu`; it has `sku`, `qty`"],
    ["data.lines[0].kty", "`data.lines[0]` has no `kty`; it has `qty`, `sku`"],
    ["{'a': 1}.b", "`{'a': 1}` has no `b`; it has `a`"],
    ["data.name.length", "`data.name` is a string, which has no members"],
    ["lines.sum()", "unknown name `lines`"],
    ["data.lines.map(l, kty)", "there are `acc`, `data`, `l`, `open`"],
    ["open.map(x, x).sum(1)", "wrong number of arguments: list.sum()"],
    ["data.lines.map(l, l.qty)[0].size()", "takes a string, a list or a map here, not a number"],
    ["([data.lines[0]] + data.lines)[0].kty", "has no `kty`; it has `qty`, `sku`"],
    ["'a,b'.split(',')[0] * 2", "`*` takes two numbers, not a string and a number"],
    ["{'a': 1}.map(name, name * 2)", "`*` takes two numbers, not a string and a number"],
    ["open.?a.hasValue(1)", "`hasValue` takes no argument, not 1"],
    ["{}.a", "`{}` has no `a`"],
    ["{'a': 1}[0]", "what is in [ ] must be a string, not a number"],
    ["1 in 2", "`in` searches a list or the members of a map, not a number"],
    ["data.qty[0]", "is a number, which has no members or elements"],
    ["data.lines['a']", "what is in [ ] must be a number, not a string"],
    ["data.name + data.qty", "string(…) makes a string of a number"],
    ["data.name * 2", "`*` takes two numbers, not a string and a number"],
    ["data.qty == '7'", "a number is never equal to a string"],
    ["data.qty < data.name", "`<` compares two numbers, two strings or two booleans"],
    ["'a' in data.name", "write text.contains(part)"],
    ["!data.qty", "what follows `!` must be true or false, not a number"],
    ["-data.name", "`-` takes a number, not a string"],
    ["data.qty ? 1 : 2", "what comes before `?` must be true or false"],
    ["data.paid && data.qty", "the right side of `&&` must be true or false"],
    ["data.lines.filter(l, l.qty)", "the condition of `filter` must be true or false"],
    ["data.qty.map(x, x)", "`data.qty` is a number: only lists and maps have elements"],
    ["data.qty.contains('7')", "`string.contains(part)` takes a string here, not a number"],
    ["data.name.contains(7)", "takes a string here, not a number"],
    ["data.name.contains()", "wrong number of arguments: string.contains(part)"],
    ["confirmed", "a string has quotes of its own, as in 'confirmed'"],
    ["dta.qty", "unknown name `dta`: there are `data`"],
    ["{status: 1}", "the name of a member has quotes, as in {'name': 1}"],
    ["{1: 2}", "the name of a member must be a string, not a number"],
    ["{'a': 1, 'a': 2}", "the map has `a` twice"],
    ["data.name.matches('a+')", "regular expressions are not supported"],
    ["contains(data.name)", "is called in another way: string.contains(part)"],
    ["data.name.subString(1)", "unknown method `subString`: there are `substring`"],
    ["siz(data.name)", "unknown function `siz`: there are `size`"],
    ["math.avg(1)", "unknown function `math.avg`"],
    ["max(1, 2)", "use math.greatest"],
    ["timestamp(data.name)", "times are strings"],
    ["open.?a", "add .orValue(…)"],
    ["open.?a == 1", "add .orValue(…)"],
    ["[open.?a]", "add .orValue(…)"],
    ["open.a.orValue(1)", "write .?name or [?name]"],
    ["open.?a.orValue()", "takes one argument"],
    ["has(open)", "has() asks for a member"],
    ["has(open.a, open.b)", "has() takes one member"],
    ["data.lines.map(l, l.qty).filter(q, q > 1)", "at most one of all, exists, exists_one, map, filter"],
    ["data.lines.all(l, data.lines.exists(m, m == l))", "at most one of"],
    ["data.lines.all(1, true)", "the first argument is a name for the element"],
    ["data.lines.map(l)", "takes a name for the element"],
    ["5u", "leave the letter out"],
    ["b'abc'", "leave the letter out"],
  ])("%s", (text, message) => {
    expect(problem(text)).toContain(message);
  });

  it.each<[text: string, message: string, column: number]>([
    ["", "the expression is empty", 1],
    ["data.qty = 3", "unexpected `=`: compare with `==`", 10],
    ["data.qty > 1 and true", "unexpected `and`: write `&&`", 14],
    ["data.qty & 1", "unexpected `&`: write `&&`", 10],
    ["not data.paid", "unexpected `data`: write `!`", 5],
    ["1 +", "a value is missing before end of the expression", 4],
    ["(1", "unexpected end of the expression, `)` is missing", 3],
    ["[1, 2", "`]` is missing", 6],
    ["data.", "a name is missing", 6],
    ["data.in", '`in` cannot follow a dot: write ["in"] instead', 6],
    ["data.größe", 'write data["…"] for any other member', 8],
    ["'😀' + größe", "a name has ASCII letters", 9],
    ["'abc", "its closing quote is missing", 1],
    ["'a\nb'", "a string ends on the line that it begins on", 3],
    ["'a\\qb'", "`\\q` is not an escape that strings have", 3],
    ["'\\ud800'", "is not an escape", 2],
    ["var", "`var` is a reserved word", 1],
    ["1e999", "`1e999` is not a number that JSON can hold", 1],
    ["1 + 'a'", "`+` takes two numbers, two strings or two lists, not a number and a string", 3],
    ["size(data.qty)", "takes a string, a list or a map here, not a number", 6],
  ])("is shown with its column: %s", (text, message, column) => {
    const found = problemOf(text, scope);
    expect(found.message).toContain(message);
    expect(found.column).toBe(column);
  });

  it.each([
    ["data.qtty > 1", "qtty"],
    ["  data.größe", "öße"],
    ["'a' + 1", "+"],
    ["data.qty >= 'a'", ">="],
    ["nobody + 1", "nobody"],
    ["size(data.qty)", "data"],
    ["foo(1)", "foo"],
    ["'abc", "'abc"],
    ["'😀' + größe", "öße"],
    ["1 + 99999999999999999999", "99999999999999999999"],
    ["data.", ""],
    ["(1 + 2", ""],
    ["", ""],
  ])("is marked in the expression: %s", (text, marked) => {
    const { at } = problemOf(text, scope);
    expect([text.slice(at.start, at.end), at.start >= 0, at.end <= text.length]).toEqual([marked, true, true]);
  });

  it("is shown with its line if the expression has several", () => {
    expect(problemOf("1 +\n  // more\n  data.qtty", scope)).toMatchObject({ line: 3, column: 8 });
    expect(problemOf("data.qtty", scope).line).toBeUndefined();
  });
});

describe("an expression that fails at an event", () => {
  it.each<[text: string, message: string]>([
    ["open.x", "`open` has no `x`"],
    ["open.a.b.c", "`open.a.b` is a number, which has no members"],
    ["open.a[data.name]", "`open.a` does not have the member that is named in [ ]"],
    ["data.lines[2]", "`data.lines` does not have so many elements"],
    ["data.lines[-1]", "does not have so many elements"],
    ["data.lines[0.5]", "must be a whole number, not a fraction"],
    ["open.a + 1", "`+` takes two numbers, two strings or two lists, not a map and a number"],
    ["open.a < 1", "`<` compares"],
    ["open.a.contains('a')", "`string.contains(part)` takes a string here, not a map"],
    ["1 in open.a.b", "`in` searches a list or the members of a map, not a number"],
    ["-open.a", "`-` takes a number, not a map"],
    ["open.a[open.a]", "`open.a` is a map: what is in [ ] must be a string, not a map"],
    ["open.a.b[open.a]", "`open.a.b` is a number, which has no members or elements"],
    ["open.list[open.a]", "must be a whole number, not a map"],
    ["open.a.b.map(x, x)", "only lists and maps have elements"],
    ["{open.a.b: 1}", "the name of a member must be a string, not a number"],
    ["bool('yes')", '`bool` takes "true" or "false"'],
    ["'a'.replace('', 'b')", "`replace` takes a part that is not empty"],
    ["open.a ? 1 : 2", "what comes before `?` must be true or false, not a map"],
    ["open.a || false", "the left side of `||` must be true or false"],
    ["open.list.join()", "an element is a number"],
    ["open.words.sum()", "an element is a string"],
    ["[].min()", "`min` of an empty list"],
    ["int('4x')", "cannot read this string as a number"],
    ["data.qty / 0", "division by zero"],
    ["data.qty % (1 - 1)", "division by zero"],
    ["1e308 * 10", "the result of `*` is not a number that JSON can hold"],
    ["double('1e999')", "not a number that JSON can hold"],
    ["'abc'.substring(2, 9)", "`substring` takes whole numbers from 0"],
    ["{data.name: 1, 'Abc': 2}", "the map has a name twice"],
  ])("%s", (text, message) => {
    expect(failure(text)).toContain(message);
  });

  it("is reported as a mistake of the definition, with its place, without any value", () => {
    const secret = { data: { ...values.data, name: "a secret" }, open: { a: "a secret" }, acc: 1 };
    for (const text of [
      "acc +\nopen.a",
      "int(data.name)",
      "open.a[data.name]",
      "open.a.x",
      "{data.name: 1, open.a: 2}",
      "[open.a].sum()",
    ]) {
      const error = failureOf(text, scope, secret);
      expect(error).toBeInstanceOf(CodeMistake);
      expect(error.message).not.toContain("secret");
    }
    expect(failureOf("acc +\nopen.a", scope, secret).message).toBe(
      "the expression `acc +`, line 1, column 5, failed: `+` takes two numbers, two strings or two lists, not a number and a string",
    );
    expect(() => ready("acc", scope).evaluate({})).toThrow("`acc` has no value here");
    expect(failureOf(`${"1 + ".repeat(40)}open.a`, scope, secret).message).toContain("the expression `…+ 1 + 1");
  });

  it("differs from a fault of the store itself", () => {
    const broken = () => {
      throw new RangeError("broken");
    };
    expect(() => ready("acc", { acc: true }).evaluate(Object.defineProperty({}, "acc", { get: broken }))).toThrow(RangeError);
    expect(() => compileExpression("acc", Object.defineProperty({}, "acc", { get: broken }))).toThrow(RangeError);
  });
});

describe("the type of a value, by its JSON Schema,", () => {
  const closed = (properties: object, more: object = {}) => ({ type: "object", additionalProperties: false, properties, ...more });
  const isFine = (text: string, data: Scope[string]) => !("problem" in compileExpression(text, { data }));

  it.each<[what: string, text: string, schema: Scope[string], isAllowed: boolean]>([
    ["an open map", "data.x + 1", { type: "object", properties: { a: {} } }, true],
    ["anything", "data.x + 1", true, true],
    ["a member that any alternative has", "data.b", { anyOf: [closed({ a: {} }), closed({ b: {} })] }, true],
    ["a member that no alternative has", "data.c", { oneOf: [closed({ a: {} }), closed({ b: {} })] }, false],
    ["an alternative that is open", "data.c", { anyOf: [closed({ a: {} }), { type: "object" }] }, true],
    ["a nullable map", "data.a.b", closed({ a: { anyOf: [closed({ b: {} }), { type: "null" }] } }), true],
    ["a misspelt member of a nullable map", "data.a.c", closed({ a: { anyOf: [closed({ b: {} }), { type: "null" }] } }), false],
    ["a reference", "data.a.b", closed({ a: { $ref: "#/$defs/a" } }, { $defs: { a: closed({ b: {} }) } }), true],
    ["a misspelt member behind a reference", "data.a.c", closed({ a: { $ref: "#/$defs/a" } }, { $defs: { a: closed({ b: {} }) } }), false],
    ["a schema that refers to itself", "data.next.next.next.v", closed({ v: {}, next: { $ref: "#" } }), true],
    ["a misspelt member far within it", "data.next.next.next.w", closed({ v: {}, next: { $ref: "#" } }), false],
    ["a circle of references", "data.x", { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }, true],
    ["a reference to elsewhere", "data.x", { $ref: "https://example.com/schema" }, true],
    ["names by a pattern", "data.x1", closed({ a: {} }, { patternProperties: { "^x": {} } }), true],
    ["other members of a type", "data.x.contains('a')", { type: "object", additionalProperties: { type: "number" } }, false],
    ["a member that is forbidden", "data.b", { type: "object", properties: { a: {}, b: false } }, false],
    ["a number or a string", "data.a + 1", closed({ a: { type: ["number", "string"] } }), true],
    ["values of an enumeration", "data.a + 1", closed({ a: { enum: ["x", "y"] } }), false],
    ["a constant", "data.a + 1", closed({ a: { const: 4 } }), true],
    ["alternatives of lists", "data.a[0] + 1", closed({ a: { anyOf: [{ items: { type: "string" } }, { items: { const: "a" } }] } }), true],
    [
      "alternatives of lists of strings",
      "data.a[0] + 1",
      closed({
        a: {
          oneOf: [
            { type: "array", items: { type: "string" } },
            { type: "array", items: { const: "a" } },
          ],
        },
      }),
      false,
    ],
    [
      "lists that hold at once",
      "data.a[0] + 1",
      closed({ a: { type: "array", items: { type: "string" }, allOf: [{ type: "array", items: true }] } }),
      false,
    ],
    ["maps that hold at once", "data.a", { ...closed({ a: {} }), allOf: [{ ...closed({ b: {} }) }] }, false],
    ["types that exclude each other", "data.a", { type: "string", allOf: [{ type: "number" }] }, true],
    ["a reference that leads nowhere", "data.x", { $ref: "#/$defs/none" }, true],
    ["several schemas that hold at once", "data.a + 1", { allOf: [closed({ a: { type: "string" } })] }, false],
    ["the first of several items", "data.a[0] + 1", closed({ a: { prefixItems: [{ type: "string" }], items: { type: "number" } } }), true],
    ["schemas that nothing fits", "data.x", { type: "string", enum: [1] }, true],
    ["a comparison with null", "data.a == null", closed({ a: { type: "string" } }), true],
  ])("%s: %s", (_, text, schema, isAllowed) => {
    expect(isFine(text, schema)).toBe(isAllowed);
  });

  it("has the members that all of its schemas allow, the nearest ones first, and not all of very many", () => {
    const both = { ...closed({ a: {}, ab: {} }), allOf: [closed({ ab: {}, b: {} })] };
    expect(problemOf("data.abc", { data: both }).message).toBe("`data` has no `abc`; it has `ab`");
    const many = closed(Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`member${index}`, {}])));
    expect(problemOf("data.member7x", { data: many }).message).toMatch(/it has `member7`, .* and 10 more$/);
    expect(problemOf("x", {}).message).toContain("no name is in scope here");
    expect(typeOf(true, newEffort()).names()).toEqual([]);
  });

  it("has the strings that the value may be", () => {
    const status = closed({
      status: { enum: ["confirmed", "failed"] },
      any: { anyOf: [{ const: "a" }, { enum: ["b", null] }, { type: "string" }] },
    });
    expect(isFine("data.status == 'confirmed' || 'failed' != data.status", status)).toBe(true);
    expect(isFine("data.any == 'c'", status)).toBe(true);
    expect(problemOf("data.status == 'confirmd'", { data: status }).message).toBe(
      "this is never `'confirmd'`; it may be `confirmed`, `failed`",
    );
    expect(problemOf("'' != data.status", { data: status }).column).toBe(4);
  });

  it("is found in bounded time, however schemas are combined", () => {
    const both = { anyOf: Array.from({ length: 6 }, (_, index) => ({ $ref: `#/$defs/d${index}` })) };
    const all = { allOf: [both, { properties: { x: both } }] };
    const closedOnes = Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`d${index}`, closed({ x: index % 2 ? both : all })]));
    const started = newEffort();
    let type = typeOf({ ...both, $defs: closedOnes }, started);
    // Six alternatives, each of which has six: eighteen levels of that would be 10^14.
    for (let depth = 0; depth < 18; depth++) type = type.member("x")!;
    expect(started.left).toBeLessThanOrEqual(0);
    expect(isFine("data.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x", { ...both, $defs: closedOnes })).toBe(true);
  });

  it("is found, however schemas refer to each other", () => {
    const twice = { anyOf: [{ $ref: "#" }, { $ref: "#" }, { $ref: "#/$defs/b" }], $defs: { b: { allOf: [{ $ref: "#" }, { $ref: "#" }] } } };
    expect(isFine("data.x.y.z", twice)).toBe(true);
  });
});

describe("the scope of events", () => {
  const placed = {
    type: "object",
    additionalProperties: false,
    properties: { qty: { $ref: "#/$defs/qty" } },
    $defs: { qty: { type: "integer" } },
  };
  const noted = {
    type: "object",
    additionalProperties: false,
    properties: { note: { $ref: "#/$defs/qty" } },
    $defs: { qty: { type: "string" } },
  };
  const orders = { name: "orders", strict: true, events: { OrderPlaced: placed, OrderNoted: noted } };
  const isFine = (text: string, ...args: Parameters<typeof eventScope>) =>
    !("problem" in compileExpression(text, { ...eventScope(...args) }));

  it("has the members of all event types, each with the references of its own schema", () => {
    expect(isFine("data.qty + 1 > 0 && data.note.contains('a')", [orders])).toBe(true);
    expect(isFine("data.note + 1 > 0", [orders])).toBe(false);
    expect(isFine("event.data.qty + event.data.note", [orders])).toBe(false);
    expect(isFine("data.kty", [orders])).toBe(false);
  });

  it("has those of the chosen types only", () => {
    expect(isFine("data.note", [orders], ["OrderNoted"])).toBe(true);
    expect(isFine("data.note", [orders], ["OrderPlaced"])).toBe(false);
  });

  it("is open if the category accepts other types, unless only declared ones are chosen", () => {
    const open = { ...orders, strict: false };
    expect(isFine("data.anything", [open])).toBe(true);
    expect(isFine("data.anything", [open], ["OrderPlaced", "Other"])).toBe(true);
    expect(isFine("data.anything", [open], ["OrderPlaced"])).toBe(false);
    expect(isFine("data.anything", [{ name: "notes", strict: false, events: {} }])).toBe(true);
    expect(isFine("data.anything", [{ name: "notes", strict: true, events: { Noted: true } }])).toBe(true);
    expect(isFine("data.anything", [orders], ["$deleted"])).toBe(true);
  });

  it("has the event's own members", () => {
    expect(isFine("event.id + event.stream + event.streamId + event.category + event.type + event.time", [orders])).toBe(true);
    expect(isFine("event.version + event.position > 1 && event.meta.anything == 1", [orders])).toBe(true);
    expect(isFine("event.streamID", [orders])).toBe(false);
  });

  it("has the possible types of events", () => {
    expect(isFine("event.type == 'OrderPlaced' || event.type == '$deleted'", [orders])).toBe(true);
    expect(isFine("event.type == 'OrderPlacd'", [orders])).toBe(false);
    expect(isFine("event.type == 'OrderNoted'", [orders], ["OrderPlaced"])).toBe(false);
    expect(isFine("event.type == 'Other'", [orders, { ...orders, strict: false }])).toBe(true);
  });
});
