/** A part of an expression, checked and ready to run. */

import type { JsonValue } from "../../core/event.ts";
import type { Node } from "./parse.ts";
import { quoted } from "./problem.ts";
import type { Run } from "./run.ts";
import type { Type } from "./types.ts";

export interface Code {
  readonly type: Type;
  /** `undefined` if {@link isOptional} and it is missing; otherwise a JSON value. */
  readonly run: (run: Run) => JsonValue;
  /** Whether its value may be missing: it comes from `.?`, and is for `orValue` and `hasValue` only. */
  readonly isOptional?: boolean;
  /** The value of a literal. */
  readonly literal?: JsonValue;
}

/** A call, with what compiles its parts. */
export interface Compiler {
  readonly text: string;
  /** A part that always has a value. */
  compile(node: Node): Code;
  /** A part whose value may be missing. */
  compileOptional(node: Node): Code;
}

/** A part of the expression as it was written. */
export function sourceOf(text: string, node: Node): string {
  return quoted(text.slice(node.start, node.end));
}

/** Where an operator with two operands is, as well as that can be known. */
export function operatorAt(text: string, operator: string, left: Node, right: Node): number {
  const at = text.indexOf(operator, left.end);
  return at === -1 || at > right.start ? left.start : at;
}
