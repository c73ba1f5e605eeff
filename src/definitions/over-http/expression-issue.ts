/** What is wrong with an expression of a definition, as problem documents list it. Pure. */

import type { Issue } from "../../core/issue.ts";
import type { Expression, ExpressionProblem } from "../expressions/expression.ts";

/** @param path the expression's place in the definition */
export function expressionIssue(path: string, { message, line, column, at }: ExpressionProblem): Issue {
  return { path, message: `${message} (${line === undefined || line === 1 ? "" : `line ${line}, `}column ${column})`, at };
}

/** What messages call the results of expressions. */
export const RESULTS_CALLED: Readonly<Record<Expression["result"], string>> = {
  string: "a string",
  number: "a number",
  boolean: "true or false",
  null: "null",
  list: "a list",
  map: "an object",
  any: "anything",
};
