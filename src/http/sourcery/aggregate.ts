/**
 * Functions of aggregated views, `$acc + ($qty * $price)`: numbers, `$` with the name of a field (`$acc` is the value so far), `+ - * / %` and
 * parentheses. Everything else is refused. Pure.
 */

import { FUNCTION_CHARACTERS } from "../limits.ts";
import { type RecordForm, namesOf } from "./record.ts";
import { refuse } from "./refuse.ts";
import { member, numeral } from "./text.ts";

const TOKEN =
  /\s*(?:(?<field>\$[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)|(?<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<sign>[-+*/%()]))\s*/y;

interface Token {
  readonly kind: "field" | "number" | "sign";
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

/** The function, as an expression. */
export function aggregateFunction(text: string, form: RecordForm, path: string): string {
  if (text.length > FUNCTION_CHARACTERS) refuse(path, `a function has at most ${FUNCTION_CHARACTERS} characters`);
  const tokens = tokensOf(text, path);
  const next = readSum({ tokens, form, path }, 0);
  const rest = tokens[next.at];
  if (rest) refuse(path, `${rest.text} is not expected (column ${rest.column})`);
  return next.text;
}

function tokensOf(text: string, path: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    const [kind, token] = Object.entries(found?.groups ?? {}).find(([, one]) => one !== undefined) ?? [];
    if (!found || kind === undefined || token === undefined) {
      const column = at + 1;
      return refuse(
        path,
        `a function has numbers, $ and the name of a field, + - * / % and parentheses; something else begins at column ${column}`,
      );
    }
    tokens.push({ kind: kind as Token["kind"], text: token, column: at + found[0].indexOf(token) + 1 });
    at += found[0].length;
  }
  return tokens;
}

interface Reading {
  readonly tokens: readonly Token[];
  readonly form: RecordForm;
  readonly path: string;
}

/** A piece, and where the next one begins. */
interface Read {
  readonly text: string;
  readonly at: number;
}

function readSum(reading: Reading, at: number): Read {
  return readChain(reading, at, ["+", "-"], readProduct);
}

function readProduct(reading: Reading, at: number): Read {
  return readChain(reading, at, ["*", "/", "%"], readValue);
}

function readChain(reading: Reading, at: number, signs: readonly string[], readOne: typeof readSum): Read {
  let { text, at: next } = readOne(reading, at);
  for (let sign = signAt(reading, next); sign !== undefined && signs.includes(sign); sign = signAt(reading, next)) {
    const one = readOne(reading, next + 1);
    [text, next] = [`${text} ${sign} ${one.text}`, one.at];
  }
  return { text, at: next };
}

function signAt({ tokens }: Reading, at: number): string | undefined {
  return tokens[at]?.kind === "sign" ? tokens[at].text : undefined;
}

function readValue(reading: Reading, at: number): Read {
  const { tokens, form, path } = reading;
  const token = tokens[at];
  if (token?.kind === "field") return { text: fieldText(token.text.slice(1), form, path), at: at + 1 };
  if (token?.kind === "number") {
    if (!Number.isFinite(Number(token.text))) refuse(path, `${token.text} is too large a number (column ${token.column})`);
    return { text: numeral(Number(token.text)), at: at + 1 };
  }
  if (token?.text === "-") {
    const { text, at: next } = readValue(reading, at + 1);
    return { text: `(-${text})`, at: next };
  }
  if (token?.text !== "(")
    return refuse(path, token ? `${token.text} is not expected (column ${token.column})` : "something is missing after its last character");
  const { text, at: next } = readSum(reading, at + 1);
  if (signAt(reading, next) !== ")") refuse(path, `the parenthesis of column ${token.column} is not closed`);
  return { text: `(${text})`, at: next + 1 };
}

function fieldText(field: string, form: RecordForm, path: string): string {
  const [first, ...names] = field.split(".");
  return first === "acc" ? member(names, "acc") : member(namesOf(field, form, path));
}
