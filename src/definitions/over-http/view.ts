/** A view that is declared over HTTP, as the same object that code declares: its handlers evaluate expressions. Pure. */

import { canonical } from "../../core/json.ts";
import { DELETED, type RecordedEvent, streamIdOf } from "../../core/event.ts";
import { kindOf } from "../../core/misfit.ts";
import { CodeMistake, messageOf } from "../../core/mistake.ts";
import type { Declaration, View } from "../views/view.ts";
import type { ErasedHandler, StoredRow } from "../views/handler.ts";
import { eventValues } from "./event-values.ts";
import { type Span, placeOfError } from "../expressions/expression.ts";
import { keptExpression } from "./kept-expression.ts";
import type { Surroundings } from "./surroundings.ts";
import { categoriesOf, isMember } from "./view-check.ts";
import { fitsColumn, isNullable, kindOfColumn, membersOf, rowOf, wholeRowOf } from "./view-columns.ts";
import { type ColumnDefinition, KEY, type ViewDefinition, namesIn } from "./view-definition.ts";

export { checkView } from "./view-check.ts";
export { type ViewDefinition, ViewDefinitionIn, namesIn, parseView } from "./view-definition.ts";

/** The view, compiled. Never throws for a definition that was kept: an expression that no longer compiles fails at its first event. */
export function viewFrom(name: string, definition: ViewDefinition, around: Surroundings, declaration: Declaration): View {
  const { description, types, key, columns, exposed } = definition;
  const from = namesIn(definition).categories;
  const handler = handlerOf(name, definition);
  // A view that names its rows itself makes them of several streams: the end of one is no reason to remove them.
  const ends: [string, ErasedHandler][] = key === undefined ? [[DELETED, END]] : [];
  const shape = columns ? { row: rowOf(columnsOf(columns)) } : wholeOf(definition, around);
  const indexes = definition.indexes?.filter((column) => Object.hasOwn(shape.row.shape, column)) ?? [];
  return {
    kind: "view",
    name,
    ...(description === undefined ? {} : { description }),
    ...shape,
    key: KEY,
    indexes,
    followed: from.map((one) => around.categories.get(one)?.source ?? { name: one, events: {} }),
    handlers: new Map([...(types ?? []).map((type) => [type, handler] as const), ...ends]),
    // Not the types of today's schemas: an isolate that has not heard of a new one would pass its events by.
    ...(types ? {} : { otherwise: handler }),
    queries: new Map(),
    revision: revisionOf(definition, declaration),
    ownRows: key === undefined && from.length === 1,
    ...(exposed === false ? { exposed } : {}),
    declaration,
  };
}

function wholeOf(definition: ViewDefinition, around: Surroundings): Pick<View, "row" | "whole"> {
  return { row: wholeRowOf(membersOf(categoriesOf(definition, around), definition.types, isMember)), whole: true };
}

function columnsOf(columns: Readonly<Record<string, ColumnDefinition>>) {
  return Object.entries(columns).map(([name, column]) => [name, column.type, isNullable(column)] as const);
}

/** What the rows depend on, besides their schema and the categories: another text is another table. */
function revisionOf({ types, where, key, columns, remove }: ViewDefinition, { incarnation }: Declaration): string {
  return `${incarnation} ${canonical({ types: types?.toSorted(), where, key, columns, remove })}`;
}

/** The end of a stream, where each row is of one stream. */
const END: ErasedHandler = { at: ({ stream }) => [streamIdOf(stream)], fold: () => null, ofStream: true, code: [] };

/** An expression of a view that fails at an event, or gives what does not fit: trying it again is pointless. */
export class ViewMistake extends CodeMistake {
  /** The place in the definition. */
  readonly path: string;
  /** The message without the place. */
  readonly problem: string;
  /** The part of the expression that failed; absent: its result is wrong. */
  readonly at: Span | undefined;

  constructor(view: string, path: string, problem: string, at?: Span) {
    super(`view \`${view}\`, \`${path}\`: ${problem}`);
    this.path = path;
    this.problem = problem;
    this.at = at;
  }
}

/** An expression by its place in the definition. */
interface Part {
  readonly path: string;
  evaluate(values: Readonly<Record<string, unknown>>): unknown;
}

/** What handles every event that the view wants. */
function handlerOf(view: string, { where, key, columns, remove }: ViewDefinition): ErasedHandler {
  const [condition, named, removal] = [partOf("where", where), partOf("key", key), partOf("remove", remove)];
  const cells = columns && Object.entries(columns).map(([name, column]) => cellOf(name, column));
  const initial = Object.fromEntries(cells?.map(({ name, init }) => [name, init]) ?? []);
  const mistake = (path: string, why: string, at?: Span) => new ViewMistake(view, path, why, at);
  const evaluate = (part: Part, values: Readonly<Record<string, unknown>>): unknown => {
    try {
      return part.evaluate(values);
    } catch (error) {
      throw mistake(part.path, messageOf(error), placeOfError(error));
    }
  };
  const holds = (part: Part, values: Readonly<Record<string, unknown>>): boolean => {
    const result = evaluate(part, values);
    // Not the value: it is content of an event, and errors are logged.
    if (typeof result !== "boolean") throw mistake(part.path, `must give true or false, and gave ${kindOf(result)}`);
    return result;
  };
  const rowKey = (event: RecordedEvent, values: Readonly<Record<string, unknown>>): string => {
    if (!named) return streamIdOf(event.stream);
    const result = evaluate(named, values);
    if (typeof result === "string") return result;
    if (typeof result === "number" && Number.isFinite(result)) return String(result);
    throw mistake(named.path, `must give a string or a number, and gave ${kindOf(result)}`);
  };
  return {
    at(event) {
      const values = eventValues(event);
      const isMeant = condition === undefined || holds(condition, values) || (removal !== undefined && holds(removal, values));
      return isMeant ? [rowKey(event, values)] : [];
    },
    fold(before, event, id) {
      const values = eventValues(event);
      if (removal && holds(removal, values)) return null;
      if (!cells) return { ...(event.data as StoredRow), [KEY]: id };
      const row: StoredRow = before ?? { [KEY]: id, ...initial };
      const next: StoredRow = { [KEY]: id };
      for (const { name, column, isFold, part, nullable } of cells) {
        const result = evaluate(part, isFold ? { ...values, row, acc: row[name] } : { ...values, row });
        if (!fitsColumn(column.type, result, nullable))
          throw mistake(part.path, `must give ${kindOfColumn(column.type, nullable)}, and gave ${kindOf(result)}`);
        next[name] = result as StoredRow[string]; // a value of JSON that fits the column
      }
      return next;
    },
    ...(named ? {} : { ofStream: true }),
    code: [],
  };
}

/** A column, ready to be folded. */
function cellOf(name: string, column: ColumnDefinition) {
  const { init = null, fold, value } = column;
  const isFold = fold !== undefined;
  const part = compiled(`columns.${name}.${isFold ? "fold" : "value"}`, fold ?? value ?? "null");
  return { name, column, init, isFold, part, nullable: isNullable(column) };
}

function partOf(path: string, text: string | undefined): Part | undefined {
  return text === undefined ? undefined : compiled(path, text);
}

/** All that an expression of a view may name. What it computes must not depend on the schemas of the moment, so none are given. */
const ANYTHING = { event: true, data: true, row: true, acc: true };

function compiled(path: string, text: string): Part {
  const expression = keptExpression(text, ANYTHING);
  return { path, evaluate: (values) => expression.evaluate(values) };
}
