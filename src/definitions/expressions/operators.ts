/** Operators: arithmetic, comparison, logic, `in` and `? :`. Numbers are those of JSON: there is one kind of them. */

import type { JsonValue } from "../../core/event.ts";
import { compareUtf8 } from "../../core/utf8-order.ts";
import type { Code } from "./code.ts";
import { elements, isIn, same } from "./collections.ts";
import { BOOLEAN, LIST, MAP, NULL, NUMBER, STRING, isList, isMap, kindOf, memberOf, shown } from "./kinds.ts";
import { EXPRESSION_ELEMENTS, EXPRESSION_RESULT_CHARACTERS } from "./limits.ts";
import { Mistake, nearestFirst, quoted } from "./problem.ts";
import { Fault, type Run } from "./run.ts";
import { anything, eitherOf, typeOfKind } from "./types.ts";

const NUMERIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
};

const ORDERED: Readonly<Record<string, (order: number) => boolean>> = {
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

/** A number that JSON has, and 0 for -0, which JSON does not keep. */
export function finite(value: number, what: string, at: number): number {
  if (!Number.isFinite(value)) throw new Fault(`the result of ${what} is not a number that JSON can hold`, at);
  return value === 0 ? 0 : value;
}

/** Whether a string of so many characters may be made. @throws {Fault} */
export function allowCharacters(length: number, what: string, at: number, run: Run): void {
  if (length > EXPRESSION_RESULT_CHARACTERS)
    throw new Fault(`${what} makes a string of more than ${EXPRESSION_RESULT_CHARACTERS} characters`, at, true);
  run.spendCharacters(length);
}

export function binary(operator: string, left: Code, right: Code, at: number): Code {
  if (Object.hasOwn(NUMERIC, operator)) return arithmetic(operator, left, right, at);
  if (Object.hasOwn(ORDERED, operator)) return ordering(operator, left, right, at);
  return operator === "in" ? membership(left, right, at) : equality(operator, left, right, at);
}

/** Whether both sides may be of one of these kinds. */
function mayBoth(left: Code, right: Code, kinds: number): boolean {
  return (left.type.kinds & right.type.kinds & kinds) !== 0;
}

function arithmetic(operator: string, left: Code, right: Code, at: number): Code {
  const takes = operator === "+" ? NUMBER | STRING | LIST : NUMBER;
  const words = operator === "+" ? "two numbers, two strings or two lists" : "two numbers";
  const wrong = (a: number, b: number) => `\`${operator}\` takes ${words}, not ${shown(a)} and ${shown(b)}`;
  if (!mayBoth(left, right, takes)) {
    const isMixed = operator === "+" && (left.type.kinds | right.type.kinds) === (STRING | NUMBER);
    const hint = isMixed ? ": string(…) makes a string of a number" : "";
    throw new Mistake(wrong(left.type.kinds, right.type.kinds) + hint, at);
  }
  const apply = NUMERIC[operator]!;
  const what = `\`${operator}\``;
  const kinds = left.type.kinds & right.type.kinds & takes;
  return {
    type: typeOfKind(kinds, () => eitherOf([left.type.element(), right.type.element()])),
    run: (run) => {
      run.spend(1);
      const a = left.run(run);
      const b = right.run(run);
      if (typeof a === "number" && typeof b === "number") {
        if (b === 0 && (operator === "/" || operator === "%")) throw new Fault("division by zero", at);
        return finite(apply(a, b), what, at);
      }
      if (operator === "+" && typeof a === "string" && typeof b === "string") {
        allowCharacters(a.length + b.length, what, at, run);
        return a + b;
      }
      if (operator === "+" && isList(a) && isList(b)) return listOf(a, b, at, run);
      throw new Fault(wrong(kindOf(a), kindOf(b)), at);
    },
  };
}

function listOf(a: readonly JsonValue[], b: readonly JsonValue[], at: number, run: Run): JsonValue {
  if (a.length + b.length > EXPRESSION_ELEMENTS)
    throw new Fault(`\`+\` makes a list of more than ${EXPRESSION_ELEMENTS} elements`, at, true);
  run.spend(a.length + b.length);
  return [...a, ...b];
}

function ordering(operator: string, left: Code, right: Code, at: number): Code {
  const wrong = (a: number, b: number) =>
    `\`${operator}\` compares two numbers, two strings or two booleans, not ${shown(a)} and ${shown(b)}`;
  if (!mayBoth(left, right, NUMBER | STRING | BOOLEAN)) throw new Mistake(wrong(left.type.kinds, right.type.kinds), at);
  const holds = ORDERED[operator]!;
  return {
    type: typeOfKind(BOOLEAN),
    run: (run) => {
      run.spend(1);
      const a = left.run(run);
      const b = right.run(run);
      if (typeof a === "number" && typeof b === "number") return holds(a - b);
      if (typeof a === "boolean" && typeof b === "boolean") return holds(Number(a) - Number(b));
      if (typeof a !== "string" || typeof b !== "string") throw new Fault(wrong(kindOf(a), kindOf(b)), at);
      run.spend(1 + Math.min(a.length, b.length));
      return holds(compareUtf8(a, b));
    },
  };
}

function equality(operator: string, left: Code, right: Code, at: number): Code {
  const [a, b] = [left.type.kinds, right.type.kinds];
  // A comparison with null may always be meant: for what an older event lacks, too.
  if ((a & b) === 0 && a !== NULL && b !== NULL) throw new Mistake(`${shown(a)} is never equal to ${shown(b)}`, at);
  checkString(left, right, at);
  checkString(right, left, at);
  const wanted = operator === "==";
  return {
    type: typeOfKind(BOOLEAN),
    run: (run) => same(left.run(run), right.run(run), run) === wanted,
  };
}

/** A string that a value is compared with must be one that it may be. */
function checkString({ literal }: Code, { type: { strings } }: Code, at: number): void {
  if (typeof literal !== "string" || !strings || strings.includes(literal)) return;
  throw new Mistake(`this is never ${quoted(`'${literal}'`)}; it may be ${nearestFirst(literal, strings)}`, at);
}

function notSearched(kinds: number): string {
  const hint = kinds === STRING ? ": write text.contains(part)" : "";
  return `\`in\` searches a list or the members of a map, not ${shown(kinds)}${hint}`;
}

function membership(left: Code, right: Code, at: number): Code {
  if ((right.type.kinds & (LIST | MAP)) === 0) throw new Mistake(notSearched(right.type.kinds), at);
  return {
    type: typeOfKind(BOOLEAN),
    run: (run) => {
      run.spend(1);
      const searched = left.run(run);
      const all = right.run(run);
      if (isList(all)) return isIn(elements(all, "`in`", at), searched, run);
      if (!isMap(all)) throw new Fault(notSearched(kindOf(all)), at);
      return typeof searched === "string" && memberOf(all, searched) !== undefined;
    },
  };
}

/** The condition that a part is, or what is wrong with it. */
export function condition(code: Code, what: string, at: number): (run: Run) => boolean {
  const wrong = (kinds: number) => `${what} must be true or false, not ${shown(kinds)}`;
  if ((code.type.kinds & BOOLEAN) === 0) throw new Mistake(wrong(code.type.kinds), at);
  return (run) => {
    const value = code.run(run);
    if (typeof value !== "boolean") throw new Fault(wrong(kindOf(value)), at);
    return value;
  };
}

/** `&&` and `||`: as CEL has them, a side that decides makes an error of the other one irrelevant. */
export function logic(operator: "&&" | "||", left: Code, right: Code, [leftAt, rightAt]: readonly [number, number]): Code {
  const decides = operator === "||";
  const first = condition(left, `the left side of \`${operator}\``, leftAt);
  const second = condition(right, `the right side of \`${operator}\``, rightAt);
  return {
    type: typeOfKind(BOOLEAN),
    run: (run) => {
      run.spend(1);
      let fault: Fault | undefined;
      try {
        if (first(run) === decides) return decides;
      } catch (error) {
        fault = run.passOver(error);
      }
      if (second(run) === decides) return decides;
      if (fault) throw fault;
      return !decides;
    },
  };
}

export function not(code: Code, at: number): Code {
  const holds = condition(code, "what follows `!`", at);
  return { type: typeOfKind(BOOLEAN), run: (run) => (run.spend(1), !holds(run)) };
}

function notNegated(kinds: number): string {
  return `\`-\` takes a number, not ${shown(kinds)}`;
}

export function negative(code: Code, at: number): Code {
  if ((code.type.kinds & NUMBER) === 0) throw new Mistake(notNegated(code.type.kinds), at);
  return {
    type: typeOfKind(NUMBER),
    run: (run) => {
      run.spend(1);
      const value = code.run(run);
      if (typeof value !== "number") throw new Fault(notNegated(kindOf(value)), at);
      return value === 0 ? 0 : -value;
    },
  };
}

export function choice(test: Code, yes: Code, no: Code, at: number): Code {
  const holds = condition(test, "what comes before `?`", at);
  return {
    type: yes.type === no.type ? yes.type : eitherOf([yes.type, no.type]),
    run: (run) => (run.spend(1), holds(run) ? yes.run(run) : no.run(run)),
  };
}

/** A literal, or anything else that is known when an expression is declared. */
export function literal(value: string | number | boolean | null): Code {
  return { type: typeOfKind(kindOf(value)), run: () => value, literal: value };
}

/** `[…]` in an expression. */
export function list(parts: readonly Code[]): Code {
  return {
    type: typeOfKind(LIST, () => (parts.length === 0 ? anything : eitherOf(parts.map(({ type }) => type)))),
    run: (run) => (run.spend(1), parts.map((part) => part.run(run))),
  };
}
