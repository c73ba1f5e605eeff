/** Calls of functions and methods: which one is meant, whether its arguments fit, and what it gives. */

import type { JsonValue } from "../../core/event.ts";
import type { Code } from "./code.ts";
import type { Call, Definition } from "./function.ts";
import { FUNCTIONS, METHODS } from "./functions.ts";
import { ANY, LIST, STRING, kindOf, shown } from "./kinds.ts";
import { MACROS } from "./macros.ts";
import { Mistake, nearestFirst, quoted } from "./problem.ts";
import { Fault } from "./run.ts";
import { anything, typeOfKind } from "./types.ts";

export interface Argument {
  readonly code: Code;
  readonly at: number;
}

type Form = "function" | "method";

/** @param args of a method the first is what stands before the dot */
export function called(form: Form, name: string, args: readonly Argument[], at: number): Code {
  const table = form === "function" ? FUNCTIONS : METHODS;
  if (!Object.hasOwn(table, name)) throw unknown(form, name, at);
  const definition = table[name]!;
  const { takes, atLeast = takes.length, repeats = false, gives } = definition;
  if (args.length < atLeast || (args.length > takes.length && !repeats))
    throw new Mistake(`\`${name}\` is called with the wrong number of arguments: ${definition.shown}`, at);
  const kindsOf = (index: number) => takes[Math.min(index, takes.length - 1)]!;
  for (const [index, { code, at: place }] of args.entries())
    if ((code.type.kinds & kindsOf(index)) === 0)
      throw new Mistake(wrong(definition, kindsOf(index), code.type.kinds), index === 0 && form === "method" ? at : place);
  const apply = definition.apply as (call: Call, ...values: JsonValue[]) => JsonValue;
  return {
    type: gives === ANY ? anything : typeOfKind(gives, () => (gives === LIST ? typeOfKind(STRING) : anything)),
    run: (run) => {
      run.spend(1);
      const values = args.map(({ code, at: place }, index) => {
        const value = code.run(run);
        if ((kindOf(value) & kindsOf(index)) === 0) throw new Fault(wrong(definition, kindsOf(index), kindOf(value)), place);
        return value;
      });
      return apply({ run, at }, ...values);
    },
  };
}

function wrong(definition: Definition, takes: number, got: number): string {
  return `\`${definition.shown}\` takes ${shown(takes)} here, not ${shown(got)}`;
}

function unknown(form: Form, name: string, at: number): Mistake {
  const last = name.split(".").at(-1)!;
  const other = form === "function" ? METHODS : FUNCTIONS;
  const hint = Object.hasOwn(INSTEAD, last) ? INSTEAD[last] : undefined;
  if (hint !== undefined) return new Mistake(`unknown ${form} ${quoted(name)}: ${hint}`, at);
  if (Object.hasOwn(other, name)) return new Mistake(`\`${name}\` is called in another way: ${other[name]!.shown}`, at);
  return new Mistake(`unknown ${form} ${quoted(name)}: there are ${nearestFirst(name, namesOf(form))}`, at);
}

/** What there is to call. */
export function namesOf(form: Form): string[] {
  return form === "function"
    ? [...Object.keys(FUNCTIONS), "has"]
    : [...Object.keys(METHODS), ...Object.keys(MACROS), "orValue", "hasValue"];
}

/** What users of other languages look for. */
const INSTEAD: Readonly<Record<string, string>> = {
  matches: "regular expressions are not supported: use contains, startsWith and endsWith",
  length: "use size()",
  len: "use size()",
  count: "use size()",
  includes: "use contains(), or `in` for lists",
  toLowerCase: "use lowerAscii()",
  lower: "use lowerAscii()",
  toUpperCase: "use upperAscii()",
  upper: "use upperAscii()",
  replaceAll: "use replace(), which replaces all",
  toString: "use string(value)",
  number: "use double(value)",
  max: "use math.greatest(a, b), or list.max()",
  min: "use math.least(a, b), or list.min()",
  sum: "use list.sum()",
  abs: "use math.abs()",
  round: "use math.round()",
  floor: "use math.floor()",
  ceil: "use math.ceil()",
  uint: "there is one kind of number: use int(value) for a whole one",
  bytes: "there are no bytes in JSON",
  timestamp: "times are strings: those of events are in UTC and all of one form, so they compare in their order",
  duration: "times are strings: there are no durations",
  now: "an event's time is event.time: an expression gives the same whenever it runs",
  bind: "there are no variables",
  reduce: "use list.sum(), list.min() or list.max()",
  some: "use exists()",
  every: "use all()",
  find: "use filter()",
  none: "use .?name and orValue()",
  of: "use .?name and orValue()",
};
