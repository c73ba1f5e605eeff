/** What an editor offers while an expression is being written: what there is, and nothing that is not. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { namesOf } from "../../../src/definitions/expressions/calls.ts";
import { completeAt, membersIn } from "../../../src/definitions/expressions/complete.ts";
import {
  EVENT_COMPLETIONS,
  FUNCTION_COMPLETIONS,
  MACRO_COMPLETIONS,
  METHOD_COMPLETIONS,
  NAME_COMPLETIONS,
} from "../../../src/definitions/expressions/completions.ts";
import { eventScope } from "../../../src/definitions/expressions/event-scope.ts";
import { FUNCTIONS, METHODS } from "../../../src/definitions/expressions/functions.ts";
import { wordOf } from "../../../src/definitions/expressions/kinds.ts";
import type { Definition } from "../../../src/definitions/expressions/function.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/expressions.md"), "utf8");
const named = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);

describe("the completions", () => {
  it("include all functions, methods and macros of the engine, as it shows them, with the kinds of their results", () => {
    expect(named(FUNCTION_COMPLETIONS).toSorted()).toEqual(namesOf("function").toSorted());
    expect(named([...METHOD_COMPLETIONS, ...MACRO_COMPLETIONS]).toSorted()).toEqual(namesOf("method").toSorted());
    const of = (table: Readonly<Record<string, Definition>>) =>
      Object.entries(table).map(([name, { shown, gives }]) => [name, shown, wordOf(gives)]);
    const listed = (list: typeof FUNCTION_COMPLETIONS, table: object) =>
      list.filter(({ name }) => Object.hasOwn(table, name)).map(({ name, shown, gives }) => [name, shown, gives]);
    expect(listed(FUNCTION_COMPLETIONS, FUNCTIONS)).toEqual(expect.arrayContaining(of(FUNCTIONS)));
    expect(listed(METHOD_COMPLETIONS, METHODS)).toEqual(expect.arrayContaining(of(METHODS)));
  });

  it("include the members that an event has", () => {
    const { event } = eventScope([]);
    expect(named(EVENT_COMPLETIONS)).toEqual(Object.keys((event as { properties: object }).properties));
  });

  it("equal the documentation's list, word for word", () => {
    const rows = [...FUNCTION_COMPLETIONS, ...METHOD_COMPLETIONS, ...MACRO_COMPLETIONS];
    for (const { shown, gives, what } of rows) expect(page).toContain(`\n| \`${shown}\` | ${gives} | ${what} |\n`);
  });
});

const AROUND = {
  names: NAME_COMPLETIONS.fold,
  schemas: {
    data: [
      {
        type: "object",
        properties: {
          qty: { type: "integer", description: "how many" },
          note: { type: ["string", "null"] },
          "odd name": { type: "string" },
          lines: { type: "array" },
          address: { $ref: "#/$defs/address" },
        },
        $defs: { address: { properties: { city: { type: "string" }, country: { enum: ["A"] } } } },
      },
      { allOf: [{ properties: { quality: { anyOf: [{ type: "string" }, { type: "number" }] } } }] },
    ],
    row: [{ properties: { total: { type: "number" } } }],
  },
};

describe("at a place in an expression", () => {
  /** `|` is the cursor. */
  const at = (marked: string) => {
    const offset = marked.indexOf("|");
    const text = marked.replace("|", "");
    const { from, to, items } = completeAt(text, offset, AROUND);
    return { word: text.slice(from, to), typed: text.slice(from, offset), items, names: named(items) };
  };

  it.each([
    ["|", "", ["acc", "data", "event", "row", "has", "size", "math.abs"]],
    ["ac|", "ac", ["acc"]],
    ["acc + d|ata", "data", ["data", "double", "dyn"]],
    ["SIZ|", "SIZ", ["size"]],
    ["1 + math.a|", "math.a", ["math.abs"]],
    ["math.|", "math.", ["math.greatest", "math.round"]],
    ["data.q|", "q", ["qty", "quality"]],
    ["data.?no|", "no", ["note"]],
    ["size(data.address.|)", "", ["city", "country", "size", "contains", "map"]],
    ["event.data.address.ci|", "ci", ["city"]],
    ["event.stream|", "stream", ["stream", "streamId"]],
    ["row.|", "", ["total"]],
    ["'data.' + ev|", "ev", ["event"]],
    ["data.lines.ma|", "ma", ["max", "map"]],
    ["data.lines.filter(x, x > 1).su|", "su", ["substring", "sum"]],
    ["'abc'.sta|", "sta", ["startsWith"]],
    ["// a comment\nac|", "ac", ["acc"]],
    [`r'\\' + ac|`, "ac", ["acc"]],
  ])("there are offers that begin with what is written: %s", (marked, word, names) => {
    const found = at(marked);
    expect([found.word, found.names]).toEqual([word, expect.arrayContaining(names)]);
    for (const name of found.names) expect(name.toLowerCase().startsWith(found.typed.toLowerCase()), name).toBe(true);
  });

  it.each(["'da|", '"a \\" da|', "1 // da|", "'''a 'da|", "r'da|"])("there are no offers within a string or a comment: %s", (marked) => {
    expect(at(marked).items).toEqual([]);
  });

  it("there are no names where a member has to follow, and no members that cannot be written after a dot", () => {
    expect(at("data.|").names).not.toContain("acc");
    expect(at("data.|").names).not.toContain("odd name");
    expect(at("nobody.|").names).not.toContain("qty");
    expect(at("data.lines[0].|").names).not.toContain("qty");
  });

  it("there is the kind of each member, and its schema's description", () => {
    const members = membersIn(AROUND.schemas.data, "data", []);
    expect(members.map(({ name, gives, what }) => [name, gives, what])).toEqual([
      ["qty", "number", "how many"],
      ["note", "string | null", ""],
      ["lines", "list", ""],
      ["address", "any", ""],
      ["quality", "string | number", ""],
    ]);
  });

  it("offers are quick for schemas that refer to each other in circles, and for values that are not schemas", () => {
    const circular = { anyOf: Array.from({ length: 50 }, () => ({ $ref: "#" })), properties: { next: { $ref: "#" }, __proto__x: 1 } };
    expect(
      named(
        membersIn(
          [circular],
          "data",
          Array.from({ length: 20 }, () => "next"),
        ),
      ),
    ).toEqual(["next"]);
    expect(
      membersIn(
        [
          null,
          true,
          1,
          "a",
          [],
          { properties: 1 },
          { $ref: 1 },
          { $ref: "#/nowhere" },
          { $ref: "https://schemas.test/a.json#/$defs/a" },
          { allOf: {} },
        ],
        "data",
        [],
      ),
    ).toEqual([]);
  });
});
