/** Members of maps and elements of lists: `data.qty`, `data["odd name"]`, `lines[0]`, `data.?note.orValue("")`, `has(data.note)`. */

import type { JsonValue } from "../../core/event.ts";
import { type Code, type Compiler, sourceOf } from "./code.ts";
import { BOOLEAN, LIST, MAP, NUMBER, STRING, isList, isMap, kindOf, memberOf, shown } from "./kinds.ts";
import { Mistake, nearestFirst, quoted } from "./problem.ts";
import type { Node } from "./parse.ts";
import { Fault, type Run } from "./run.ts";
import { type Type, anything, eitherOf, typeOfKind } from "./types.ts";

/** The only name that no member has: it would reach the prototype of an object. */
const PROTOTYPE = "__proto__";

export function checkName(name: string, at: number): void {
  if (name === PROTOTYPE) throw new Mistake(`\`${PROTOTYPE}\` is not a name that a member can have`, at);
}

/** How an absent member counts: as an error, or as missing. */
type Absent = "error" | "missing";

type Access = Extract<Node, { op: "." | ".?" | "[]" | "[?]" }>;

/** A member or an element, of a value that may itself be missing. */
export function access(node: Access, object: Code, compiler: Compiler, absentHere?: Absent): Code {
  const isOptional = node.op === ".?" || node.op === "[?]" || object.isOptional === true || absentHere === "missing";
  const absent: Absent = isOptional ? "missing" : "error";
  const source = sourceOf(compiler.text, node.args[0]);
  const code =
    node.op === "." || node.op === ".?"
      ? member(object, node.args[1], source, absent, node.pos)
      : indexed(object, compiler.compile(node.args[1]), source, absent, node.args[1].start);
  return isOptional ? { ...code, isOptional } : code;
}

function member(object: Code, name: string, source: string, absent: Absent, at: number): Code {
  const type = memberType(object.type, name, source, at);
  return {
    type,
    run: (run) => {
      run.spend(1);
      return read(object.run(run), name, source, absent, at);
    },
  };
}

/** @throws {Mistake} when no value of the type has the member */
function memberType(type: Type, name: string, source: string, at: number): Type {
  checkName(name, at);
  if ((type.kinds & MAP) === 0) throw new Mistake(`${source} is ${shown(type.kinds)}, which has no members`, at);
  const found = type.member(name);
  if (found) return found;
  const names = type.names();
  throw new Mistake(`${source} has no ${quoted(name)}${names.length === 0 ? "" : `; it has ${nearestFirst(name, names)}`}`, at);
}

function read(object: JsonValue, name: string, source: string, absent: Absent, at: number): JsonValue {
  const found = isMap(object) ? memberOf(object, name) : undefined;
  if (found !== undefined || absent === "missing") return found;
  throw new Fault(isMap(object) ? `${source} has no ${quoted(name)}` : `${source} is ${shown(kindOf(object))}, which has no members`, at);
}

function indexed(object: Code, index: Code, source: string, absent: Absent, at: number): Code {
  if (typeof index.literal === "string" && (object.type.kinds & MAP) !== 0) return member(object, index.literal, source, absent, at);
  const { kinds } = object.type;
  if ((kinds & (LIST | MAP)) === 0) throw new Mistake(`${source} is ${shown(kinds)}, which has no members or elements`, at);
  const takes = ((kinds & LIST) === 0 ? 0 : NUMBER) | ((kinds & MAP) === 0 ? 0 : STRING);
  if ((index.type.kinds & takes) === 0)
    throw new Mistake(`${source} is ${shown(kinds)}: what is in [ ] must be ${shown(takes)}, not ${shown(index.type.kinds)}`, at);
  const types = [...((kinds & LIST) === 0 ? [] : [object.type.element()]), ...((kinds & MAP) === 0 ? [] : [anything])];
  return {
    type: eitherOf(types),
    run: (run) => {
      run.spend(1);
      const value = object.run(run);
      const by = index.run(run);
      return isList(value) ? element(value, by, source, absent, at) : keyed(value, by, source, absent, at);
    },
  };
}

