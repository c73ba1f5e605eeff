/** A line of an import that declares something. What the store has already, and what its code has, is known. */

import * as z from "zod";
import { parseDefinition, readDefinition, versionOf } from "../definitions/over-http/category.ts";
import { IMPORT_DEPTH } from "./limits.ts";
import { parseJson } from "../core/json.ts";
import { declare } from "../operations/declare.ts";
import { declareCategory } from "./categories.ts";
import { DefinitionLine, declarationsOf } from "./definition-lines.ts";
import { problemOf } from "./definitions.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, checked, storeOf } from "./request.ts";
import { categoryToDeclare } from "./resolve-category.ts";

/** The whole line. */
const Line = z.strictObject({ definition: DefinitionLine });

type CategoryLine = Extract<DefinitionLine, { readonly kind: "category" }>;

/**
 * Declares what a line says.
 *
 * @returns whether that has changed anything
 * @throws {Problem} when it is not valid, or not possible
 */
export async function importDefinition(context: HttpContext, text: string): Promise<boolean> {
  let value: unknown;
  try {
    value = parseJson(text, IMPORT_DEPTH);
  } catch (error) {
    throw new Problem("invalid-json", error instanceof Error ? error.message : String(error));
  }
  const { definition } = checked(Line, value, "the definition is not valid");
  if (definition.kind === "category") return importCategory(context, definition);
  const { kind, name, definition: body, position } = definition;
  const answer = await declare(storeOf(context), context.env, { kind, name, body, position, isImported: true });
  if ("revision" in answer) return answer.outcome !== "unchanged";
  // The code counts, here as in the store that the line comes from.
  if (answer.outcome === "in-code" && answer.name === name) return false;
  throw problemOf(kind, name, answer);
}

async function importCategory(context: HttpContext, { name, definition: body, earlier = [], retired }: CategoryLine): Promise<boolean> {
  const { definitions, catalog } = storeOf(context);
  if (definitions.inCode.category(name)) return false;
  const entry = await catalog.lookUp(categoryToDeclare(context, name), 0);
  if (entry?.status === "retired" && retired) return false;
  if (body === undefined) {
    if (!retired) throw new Problem("invalid-request", `the line about ${name} has neither a definition nor \`retired\``);
    return catalog.retire(name);
  }
  const present = parseDefinition(name, body);
  // An event type gets the versions that it does not have here yet, one by one.
  const { events: known = {} } = entry && "definition" in entry ? readDefinition(name, entry.definition ?? "{}") : {};
  const isMissing = ({ eventType, version }: (typeof earlier)[number]) =>
    !Object.hasOwn(known, eventType) || version > versionOf(known[eventType] ?? true);
  const bodies = "issues" in present ? [body] : declarationsOf(name, present, earlier.filter(isMissing));
  let changed = false;
  for (const one of bodies) {
    const { answer } = await declareCategory(context, name, one);
    changed ||= answer.outcome !== "unchanged";
  }
  return changed;
}
