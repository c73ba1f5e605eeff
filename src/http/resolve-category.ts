/** The category that a route is about, or the problem that it does not exist, or does not allow this. */

import { NAME } from "../core/names.ts";
import type { PlainCategory } from "../store/plain-category.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, storeOf } from "./request.ts";

/**
 * The category that the path names, if it takes facts.
 *
 * @throws {Problem} when it is an aggregate, not declared, or retired
 */
export async function plainCategoryOf(context: HttpContext, name = context.req.param("category") ?? ""): Promise<PlainCategory> {
  const found = await storeOf(context).definitions.category(name);
  if (!found || found.status === "system") throw unknownCategory(name);
  if (found.status === "retired") throw retiredCategory(name);
  if (found.status === "removed") throw categoryWasInCode(name, found.kind);
  if (found.status === "in-code" && found.declared.kind === "aggregate")
    throw new Problem("category-has-rules", `${name} is an aggregate: send commands to /aggregates/${name}/{id}/{Command}`);
  return found.category;
}

/**
 * The name of the category in the path, once it is certain that its streams may be read.
 *
 * @throws {Problem} when it is not declared, or retired
 */
export async function readableCategoryOf(context: HttpContext): Promise<string> {
  const name = context.req.param("category") ?? "";
  const found = await storeOf(context).definitions.category(name);
  if (!found || found.status === "system") throw unknownCategory(name);
  if (found.status === "retired") throw retiredCategory(name);
  return name;
}

/**
 * The category of that name, including aggregates: for an import, which bypasses all rules.
 *
 * @throws {Problem} when it is not declared, or retired
 */
export async function anyCategoryOf(context: HttpContext, name: string): Promise<PlainCategory> {
  const found = await storeOf(context).definitions.category(name);
  if (!found) throw unknownCategory(name);
  if (found.status === "retired") throw retiredCategory(name);
  return found.category;
}

/**
 * The name, if it can be declared, changed and retired over HTTP.
 *
 * @throws {Problem} when the code has it, or it is not a valid name for a category
 */
export function categoryToDeclare(context: HttpContext, name: string): string {
  if (storeOf(context).definitions.inCode.category(name))
    throw new Problem("declared-in-code", `category ${name} is declared in code; change it there`);
  if (!NAME.test(name)) throw new Problem("invalid-request", `the name of a category must match ${NAME.source}`);
  return name;
}

export function unknownCategory(name: string): Problem {
  return new Problem("unknown-category", `unknown category ${name}; GET /streams lists the categories, PUT /streams/${name} declares it`);
}

export function retiredCategory(name: string): Problem {
  return new Problem(
    "category-retired",
    `${name} was retired: its streams can no longer be read or written, and its name cannot be reused`,
  );
}

/** Without the rules that the code had for it, nothing new is written. `kind` undefined: it is unknown what it was. */
export function categoryWasInCode(name: string, kind?: string): Problem {
  const detail =
    kind === "plain"
      ? `the code no longer declares the category ${name}: declare it with PUT /streams/${name}, or deploy code that has it`
      : `the code no longer declares ${kind === undefined ? "" : `the ${kind} `}${name}: its events can still be read and imported, ` +
        "but nothing new is written without its rules; deploy code that has it, or take another name";
  return new Problem("category-was-in-code", detail, kind === undefined ? {} : { kind });
}
