/** What is wrong with the expressions of a view that is declared over HTTP, given the categories that it follows. Pure. */

import type { Issue } from "../../core/issue.ts";
import { ISSUES } from "../../core/limits.ts";
import { type Expression, type Scope, compileExpression } from "../expressions/expression.ts";
import { eventScope } from "../expressions/event-scope.ts";
import { RESULTS_CALLED, expressionIssue } from "./expression-issue.ts";
import type { CategoryShape, Surroundings } from "./surroundings.ts";
import { type ColumnType, isNullable, kindOfColumn, membersOf, valuesOf } from "./view-columns.ts";
import { type ColumnDefinition, KEY, type ViewDefinition, namesIn, whyNotColumn } from "./view-definition.ts";

type Result = Expression["result"];

/** The results that fit a column, besides those that nothing is known about. */
const RESULTS: Record<ColumnType, readonly Result[]> = {
  string: ["string"],
  number: ["number"],
  integer: ["number"],
  boolean: ["boolean"],
  json: ["string", "number", "boolean", "null", "list", "map"],
};

/** Every mistake in a definition whose form is right: event types, expressions and the types of their results, indexes. */
export function checkView(_name: string, definition: ViewDefinition, around: Surroundings): Issue[] {
  const { where, key, remove, columns, types, indexes = [] } = definition;
  const categories = categoriesOf(definition, around);
  const scope: Scope = { ...eventScope(categories, types) };
  const issues = [
    ...typeIssues(categories, types),
    ...expressionIssues("where", where, scope, ["boolean"], "true or false"),
    ...expressionIssues("key", key, scope, ["string", "number"], "a string or a number"),
    ...expressionIssues("remove", remove, scope, ["boolean"], "true or false"),
    ...(columns ? columnsIssues(columns, scope) : memberIssues(indexes, categories, types)),
  ];
  return issues.slice(0, ISSUES);
}

/** The categories that a definition follows, as far as they exist. */
export function categoriesOf(definition: ViewDefinition, around: Surroundings): CategoryShape[] {
  return namesIn(definition).categories.flatMap((name) => around.categories.get(name) ?? []);
}

/** Event types that none of the categories can have. */
function typeIssues(categories: readonly CategoryShape[], types: readonly string[] = []): Issue[] {
  if (categories.some(({ strict }) => !strict)) return [];
  const known = [...new Set(categories.flatMap(({ events }) => Object.keys(events)))];
  return types.flatMap((type, index) =>
    known.includes(type)
      ? []
      : [{ path: `types.${index}`, message: `no category in \`from\` has the event type ${type} (${known.join(", ")})` }],
  );
}

function columnsIssues(columns: Readonly<Record<string, ColumnDefinition>>, scope: Scope): Issue[] {
  const all = Object.entries(columns);
  const properties = {
    [KEY]: { type: "string" },
    ...Object.fromEntries(all.map(([name, one]) => [name, valuesOf(one.type, isNullable(one))])),
  };
  const row = { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
  return all.flatMap(([name, column]) => {
    const { type, fold, value } = column;
    const nullable = isNullable(column);
    const allowed: Result[] = [...RESULTS[type], ...(nullable ? (["null"] as const) : [])];
    const [member, text, seen] =
      fold === undefined ? ["value", value, { ...scope, row }] : ["fold", fold, { ...scope, row, acc: valuesOf(type, nullable) }];
    return expressionIssues(`columns.${name}.${member}`, text, seen, allowed, kindOfColumn(type, nullable));
  });
}

function expressionIssues(path: string, text: string | undefined, scope: Scope, allowed: readonly Result[], wanted: string): Issue[] {
  if (text === undefined) return [];
  const compiled = compileExpression(text, scope);
  if ("problem" in compiled) return [expressionIssue(path, compiled.problem)];
  const { result } = compiled;
  if (result === "any" || allowed.includes(result)) return [];
  return [{ path, message: `must give ${wanted}, and gives ${RESULTS_CALLED[result]}`, at: { start: 0, end: text.length } }];
}

/** Indexes of a view without columns. */
function memberIssues(indexes: readonly string[], categories: readonly CategoryShape[], types: readonly string[] | undefined): Issue[] {
  if (indexes.length === 0) return [];
  const members = membersOf(categories, types, isMember).map(({ name }) => name);
  return indexes.flatMap((name, index) => {
    if (members.includes(name)) return [];
    const known = members.join(", ") || "none";
    return [
      {
        path: `indexes.${index}`,
        message: `\`${name}\` is no member with a string, a number or a boolean in the schemas of \`from\` (${known})`,
      },
    ];
  });
}

/** Whether a member of data gets a column of its own in a view without columns. The others are in the row all the same. */
export function isMember(name: string, names: readonly string[]): boolean {
  return whyNotColumn(name, names) === undefined;
}
