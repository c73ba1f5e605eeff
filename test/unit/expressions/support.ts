/** Expressions that must compile, must not, or must fail. */

import {
  type Expression,
  type ExpressionProblem,
  ExpressionError,
  type Scope,
  compileExpression,
} from "../../../src/definitions/expressions/expression.ts";

export function ready(text: string, scope: Scope): Expression {
  const compiled = compileExpression(text, scope);
  if ("problem" in compiled) throw new Error(`${text}: ${compiled.problem.message}`);
  return compiled;
}

export function problemOf(text: string, scope: Scope): ExpressionProblem {
  const compiled = compileExpression(text, scope);
  if ("problem" in compiled) return compiled.problem;
  throw new Error(`${text} was not refused`);
}

export function failureOf(text: string, scope: Scope, values: Readonly<Record<string, unknown>>): ExpressionError {
  const expression = ready(text, scope);
  try {
    expression.evaluate(values);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error(`${text} did not fail`);
}
