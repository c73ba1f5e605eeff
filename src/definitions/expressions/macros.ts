/** The macros that go through a list, or the names of a map: all, exists, exists_one, map, filter. An expression has at most one. */

import type { JsonValue } from "../../core/event.ts";
import type { Code } from "./code.ts";
import { BOOLEAN, LIST, MAP, STRING, isList, isMap, kindOf, shown } from "./kinds.ts";
import { elements, namesOf } from "./collections.ts";
import { condition } from "./operators.ts";
import { Mistake } from "./problem.ts";
import { Fault, type Run } from "./run.ts";
import { type Type, anything, typeOfKind } from "./types.ts";

/** Macros by name, with the number of arguments that they take. */
export const MACROS: Readonly<Record<string, readonly number[]>> = {
  all: [2],
  exists: [2],
  exists_one: [2],
  map: [2, 3],
  filter: [2],
};

/** The type of what a macro names. */
export function elementOf(range: Code, source: string, at: number): Type {
  const { kinds } = range.type;
  if ((kinds & (LIST | MAP)) === 0) throw new Mistake(`${source} is ${shown(kinds)}: only lists and maps have elements`, at);
  if ((kinds & LIST) === 0) return typeOfKind(STRING);
  return (kinds & MAP) === 0 ? range.type.element() : anything;
}

interface Parts {
  readonly range: Code;
  readonly element: Type;
  /** The arguments after the element's name. */
  readonly bodies: readonly Code[];
  readonly source: string;
  readonly at: number;
  /** Where each of the arguments is. */
  readonly places: readonly number[];
}

export function macro(name: string, parts: Parts): Code {
  const { bodies, places, element } = parts;
  const holds = () => condition(bodies[0]!, `the condition of \`${name}\``, places[0]!);
  if (name === "all" || name === "exists") return quantified(name, parts, holds());
  if (name === "exists_one") return only(parts, holds());
  if (name === "filter") return collected(name, parts, element, holds(), (run) => run.item);
  const transform = bodies.at(-1)!;
  return collected(name, parts, transform.type, bodies.length === 2 ? holds() : () => true, transform.run);
}

/** The elements that the macro goes through. */
function itemsOf(name: string, { range, source, at }: Parts, run: Run): readonly JsonValue[] {
  const value = range.run(run);
  if (isList(value)) return elements(value, `\`${name}\``, at);
  if (isMap(value)) return elements(namesOf(value, run), `\`${name}\``, at);
  throw new Fault(`${source} is ${shown(kindOf(value))}: only lists and maps have elements`, at);
}

/** As `&&` and `||` between all elements: one that decides makes errors of others irrelevant. */
function quantified(name: "all" | "exists", parts: Parts, holds: (run: Run) => boolean): Code {
  const decides = name === "exists";
  return {
    type: typeOfKind(BOOLEAN),
    run: (run) => {
      let fault: Fault | undefined;
      for (const item of itemsOf(name, parts, run)) {
        run.spend(1);
        run.item = item;
        try {
          if (holds(run) === decides) return decides;
        } catch (error) {
          fault ??= run.passOver(error);
        }
      }
      if (fault) throw fault;
      return !decides;
    },
  };
}

function only(parts: Parts, holds: (run: Run) => boolean): Code {
  return {
    type: typeOfKind(BOOLEAN),
    run: (run) => {
      let found = 0;
      for (const item of itemsOf("exists_one", parts, run)) {
        run.spend(1);
        run.item = item;
        if (holds(run)) found++;
      }
      return found === 1;
    },
  };
}

function collected(name: string, parts: Parts, type: Type, holds: (run: Run) => boolean, value: (run: Run) => JsonValue): Code {
  return {
    type: typeOfKind(LIST, () => type),
    run: (run) => {
      const found: JsonValue[] = [];
      for (const item of itemsOf(name, parts, run)) {
        run.spend(1);
        run.item = item;
        if (holds(run)) found.push(value(run));
      }
      return found;
    },
  };
}
