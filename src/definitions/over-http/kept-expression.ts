/** An expression of a definition that was kept. Pure. */

import { CodeMistake } from "../../core/mistake.ts";
import { type Expression, type Scope, compileExpression } from "../expressions/expression.ts";

/** The expression, compiled. Never throws: one that this code does not take, and the code that kept it did, fails at its first event. */
export function keptExpression(text: string, scope: Scope): Expression {
  const compiled = compileExpression(text, scope);
  if (!("problem" in compiled)) return compiled;
  const { message } = compiled.problem;
  return {
    text,
    result: "any",
    uses: new Set(),
    evaluate() {
      throw new CodeMistake(message);
    },
  };
}
