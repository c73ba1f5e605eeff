/**
 * Expressions of definitions that were declared over HTTP: CEL behind a fence. What an expression may be is decided when it is declared;
 * what it may take is counted when it runs. It sees JSON, gives JSON, and reaches nothing else.
 */

import type { JsonValue } from "../../core/event.ts";
import { JSON_DEPTH } from "../../core/limits.ts";
import { CodeMistake } from "../../core/mistake.ts";
import { type Compiled, type Scope, compileText } from "./compile.ts";
import { isList, isMap, wordOf } from "./kinds.ts";
import { EXPRESSION_RESULT_CHARACTERS } from "./limits.ts";
import { namesOf } from "./collections.ts";
import { type ExpressionProblem, Mistake, type Span, placeOf, quoted, quotedAround, spanAt } from "./problem.ts";
import { Fault, Run } from "./run.ts";

export type { Scope } from "./compile.ts";
export type { ExpressionProblem, Span } from "./problem.ts";

/** An expression that fails with these values, and will again: trying once more is pointless. It does not repeat any of them. */
export class ExpressionError extends CodeMistake {
  /** What failed of its text. */
  readonly at: Span;

  constructor(message: string, at: Span) {
    super(message);
    this.at = at;
  }
}

/** The part of an expression that an error names, if it is one of an expression. */
export function placeOfError(error: unknown): Span | undefined {
  return error instanceof ExpressionError ? error.at : undefined;
}

export interface Expression {
  readonly text: string;
  /** What is known of its results before there is any. */
  readonly result: "string" | "number" | "boolean" | "null" | "list" | "map" | "any";
  /** Names of the scope that it uses. */
  readonly uses: ReadonlySet<string>;
  /**
   * Its result, which may share parts with the values.
   *
   * @param effort the steps that several evaluations may take together; without it this one has all to itself
   * @throws {ExpressionError}
   */
  evaluate(values: Readonly<Record<string, unknown>>, effort?: { left: number }): JsonValue;
}

/** An expression that is ready to run, or what is wrong with it. */
export function compileExpression(text: string, scope: Scope): Expression | { readonly problem: ExpressionProblem } {
  try {
    const compiled = compileText(text, scope);
    return {
      text,
      result: wordOf(compiled.type.kinds),
      uses: compiled.uses,
      evaluate(values, effort) {
        const run = new Run(values, effort?.left);
        try {
          return evaluate(text, compiled, run);
        } finally {
          if (effort) effort.left = run.left;
        }
      },
    };
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return { problem: { message: error.message, ...placeOf(text, error.at), at: spanAt(text, error.at) } };
  }
}

/** @throws {ExpressionError} when there is no result */
export function evaluate(text: string, compiled: Compiled, run: Run): JsonValue {
  try {
    const result = compiled.run(run);
    measure(result, new Size(), 0, run);
    return result;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new ExpressionError(`the expression ${whereIn(text, error.at)} failed: ${error.message}`, spanAt(text, error.at));
  }
}

/** The part of an expression that failed, and the place in it. */
function whereIn(text: string, at: number | undefined): string {
  if (at === undefined) return quoted(text);
  const { line, column } = placeOf(text, at);
  const from = text.lastIndexOf("\n", at - 1) + 1;
  const end = text.indexOf("\n", at);
  const shown = quotedAround(text.slice(from, end === -1 ? text.length : end), at - from);
  return `${shown}, ${line === undefined ? "" : `line ${line}, `}column ${column},`;
}

/** Characters of a result, as JSON without escapes. */
class Size {
  #characters = 0;

  add(characters: number): void {
    this.#characters += characters;
    if (this.#characters > EXPRESSION_RESULT_CHARACTERS)
      throw new Fault(`its result has more than ${EXPRESSION_RESULT_CHARACTERS} characters`, undefined);
  }
}

/** @throws {Fault} when a result is too large, or not JSON */
function measure(value: JsonValue, size: Size, depth: number, run: Run): void {
  run.spend(1);
  if (depth > JSON_DEPTH) throw new Fault(`its result nests deeper than ${JSON_DEPTH} levels`, undefined);
  if (isList(value)) {
    size.add(2 + Math.max(0, value.length - 1));
    for (const one of value) measure(one, size, depth + 1, run);
  } else if (isMap(value)) {
    const names = namesOf(value, run);
    // Quotes, colons and commas.
    size.add(2 + Math.max(0, 4 * names.length - 1));
    for (const name of names) {
      size.add(name.length);
      measure(value[name], size, depth + 1, run);
    }
  } else if (typeof value === "string") size.add(value.length + 2);
  else if (value === null || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value)))
    size.add(String(value).length);
  else throw new Fault("its result is not JSON", undefined);
}
