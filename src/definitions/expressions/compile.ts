/** Checks a parsed expression against its scope, and makes of it what can be run: closures, no code from strings. */

import type { JsonSchema } from "../../schemas/json-schema.ts";
import { type Code, type Compiler, operatorAt, sourceOf } from "./code.ts";
import { called } from "./calls.ts";
import { METHODS } from "./functions.ts";
import { MACROS, elementOf, macro } from "./macros.ts";
import { access, checkName, map, optional, presence } from "./members.ts";
import { binary, choice, list, literal, logic, negative, not } from "./operators.ts";
import { type Node, parse } from "./parse.ts";
import { Mistake, nearestFirst, quoted } from "./problem.ts";
import { Fault } from "./run.ts";
import { type Type, newEffort, typeOf } from "./types.ts";

/** Names in scope, each with a JSON Schema of its values; `true`: anything. */
export type Scope = Readonly<Record<string, JsonSchema>>;

export interface Compiled extends Code {
  readonly uses: ReadonlySet<string>;
}

/** @throws {Mistake} when the text is not an expression that this scope allows */
export function compileText(text: string, scope: Scope): Compiled {
  const compiler = new ExpressionCompiler(text, scope);
  return { ...compiler.compile(parse(text)), uses: compiler.uses };
}

class ExpressionCompiler implements Compiler {
  readonly uses = new Set<string>();
  #item: { readonly name: string; readonly type: Type } | undefined;
  #hasMacro = false;
  readonly #types = new Map<string, Type>();
  readonly #effort = newEffort();

  readonly text: string;
  readonly scope: Scope;

  constructor(text: string, scope: Scope) {
    this.text = text;
    this.scope = scope;
  }

  compile(node: Node): Code {
    const code = this.compileOptional(node);
    if (code.isOptional)
      throw new Mistake(`${sourceOf(this.text, node)} may be missing: add .orValue(…) for the value that it has then`, node.start);
    return code;
  }

