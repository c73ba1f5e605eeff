/** The grammar of CEL, which `@marcbachmann/cel-js` reads, and what it refuses, in words of our own. Nothing else of that library is used. */

import { type ASTNode, Environment, type ParseError } from "@marcbachmann/cel-js";
import { EXPRESSION_ARGUMENTS, EXPRESSION_CHARACTERS, EXPRESSION_DEPTH, EXPRESSION_ELEMENTS, EXPRESSION_NODES } from "./limits.ts";
import { Mistake, quoted } from "./problem.ts";

/** A part of an expression. */
export type Node = ASTNode;

let environment: Environment | undefined;

/** Made with the first expression: a worker without any does not pay for it. */
function grammar(): Environment {
  environment ??= new Environment({
    enableOptionalTypes: true,
    limits: {
      maxAstNodes: EXPRESSION_NODES,
      maxDepth: EXPRESSION_DEPTH,
      maxListElements: EXPRESSION_ELEMENTS,
      maxMapEntries: EXPRESSION_ELEMENTS,
      maxCallArguments: EXPRESSION_ARGUMENTS,
    },
  });
  return environment;
}

/** @throws {Mistake} when the text is not an expression, or is too large for one */
export function parse(text: string): Node {
  if (text.length > EXPRESSION_CHARACTERS)
    throw new Mistake(`the expression has ${text.length} characters, at most ${EXPRESSION_CHARACTERS} are allowed`, EXPRESSION_CHARACTERS);
  if (text.trim() === "") throw new Mistake("the expression is empty", 0);
  if (!text.isWellFormed()) throw new Mistake("the expression has half of a Unicode character", text.search(/\p{Cs}/u));
  try {
    return grammar().parse(text).ast;
  } catch (error) {
    // It throws nothing else.
    throw mistakeIn(text, error as ParseError);
  }
}

const LIMITS: Readonly<Record<string, string>> = {
  maxAstNodes: `the expression has more than ${EXPRESSION_NODES} names, values, operators and calls`,
  maxDepth: `the expression nests deeper than ${EXPRESSION_DEPTH} levels`,
  maxListElements: `a list has at most ${EXPRESSION_ELEMENTS} elements`,
  maxMapEntries: `a map has at most ${EXPRESSION_ELEMENTS} members`,
  maxCallArguments: `a call has at most ${EXPRESSION_ARGUMENTS} arguments`,
};

/** What other languages write, and what is written here. */
const HINTS: Readonly<Record<string, string>> = {
  "=": "compare with `==`",
  "&": "write `&&`",
  "|": "write `||`",
  and: "write `&&`",
  AND: "write `&&`",
  or: "write `||`",
  OR: "write `||`",
  not: "write `!`",
  NOT: "write `!`",
  is: "compare with `==`",
  "^": "there is no power operator",
  $: "names have no `$` here",
  "`": "a string has single or double quotes",
};

/** Words that cannot follow a dot. */
const KEYWORDS = new Set(["in", "true", "false", "null"]);

function mistakeIn(text: string, error: ParseError): Mistake {
  const at = Math.min(error.range?.start ?? 0, text.length);
  const part = text.slice(at, Math.max(error.range?.end ?? at, at));
  const found = foundAt(text, at, part);
  switch (error.code) {
    case "limit_exceeded":
      return new Mistake(LIMITS[/Exceeded (\w+)/.exec(error.summary)?.[1] ?? ""] ?? "the expression is too large", at);
    case "unexpected_character":
      return new Mistake(withHint(`unexpected ${found}`, text, at), at);
    case "unexpected_token":
      return new Mistake(withHint(`a value is missing before ${found}`, text, at), at);
    case "expected_token":
      if (KEYWORDS.has(part) && error.summary.includes("IDENTIFIER"))
        return new Mistake(`\`${part}\` cannot follow a dot: write ["${part}"] instead`, at);
      return new Mistake(withHint(`unexpected ${found}${expected(error.summary)}`, text, at), at);
    case "unterminated_string":
    case "unterminated_triple_quoted_string":
      return new Mistake("this string does not end: its closing quote is missing", at);
    case "newline_in_string":
      return new Mistake("a string ends on the line that it begins on: write \\n for a new line", at);
    case "reserved_identifier":
      return new Mistake(`${quoted(part)} is a reserved word`, at);
    case "invalid_number":
    case "invalid_integer":
    case "invalid_hex_integer":
    case "invalid_exponent":
      return new Mistake(`${quoted(part)} is not a number that JSON can hold`, at);
    case "invalid_macro_argument":
      return new Mistake("the first argument is a name for the element, as in list.all(line, line.qty > 0)", at);
    default:
      return new Mistake(part.startsWith("\\") ? `${quoted(part)} is not an escape that strings have` : `unexpected ${found}`, at);
  }
}

const TOKENS: Readonly<Record<string, string>> = {
  RPAREN: "`)`",
  RBRACKET: "`]`",
  RBRACE: "`}`",
  COLON: "`:`",
  IDENTIFIER: "a name",
};

/** What would have been right. */
function expected(summary: string): string {
  const token = TOKENS[/Expected (\w+)/.exec(summary)?.[1] ?? ""];
  return token === undefined ? "" : `, ${token} is missing`;
}

function foundAt(text: string, at: number, part: string): string {
  if (at >= text.length) return "end of the expression";
  const word = /^\w+/.exec(text.slice(at))?.[0] ?? String.fromCodePoint(text.codePointAt(at)!);
  return /^["']/.test(part) ? "string" : quoted(word);
}

/** With what the user of another language may have wanted: of the word here, or the one before. */
function withHint(message: string, text: string, at: number): string {
  const here = /^(?:\w+|[^\s\w])/.exec(text.slice(at))?.[0] ?? "";
  const before = /(\w+)\s*$/.exec(text.slice(0, at))?.[1] ?? "";
  const hint = HINTS[here] ?? HINTS[before];
  if (hint !== undefined) return `${message}: ${hint}`;
  if (/[^\p{ASCII}]/u.test(here)) return `${message}: a name has ASCII letters, digits and _ only; write data["…"] for any other member`;
  return message;
}
