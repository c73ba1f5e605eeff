/**
 * `npm run strings`: writes `test/unit/strings.txt`, the page of every string of `src` that a user can see: problems, the descriptions of
 * OpenAPI, errors, log lines. They are reviewed there together; `test/unit/strings.test.ts` fails while the page is not what `src` says.
 */

import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseAst } from "vitest/node";

const ROOT = join(import.meta.dirname, "..");
export const PAGE = join(ROOT, "test/unit/strings.txt");

/** What a value is filled in for. */
const PLACEHOLDER = "${…}";

/** Members and calls whose strings are for people even if they are a single word. */
const SHOWN = new Set(["message", "title", "summary", "description", "detail", "reason", "describe", "Error", "TypeError", "RangeError"]);

/** Calls whose strings are for machines. */
const FOR_MACHINES = new Set(["exec", "prepare", "RegExp", "split"]);

/** SQL, the parts that it is put together from, style sheets, scripts, and the values of headers. */
const CODE =
  /^\s*[(,]?\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|WITH|WHERE|AND|OR|NOT|ORDER|LIMIT|FROM|JOIN|LEFT|SET|VALUES|ON|CASE|EXISTS|IN|IS|AS|UNION|PRIMARY|REPLACE|RETURNING|GROUP|HAVING|UNIQUE|COALESCE|MAX|MIN|COUNT|SUM)\b|(?:^|\s)(?:INTEGER|TEXT|BLOB|REAL)(?: NOT NULL|,|$)|\b(?:AS \w|BETWEEN|IS NULL|IS NOT NULL|CHECK \(|IN \$|IN \()|^(?::root|addEventListener|import|export) |^[a-z]+-[a-z]+ '|^[\w-]+\/[\w.+-]+; \w+=|^(?:[a-z]+-[a-z]+, )|^(?:id|event|retry): \$\{…\}/;

/** Two words one after the other, one of which may be a value: else it is a name, a key, or notation. */
const PROSE = /[\p{L}}'`)]{2,}[,:;]? +(?:\$\{…\}|[`'"(]?\p{L}{2,})/u;

export interface UserString {
  readonly line: number;
  readonly text: string;
}

/** A node of the syntax tree, of which little needs to be known here. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly [member: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

/** The strings of a TypeScript source that people read, in its order. */
export function stringsIn(source: string): UserString[] {
  const found: UserString[] = [];

  const take = (node: Node, text: string, isShown: boolean) => {
    const tidy = text.replaceAll(/\s+/g, " ").trim();
    const isText = PROSE.test(tidy) || (isShown && /\p{L}{2}/u.test(tidy));
    if (isText && !CODE.test(tidy)) found.push({ line: source.slice(0, node.start).split("\n").length, text: tidy });
  };

  /** @param isShown whether it is the value of a member, or an argument of a call, that people read */
  const visit = (node: Node, isShown: boolean): void => {
    switch (node.type) {
      case "ImportDeclaration":
      case "ExportAllDeclaration":
      case "TaggedTemplateExpression":
        return;
      case "Literal":
        if (typeof node.value === "string") take(node, node.value, isShown);
        return;
      case "TemplateLiteral":
      case "BinaryExpression": {
        const text = textOf(node);
        if (text !== undefined) take(node, text, isShown);
        for (const part of valuesIn(node)) visit(part, false);
        return;
      }
      case "Property":
      case "PropertyDefinition":
        if (isNode(node.value)) visit(node.value, SHOWN.has(nameOf(node.key)));
        return;
      case "CallExpression":
      case "NewExpression": {
        const callee = node.callee as Node;
        const name = nameOf(callee.type === "MemberExpression" ? callee.property : callee);
        // Of `"a b".split(" ")` the string is for a machine, too.
        if (!FOR_MACHINES.has(name)) visit(callee, false);
        if (!FOR_MACHINES.has(name)) for (const argument of node.arguments as Node[]) visit(argument, SHOWN.has(name));
        return;
      }
      case "ConditionalExpression":
      case "LogicalExpression":
        for (const part of childrenOf(node)) visit(part, isShown);
        return;
      case "TSAsExpression":
      case "TSSatisfiesExpression":
      case "TSNonNullExpression":
        visit(node.expression as Node, isShown);
        return;
      default:
        if (!node.type.startsWith("TS")) for (const child of childrenOf(node)) visit(child, false);
    }
  };

  visit(parseAst(source, { lang: "ts" }) as unknown as Node, false);
  return found;
}

/** What begins the call that gives a test, or a group of them, its title: `it("…")`, `it.each(rows)("…")`, `describe.skipIf(…)("…")`. */
const TITLED = new Set(["it", "test", "describe"]);

/** The titles of the tests in a TypeScript source, and the strings of the tables that `it.each` fills them in from. */
export function titlesIn(source: string): UserString[] {
  const found: UserString[] = [];
  const take = (node: Node, isTitle: boolean): void => {
    const text = textOf(node);
    if (text === undefined) for (const child of childrenOf(node)) take(child, false);
    else if (isTitle || PROSE.test(text)) found.push({ line: source.slice(0, node.start).split("\n").length, text });
  };
  const visit = (node: Node): void => {
    if (node.type === "CallExpression" && TITLED.has(beginningOf(node))) {
      const callee = node.callee as Node;
      const [first, ...rest] = node.arguments as Node[];
      if (first) take(first, callee.type !== "MemberExpression");
      for (const part of [callee, ...rest]) visit(part);
    } else {
      for (const child of childrenOf(node)) visit(child);
    }
  };
  visit(parseAst(source, { lang: "ts" }) as unknown as Node);
  return found;
}

/** The name that a chain of members and calls begins with: `it` of `it.each(rows)`. */
function beginningOf(node: Node): string {
  const inner = node.callee ?? node.object;
  return isNode(inner) ? beginningOf(inner) : nameOf(node);
}

/** The nodes right below one. */
function childrenOf(node: Node): Node[] {
  return Object.values(node).flat().filter(isNode);
}

function nameOf(node: unknown): string {
  if (!isNode(node)) return "";
  const name = node.name ?? node.value;
  return typeof name === "string" ? name : "";
}

/** A string that is written out or put together here, with its values left out; undefined: it is none. */
function textOf(node: Node): string | undefined {
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : undefined;
  if (node.type === "TemplateLiteral") {
    return (node.quasis as { value: { cooked: string } }[]).map(({ value }) => value.cooked).join(PLACEHOLDER);
  }
  if (node.type !== "BinaryExpression" || node.operator !== "+") return undefined;
  const [left, right] = [textOf(node.left as Node), textOf(node.right as Node)];
  return left === undefined && right === undefined ? undefined : (left ?? PLACEHOLDER) + (right ?? PLACEHOLDER);
}

/** What is filled into a string: it may have strings of its own. */
function valuesIn(node: Node): Node[] {
  if (textOf(node) === undefined) return childrenOf(node);
  if (node.type === "TemplateLiteral") return node.expressions as Node[];
  return [node.left as Node, node.right as Node].flatMap((side) => {
    if (textOf(side) === undefined) return [side];
    return side.type === "Literal" ? [] : valuesIn(side);
  });
}

/** The sources, by path from the root. */
export function sources(): string[] {
  return globSync(join(ROOT, "src/**/*.ts"))
    .map((file) => relative(ROOT, file))
    .toSorted();
}

/** What the page should be. */
export function pageOfStrings(): string {
  const sections = sources().map((file) => {
    const texts = new Set(stringsIn(readFileSync(join(ROOT, file), "utf8")).map(({ text }) => text));
    return texts.size === 0 ? "" : `${file}\n${[...texts].map((text) => `  ${text}\n`).join("")}\n`;
  });
  return `Every string of src that a user can see, by file. \`npm run strings\` writes this page: review what it changes.\n\n${sections.join("")}`;
}

if (import.meta.main) writeFileSync(PAGE, pageOfStrings());