function keyed(value: JsonValue, by: JsonValue, source: string, absent: Absent, at: number): JsonValue {
  if (!isMap(value)) {
    if (absent === "missing") return undefined;
    throw new Fault(`${source} is ${shown(kindOf(value))}, which has no members or elements`, at);
  }
  if (typeof by !== "string") throw new Fault(`${source} is a map: what is in [ ] must be a string, not ${shown(kindOf(by))}`, at);
  const found = memberOf(value, by);
  // The name may come from data, so it is not repeated.
  if (found === undefined && absent === "error") throw new Fault(`${source} does not have the member that is named in [ ]`, at);
  return found;
}

function element(list: readonly JsonValue[], by: JsonValue, source: string, absent: Absent, at: number): JsonValue {
  if (typeof by !== "number" || !Number.isInteger(by))
    throw new Fault(
      `${source} is a list: what is in [ ] must be a whole number, not ${typeof by === "number" ? "a fraction" : shown(kindOf(by))}`,
      at,
    );
  const found = by >= 0 && by < list.length ? list[by] : undefined;
  if (found === undefined && absent === "error") throw new Fault(`${source} does not have so many elements; the first is [0]`, at);
  return found;
}

/** `has(data.note)`: whether the path leads to a value. Nothing on the way needs to exist. */
export function presence(node: Node | undefined, compiler: Compiler, at: number): Code {
  if (node?.op !== "." && node?.op !== "[]") throw new Mistake('has() asks for a member: has(data.note), or has(data["odd name"])', at);
  const path = pathOf(node, compiler);
  return { type: typeOfKind(BOOLEAN), run: (run) => (run.spend(1), path.run(run) !== undefined) };
}

function pathOf(node: Node, compiler: Compiler): Code {
  if (node.op !== "." && node.op !== "[]") return compiler.compile(node);
  return access(node, pathOf(node.args[0], compiler), compiler, "missing");
}

/** `orValue` and `hasValue` of what `.?` or `[?]` leads to. */
export function optional(method: string, receiver: Code, args: readonly Code[], source: string, at: number): Code {
  if (!receiver.isOptional)
    throw new Mistake(`${source} is never missing for \`${method}\`: write .?name or [?name] for what may be missing`, at);
  const takes = method === "orValue" ? 1 : 0;
  if (args.length !== takes)
    throw new Mistake(`\`${method}\` takes ${takes === 1 ? "one argument" : "no argument"}, not ${args.length}`, at);
  const instead = args[0];
  if (instead === undefined) return { type: typeOfKind(BOOLEAN), run: (run) => (run.spend(1), receiver.run(run) !== undefined) };
  return {
    type: eitherOf([receiver.type, instead.type]),
    run: (run) => {
      run.spend(1);
      const value = receiver.run(run);
      return value === undefined ? instead.run(run) : value;
    },
  };
}

/** `{…}` in an expression. Its names are strings, as JSON has them. */
export function map(entries: readonly { readonly name: Code; readonly value: Code; readonly at: number }[]): Code {
  const members = new Map<string, Type>();
  let isKnown = true;
  for (const { name, value, at } of entries) {
    if ((name.type.kinds & STRING) === 0) throw new Mistake(`the name of a member must be a string, not ${shown(name.type.kinds)}`, at);
    if (typeof name.literal !== "string") isKnown = false;
    else {
      checkName(name.literal, at);
      if (members.has(name.literal)) throw new Mistake(`the map has ${quoted(name.literal)} twice`, at);
      members.set(name.literal, value.type);
    }
  }
  return {
    type: isKnown ? { ...typeOfKind(MAP), member: (name) => members.get(name), names: () => [...members.keys()] } : typeOfKind(MAP),
    run: (run) => made(entries, run),
  };
}

function made(entries: Parameters<typeof map>[0], run: Run): JsonValue {
  run.spend(1 + entries.length);
  const object: Record<string, JsonValue> = {};
  for (const { name, value, at } of entries) {
    const key = name.run(run);
    if (typeof key !== "string") throw new Fault(`the name of a member must be a string, not ${shown(kindOf(key))}`, at);
    if (key === PROTOTYPE) throw new Fault(`\`${PROTOTYPE}\` is not a name that a member can have`, at);
    if (Object.hasOwn(object, key)) throw new Fault("the map has a name twice", at);
    object[key] = value.run(run);
  }
  return object;
}
