/** Views and processors as Sourcery's routes show them, by their ids or names. */

import { canonical } from "../../core/json.ts";
import type { Asked } from "../../operations/check-definition.ts";
import { remove } from "../../operations/declare.ts";
import type { DefinitionKind } from "../../store/catalog-protocol.ts";
import type { DeclaredDefinition } from "../../store/ready-definitions.ts";
import type { Store } from "../../store/store.ts";
import { problemOf, unknownProcessor } from "../definitions.ts";
import { Problem } from "../problem.ts";
import { type HttpContext, storeOf } from "../request.ts";
import { unknownView } from "../view-answers.ts";
import { apiIdOf } from "./answers.ts";

/** The end of the name of a processor that was declared here: what tells it from others that are called the same. */
const UNIQUE = /\.[0-9a-f]{8}$/;

/** A name for a processor that is called so, which no other has. */
export function definitionName(called: string, id: string): string {
  const readable = called.replaceAll(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[^A-Za-z]+/, "");
  return `${(readable || "processor").slice(0, NAME_CHARACTERS)}.${id.slice(0, UNIQUE_DIGITS)}`;
}

/** Characters of the readable part: with the rest it is as long as a name may be. */
const NAME_CHARACTERS = 55;
const UNIQUE_DIGITS = 8;

/** What can be declared here: it has no sources. */
type KindHere = Exclude<DefinitionKind, "source">;

interface Kept {
  readonly from: string | readonly string[];
  readonly description?: string;
}

export function shownDefinition({ kind: its, name, incarnation, definition }: DeclaredDefinition) {
  const kind = its === "view" ? its : "processor";
  const { from, description } = JSON.parse(definition) as Kept;
  const called = kind === "processor" && UNIQUE.test(name) ? description : undefined;
  return { id: apiIdOf(kind, name, incarnation), name: called ?? name, from };
}

export async function allDefinitions(store: Store, kind: KindHere): Promise<DeclaredDefinition[]> {
  const { definitions } = store;
  const { all } = await definitions.overHttp();
  return all.filter((one) => one.kind === kind && !definitions.isShadowed(one.name));
}

/** The one with this name, if it is another than this definition. */
export async function otherThan(store: Store, kind: KindHere, name: string, definition: object): Promise<DeclaredDefinition | undefined> {
  const kept = (await allDefinitions(store, kind)).find((one) => one.name === name);
  return kept && canonical(JSON.parse(kept.definition)) !== canonical(JSON.parse(JSON.stringify(definition))) ? kept : undefined;
}

/** The one that the path names. @throws {Problem} when there is none, or none any more */
export async function definitionOf(context: HttpContext, kind: KindHere, asked: string): Promise<DeclaredDefinition> {
  const store = storeOf(context);
  const all = await allDefinitions(store, kind);
  const found = all.find(({ name, incarnation }) => name === asked || apiIdOf(kind, name, incarnation) === asked);
  if (found) return found;
  await requireNotDeleted(store, kind, asked);
  throw kind === "view" ? unknownView(asked) : unknownProcessor(asked);
}

/** @throws {Problem} when the name or id is of one that was deleted */
export async function requireNotDeleted(store: Store, kind: KindHere, asked: string): Promise<void> {
  const [all, removed] = await Promise.all([allDefinitions(store, kind), store.catalog.listRemoved()]);
  // Each time that a name is declared it gets another id.
  const earlier = (name: string, times: number) => Array.from({ length: times }, (_, index) => apiIdOf(kind, name, index + 1));
  const isDeleted =
    removed.some((one) => one.kind === kind && (one.name === asked || earlier(one.name, one.incarnation).includes(asked))) ||
    all.some(({ name, incarnation }) => earlier(name, incarnation - 1).includes(asked));
  if (isDeleted) throw new Problem("definition-deleted", `the ${kind} ${asked} was deleted`);
}

export async function deleteDeclared(context: HttpContext, kind: KindHere, asked: string): Promise<Response> {
  const found = await definitionOf(context, kind, asked);
  const answer = await remove(storeOf(context), context.env, kind, found.name);
  if (answer.outcome === "in-use") throw problemOf(kind, found.name, answer);
  const { id, name } = shownDefinition(found);
  return context.json({ id, name, deleted: true });
}

/** Before streams are made for it. @throws {Problem} when the catalog will refuse the definition: the store has no room for another */
export async function requireRoom({ catalog }: Store, { kind, name, body }: Asked): Promise<void> {
  const answer = await catalog.tryDefinition({ kind, name, definition: JSON.stringify(body) });
  if (!("revision" in answer)) throw problemOf(kind, name, answer);
}
