/** The functions that expressions have: a table, so that messages and the documentation list what there is. */

import type { JsonValue } from "../../core/event.ts";
import { ANY, BOOLEAN, LIST, MAP, NUMBER, STRING, isList, kindOf, shown, wordOf } from "./kinds.ts";
import type { Call, Definition } from "./function.ts";
import { elements, namesOf } from "./collections.ts";
import { finite } from "./operators.ts";
import { Fault } from "./run.ts";
import { STRING_METHODS, charactersBefore, joined } from "./string-methods.ts";

const size: Definition["apply"] = ({ run }, value: string | readonly JsonValue[] | Readonly<Record<string, JsonValue>>) => {
  if (typeof value === "string") return charactersBefore(value, value.length, run);
  return isList(value) ? value.length : namesOf(value, run).length;
};

function numbersOf(call: Call, list: readonly JsonValue[], name: string): readonly number[] {
  call.run.spend(2 * list.length);
  return elements(list, `\`${name}\``, call.at).map((one) => {
    if (typeof one === "number") return one;
    throw new Fault(`\`${name}\` takes a list of numbers, and an element is ${shown(kindOf(one))}`, call.at);
  });
}

/** The smallest or the largest, by `better`. */
function extreme(call: Call, numbers: readonly number[], name: string, better: (a: number, b: number) => number): number {
  if (numbers.length === 0) throw new Fault(`\`${name}\` of an empty list`, call.at);
  return numbers.reduce(better);
}

const least = (a: number, b: number) => Math.min(a, b);
const greatest = (a: number, b: number) => Math.max(a, b);

const rounding = (shown: string, apply: (value: number) => number): Definition => ({
  shown,
  takes: [NUMBER],
  gives: NUMBER,
  apply: (_, value: number) => apply(value) + 0,
});

const comparing = (name: string, better: (a: number, b: number) => number): Definition => ({
  shown: `${name}(number, …)`,
  takes: [NUMBER],
  repeats: true,
  gives: NUMBER,
  apply: (call, ...numbers: number[]) => extreme(call, numbers, name, better),
});

const ofList = (name: "min" | "max", better: (a: number, b: number) => number): Definition => ({
  shown: `list.${name}()`,
  takes: [LIST],
  gives: NUMBER,
  apply: (call, list: readonly JsonValue[]) => extreme(call, numbersOf(call, list, name), name, better),
});

/** A decimal number, as JSON writes it. */
const DECIMAL = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** Characters of a string that is read as a number. Ours: JavaScript writes none with more than 24. */
const DECIMAL_CHARACTERS = 400;

function numberIn(text: string, name: string, at: number): number {
  if (text.length > DECIMAL_CHARACTERS || !DECIMAL.test(text)) throw new Fault(`\`${name}\` cannot read this string as a number`, at);
  return finite(Number(text), `\`${name}\``, at);
}

/** Functions by name. */
export const FUNCTIONS: Readonly<Record<string, Definition>> = {
  size: { shown: "size(string, list or map)", takes: [STRING | LIST | MAP], gives: NUMBER, apply: size },
  type: { shown: "type(value)", takes: [ANY], gives: STRING, apply: (_, value: JsonValue) => wordOf(kindOf(value)) },
  dyn: { shown: "dyn(value)", takes: [ANY], gives: ANY, apply: (_, value: JsonValue) => value },
  string: {
    shown: "string(number, boolean or string)",
    takes: [NUMBER | BOOLEAN | STRING],
    gives: STRING,
    apply: (_, value: string | number | boolean) => String(value),
  },
  double: {
    shown: "double(number or string)",
    takes: [NUMBER | STRING],
    gives: NUMBER,
    apply: ({ at }, value: number | string) => (typeof value === "number" ? value : numberIn(value, "double", at)),
  },
  int: {
    shown: "int(number or string)",
    takes: [NUMBER | STRING],
    gives: NUMBER,
    apply: ({ at }, value: number | string) => Math.trunc(typeof value === "number" ? value : numberIn(value, "int", at)) + 0,
  },
  bool: {
    shown: "bool(boolean or string)",
    takes: [BOOLEAN | STRING],
    gives: BOOLEAN,
    apply: ({ at }, value: boolean | string) => {
      if (typeof value === "boolean") return value;
      if (value === "true" || value === "false") return value === "true";
      throw new Fault('`bool` takes "true" or "false"', at);
    },
  },
  "math.greatest": comparing("math.greatest", greatest),
  "math.least": comparing("math.least", least),
  "math.abs": rounding("math.abs(number)", Math.abs),
  "math.sign": rounding("math.sign(number)", Math.sign),
  "math.ceil": rounding("math.ceil(number)", Math.ceil),
  "math.floor": rounding("math.floor(number)", Math.floor),
  "math.trunc": rounding("math.trunc(number)", Math.trunc),
  // Half away from zero, as CEL has it: JavaScript rounds -2.5 to -2.
  "math.round": rounding("math.round(number)", (value) => Math.sign(value) * Math.round(Math.abs(value))),
};

/** Methods by name. */
export const METHODS: Readonly<Record<string, Definition>> = {
  size: { shown: "value.size()", takes: [STRING | LIST | MAP], gives: NUMBER, apply: size },
  ...STRING_METHODS,
  join: {
    shown: "list.join(separator?)",
    takes: [LIST, STRING],
    atLeast: 1,
    gives: STRING,
    apply: (call, list: readonly JsonValue[], separator = "") => {
      const pieces = elements(list, "`join`", call.at).map((one) => {
        if (typeof one === "string") return one;
        throw new Fault(`\`join\` takes a list of strings, and an element is ${shown(kindOf(one))}`, call.at);
      });
      return joined(call, pieces, separator, "`join`");
    },
  },
  sum: {
    shown: "list.sum()",
    takes: [LIST],
    gives: NUMBER,
    apply: (call, list: readonly JsonValue[]) =>
      finite(
        numbersOf(call, list, "sum").reduce((a, b) => a + b, 0),
        "`sum`",
        call.at,
      ),
  },
  min: ofList("min", least),
  max: ofList("max", greatest),
};