  compileOptional(node: Node): Code {
    switch (node.op) {
      case "value":
        return constant(node.args, node.start);
      case "id":
        return this.#name(node.args, node.start);
      case ".":
      case ".?":
      case "[]":
      case "[?]":
        return access(node, this.compileOptional(node.args[0]), this);
      case "call":
        return this.#call(node);
      case "rcall":
        return this.#method(node);
      case "list":
        return list(node.args.map((part) => this.compile(part)));
      case "map":
        return map(node.args.map(([name, value]) => ({ name: this.#key(name), value: this.compile(value), at: name.start })));
      case "?:": {
        const [test, yes, no] = node.args;
        return choice(this.compile(test), this.compile(yes), this.compile(no), test.start);
      }
      case "&&":
      case "||": {
        const [left, right] = node.args;
        return logic(node.op, this.compile(left), this.compile(right), [left.start, right.start]);
      }
      case "!_":
        return not(this.compile(node.args), node.args.start);
      case "-_":
        return negative(this.compile(node.args), node.args.start);
      default: {
        const [left, right] = node.args;
        return binary(node.op, this.compile(left), this.compile(right), operatorAt(this.text, node.op, left, right));
      }
    }
  }

  #name(name: string, at: number): Code {
    if (this.#item?.name === name) return { type: this.#item.type, run: (run) => (run.spend(1), run.item) };
    if (!Object.hasOwn(this.scope, name)) {
      const names = [...Object.keys(this.scope), ...(this.#item ? [this.#item.name] : [])];
      const there = names.length === 0 ? "no name is in scope here" : `there are ${nearestFirst(name, names)}`;
      throw new Mistake(`unknown name ${quoted(name)}: ${there}; a string has quotes of its own, as in 'confirmed'`, at);
    }
    this.uses.add(name);
    return {
      type: this.#typeOf(name),
      run: (run) => {
        run.spend(1);
        const value = Object.hasOwn(run.values, name) ? run.values[name] : undefined;
        if (value === undefined) throw new Fault(`${quoted(name)} has no value here`, at);
        return value as ReturnType<Code["run"]>;
      },
    };
  }

  #typeOf(name: string): Type {
    const type = this.#types.get(name) ?? typeOf(this.scope[name]!, this.#effort);
    this.#types.set(name, type);
    return type;
  }

  /** The name of a member in `{…}`. A bare word is most often meant as a string. */
  #key(node: Node): Code {
    if (node.op === "id" && this.#item?.name !== node.args && !Object.hasOwn(this.scope, node.args))
      throw new Mistake(`the name of a member has quotes, as in {'name': 1}`, node.start);
    return this.compile(node);
  }

  #call(node: Extract<Node, { op: "call" }>): Code {
    const [name, args] = node.args;
    if (name === "has") {
      if (args.length !== 1) throw new Mistake("has() takes one member: has(data.note)", node.start);
      return presence(args[0], this, node.start);
    }
    return called(
      "function",
      name,
      args.map((one) => ({ code: this.compile(one), at: one.start })),
      node.start,
    );
  }

  #method(node: Extract<Node, { op: "rcall" }>): Code {
    const [name, receiver, args] = node.args;
    const at = nameAt(this.text, name, receiver);
    if (receiver.op === "id" && this.#item?.name !== receiver.args && !Object.hasOwn(this.scope, receiver.args))
      return this.#namespaced(receiver.args, name, args, receiver.start);
    if (name === "orValue" || name === "hasValue") {
      const codes = args.map((one) => this.compile(one));
      return optional(name, this.compileOptional(receiver), codes, sourceOf(this.text, receiver), at);
    }
    if (Object.hasOwn(MACROS, name)) return this.#macro(name, receiver, args, at);
    return called(
      "method",
      name,
      [receiver, ...args].map((one) => ({ code: this.compile(one), at: one.start })),
      at,
    );
  }

  /** `math.abs(…)`: a function whose name has a dot. */
  #namespaced(space: string, name: string, args: readonly Node[], at: number): Code {
    if (space !== "math" && Object.hasOwn(METHODS, name)) return this.#name(space, at);
    return called(
      "function",
      `${space}.${name}`,
      args.map((one) => ({ code: this.compile(one), at: one.start })),
      at,
    );
  }

  #macro(name: string, receiver: Node, args: readonly Node[], at: number): Code {
    if (!MACROS[name]!.includes(args.length) || args[0]?.op !== "id")
      throw new Mistake(`\`${name}\` takes a name for the element and a condition or value: list.${name}(line, …)`, at);
    if (this.#hasMacro)
      throw new Mistake(`an expression has at most one of ${Object.keys(MACROS).join(", ")}, and this has a second one`, at);
    this.#hasMacro = true;
    const [{ args: element, start }, ...rest] = args;
    const source = sourceOf(this.text, receiver);
    const range = this.compile(receiver);
    const type = elementOf(range, source, receiver.start);
    checkName(element, start);
    this.#item = { name: element, type };
    const bodies = rest.map((one) => this.compile(one));
    this.#item = undefined;
    return macro(name, { range, element: type, bodies, source, at: receiver.start, places: rest.map(({ start }) => start) });
  }
}

/** Where the name of a method is: after the dot. */
function nameAt(text: string, name: string, receiver: Node): number {
  const at = text.indexOf(name, receiver.end);
  return at === -1 ? receiver.start : at;
}

function constant(value: Extract<Node, { op: "value" }>["args"], at: number): Code {
  if (typeof value === "bigint") {
    // Written as a whole number: one that a JSON number cannot be exactly would silently be another one.
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw new Mistake(`a whole number is at most ${Number.MAX_SAFE_INTEGER}: above it, JSON numbers are rounded`, at);
    return literal(Number(value));
  }
  if (typeof value === "object" && value !== null)
    throw new Mistake("there are no bytes and no unsigned numbers here: leave the letter out", at);
  return literal(value);
}
