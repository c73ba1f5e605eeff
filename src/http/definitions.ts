/** Views, processors and sources that are declared over HTTP: `PUT` and `DELETE` of them, and how answers show them. */

import { listed } from "../core/issue.ts";
import { DEFINITIONS } from "../core/limits.ts";
import { type ViewDefinition, viewFrom } from "../definitions/over-http/view.ts";
import { declare, remove, tryDeclaring } from "../operations/declare.ts";
import type { Refusal } from "../operations/check-definition.ts";
import type { QueueInUse } from "../operations/source-queues.ts";
import { tableOf } from "../rows/table.ts";
import type { DefinitionKind } from "../store/catalog-protocol.ts";
import type { DeclaredDefinition } from "../store/ready-definitions.ts";
import { jsonBody } from "./body.ts";
import { DEFINITION_BYTES } from "./limits.ts";
import { Problem } from "./problem.ts";
import { DryRunQuery, type HttpContext, queryOf, storeOf } from "./request.ts";
import { retiredCategory, unknownCategory } from "./resolve-category.ts";
import { unknownView } from "./view-answers.ts";

/**
 * `PUT`: declares what the body has under this name.
 *
 * @param show the answer's body
 */
export async function putDefinition(
  context: HttpContext,
  kind: DefinitionKind,
  name: string,
  show: (name: string) => Promise<object>,
): Promise<Response> {
  const { dryRun } = queryOf(context, DryRunQuery);
  const { value } = await jsonBody(context, DEFINITION_BYTES);
  if (dryRun) return context.json(await tryDefinition(context, kind, name, value));
  const answer = await declare(storeOf(context), context.env, { kind, name, body: value });
  if (!("revision" in answer)) throw problemOf(kind, name, answer);
  return context.json(await show(name), answer.outcome === "created" ? 201 : 200, { location: new URL(context.req.url).pathname });
}

/** What the same declaration would answer. Nothing is declared. */
async function tryDefinition(context: HttpContext, kind: DefinitionKind, name: string, body: unknown): Promise<object> {
  const store = storeOf(context);
  const answer = await tryDeclaring(store, context.env, { kind, name, body });
  if (!("revision" in answer)) throw problemOf(kind, name, answer);
  const { revision, incarnation, definition, around } = answer;
  const outcome = outcomeOf(answer);
  const about = { dryRun: true, name, kind, outcome, revision, definition };
  if (kind !== "view") return about;
  // Another table is another name: a new description builds nothing.
  const view = viewFrom(name, definition as ViewDefinition, around, { incarnation, at: 0 });
  const present = outcome === "created" ? undefined : await store.definitions.view(name);
  return { ...about, builds: !present || tableOf(present).generation !== tableOf(view).generation };
}

/** What a dry run calls it. */
export function outcomeOf({ outcome }: { readonly outcome: "created" | "changed" | "unchanged" }): "created" | "changed" | "same" {
  return outcome === "unchanged" ? "same" : outcome;
}

export async function deleteDefinition(context: HttpContext, kind: DefinitionKind, name: string): Promise<Response> {
  const store = storeOf(context);
  const answer = await remove(store, context.env, kind, name);
  if (answer.outcome === "removed") return context.body(null, 204);
  const inCode = store.definitions.inCode.kindOf(name);
  // What the code shadows could be removed; there is none.
  if (answer.outcome === "unknown" && inCode === kind) throw problemOf(kind, name, { outcome: "in-code", kind, name });
  throw problemOf(kind, name, answer);
}

const IN_CODE = { view: "view-in-code", processor: "processor-in-code", source: "source-in-code" } as const;

/** What answers show of a definition besides what it declares. */
export function aboutDefinition({ revision, declaredAt, definition, retired }: DeclaredDefinition) {
  return {
    revision,
    declaredAt: new Date(declaredAt).toISOString(),
    ...(retired ? { retired } : {}),
    definition: JSON.parse(definition) as object,
  };
}

/** @param kind of what was to be declared or removed */
export function problemOf(kind: DefinitionKind, name: string, refusal: Refusal): Problem {
  switch (refusal.outcome) {
    case "issues": {
      const { issues } = refusal;
      const what = listed(issues);
      return new Problem("invalid-request", `the ${kind} is not valid: ${what}`, { issues });
    }
    case "in-code":
      if (refusal.kind === kind && refusal.name === name)
        return new Problem(IN_CODE[kind], `${kind} ${name} is declared in code; change it there, or use another name`);
      return inUse(name, refusal);
    case "name-in-use":
      return inUse(name, refusal);
    case "full":
      return new Problem("too-many-definitions", `a store has at most ${DEFINITIONS} ${kind}s that were declared over HTTP`, {
        limit: DEFINITIONS,
      });
    case "unknown-category":
      return unknownCategory(refusal.name);
    case "category-retired":
      return retiredCategory(refusal.name);
    case "unknown-view":
      return new Problem("unknown-view", `${refusal.name} is neither a view nor a category; GET /views and GET /streams list them`);
    case "queue-in-use":
      return queueInUse(refusal);
    case "beyond-head":
      return new Problem("position-beyond-head", `start is ${refusal.position}, but the log's head is ${refusal.head}`, {
        head: refusal.head,
        position: refusal.position,
      });
    case "in-use":
      return new Problem("view-in-use", `${name} is joined by ${refusal.by.join(", ")}; change or delete what joins it first`, {
        processors: refusal.by,
      });
    case "unknown":
      return UNKNOWN[kind](name);
  }
}

/** Names of another store are not for everybody who may administer this one. */
export function queueInUse({ queue, by }: QueueInUse): Problem {
  const who = by === undefined ? "a source of another store" : `the source ${by}`;
  return new Problem("queue-in-use", `${who} gets the messages of the queue ${queue}: a queue has one source`, { queue });
}

/** The same for a preview, whose definition is a member of the body. */
export function problemOfPreview(kind: DefinitionKind, name: string, refusal: Refusal): Problem {
  if (refusal.outcome !== "issues") return problemOf(kind, name, refusal);
  const issues = refusal.issues.map((one) => ({ ...one, path: one.path ? `definition.${one.path}` : "definition" }));
  return problemOf(kind, name, { outcome: "issues", issues });
}

export function unknownProcessor(name: string): Problem {
  return new Problem("unknown-processor", `unknown processor ${name}; GET /processors lists the processors`);
}

export function unknownSource(name: string): Problem {
  return new Problem("unknown-source", `unknown source ${name}; GET /sources lists the sources`);
}

const UNKNOWN = { view: unknownView, processor: unknownProcessor, source: unknownSource } as const;

function inUse(name: string, other: { readonly kind: string; readonly name: string }): Problem {
  const detail =
    other.name === name
      ? `the ${other.kind} ${name} has this name: views, processors, webhooks and sources share one space of names`
      : `the ${other.kind} ${other.name} has a name that differs by case only`;
  return new Problem("name-in-use", detail, { kind: other.kind, name: other.name });
}
