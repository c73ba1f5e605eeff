/** docs/expressions.md is true: its examples give the results shown, and its functions and limits are those of the code. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compileExpression } from "../../../src/definitions/expressions/expression.ts";
import { FUNCTIONS, METHODS } from "../../../src/definitions/expressions/functions.ts";
import * as limits from "../../../src/definitions/expressions/limits.ts";
import { MACROS } from "../../../src/definitions/expressions/macros.ts";
import { problemOf, ready } from "./support.ts";

const ROOT = join(import.meta.dirname, "../../..");
const page = readFileSync(join(ROOT, "docs/expressions.md"), "utf8");
const [values = "", mistake = ""] = [...page.matchAll(/^```json\n([\s\S]*?)^```/gm)].map(([, json]) => json);
const examples = [...page.matchAll(/^```cel\n([\s\S]*?)^```/gm)].flatMap(([, lines = ""]) => lines.trim().split("\n"));
const given = JSON.parse(values) as Readonly<Record<string, unknown>>;
const scope = Object.fromEntries(Object.keys(given).map((name) => [name, true]));

describe("the page of expressions", () => {
  it("has twenty examples", () => {
    expect(examples).toHaveLength(20);
  });

  it.each(examples)("shows the result of this: %s", (line) => {
    // The whole line is an expression: what follows `//` is a comment.
    const result = ready(line, scope).evaluate(given);
    expect(result).toEqual(JSON.parse(line.slice(line.lastIndexOf("  // ") + 5)));
  });

  it("lists all functions, methods and macros, and no others", () => {
    const listed = new Set([...page.matchAll(/`((?:math\.)?[\w.]+\([^`]*\))`/g)].map(([, one]) => one));
    const defined = [...Object.values(FUNCTIONS), ...Object.values(METHODS)].map(({ shown }) => shown);
    expect(defined.filter((one) => !listed.has(one))).toEqual([]);
    const named = [...page.matchAll(/^\| (`.*?) \| [^|]* \|$/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`(?:string|list|value)\.(\w+)\(|`((?:math\.)?\w+)\(/g)].map(([, method, name]) => method ?? name),
    );
    const known = new Set([...Object.keys(FUNCTIONS), ...Object.keys(METHODS), ...Object.keys(MACROS), "has"]);
    expect(named.filter((name) => !known.has(name!))).toEqual([]);
    expect(Object.keys(MACROS).filter((name) => !named.includes(name))).toEqual([]);
  });

  it("has the numbers of the limits", () => {
    const rows = Object.fromEntries([...page.matchAll(/^\| `(EXPRESSION_\w+)` \| ([\d,]+)/gm)].map(([, name, value]) => [name, value]));
    expect(rows).toEqual(Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, value.toLocaleString("en")])));
  });

  it("shows a mistake as it is", () => {
    const { message, column, at } = problemOf("data.qtty > 0", {
      data: { type: "object", additionalProperties: false, properties: { qty: {}, note: {}, price: {}, lines: {} } },
    });
    expect(JSON.parse(mistake)).toMatchObject({ message: `${message} (column ${column})`, at });
  });

  it("lists the members that an event has", () => {
    const names = /^\| `event` \| the event: (.*) \|$/m.exec(page)?.[1] ?? "";
    expect([...names.matchAll(/`(\w+)`/g)].map(([, name]) => name).filter((name) => name !== "42")).toEqual(
      Object.keys(given.event as object),
    );
    expect("problem" in compileExpression("event.id", scope)).toBe(false);
  });
});

describe("the library that reads expressions", () => {
  it("never runs strings as code", () => {
    const folder = join(ROOT, "node_modules/@marcbachmann/cel-js/lib");
    const files = ["index", "evaluator", "parser", "registry", "operators", "functions", "macros", "overloads", "type-checker", "optional"];
    const code = files.map((file) => readFileSync(join(folder, `${file}.js`), "utf8")).join("\n");
    expect(code).not.toMatch(/\beval\(|new Function\(|\bFunction\(|\bimport\(/);
  });
});
