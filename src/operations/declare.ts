/**
 * Declares and removes the views, processors and sources of a store, once `check-definition.ts` has found nothing wrong. The catalog decides,
 * in one step; then the log learns of it, or the source's object. A crash between the two is repaired by a repeat, or by the next sweep: a
 * store whose definitions are about to change is not at rest.
 */

import type { DefinitionDeclared, DefinitionKind, DefinitionRemoved } from "../store/catalog-protocol.ts";
import type { HeadspringEnv } from "../store/env.ts";
import type { Store } from "../store/store.ts";
import { type Asked, type Ready, type Refusal, type Undeclared, readyToDeclare } from "./check-definition.ts";
import { declaredConsumers } from "./declared.ts";
import { claimQueue, releaseQueues, whoHasQueue } from "./source-queues.ts";
import { disturb } from "./swept.ts";

/** The outcome of a declaration. */
export type Declaring = Extract<DefinitionDeclared, { readonly revision: number }> | Refusal;

/**
 * Declares a definition, or changes it.
 *
 * @param env that of the deployment: sweeps remember in it, and queues are its
 */
export async function declare(store: Store, env: HeadspringEnv, asked: Asked): Promise<Declaring> {
  const ready = await readyToDeclare(store, asked);
  if ("outcome" in ready) return ready;
  if (asked.kind === "source") return declareSource(store, env, ready);
  await disturb(env.VIEWS, store.name);
  const answer = await store.catalog.declareDefinition(ready.request);
  if (!("revision" in answer)) return answer;
  await register(store);
  // The log wakes what is new to it, or wants other events. What is built may differ all the same.
  if (answer.outcome === "changed") await store.log.sweep(asked.name);
  return answer;
}

/** Its object learns of it. A crash before that is repaired by a repeat. */
async function declareSource(store: Store, env: HeadspringEnv, { request, queue, isImported }: Ready): Promise<Declaring> {
  const taken = queue === undefined ? undefined : await claimQueue(store, env, request.name, queue);
  // One that is imported begins paused: it claims its queue when it is resumed.
  if (taken && !isImported) return taken;
  const answer = await store.catalog.declareDefinition(request);
  const isDeclared = "revision" in answer;
  const isElsewhere = !isDeclared || answer.outcome === "changed";
  if (isElsewhere) await releaseQueues(store, env, request.name, isDeclared ? queue : undefined);
  if (!isDeclared) return answer;
  const source = store.source(request.name);
  // An import wakes nothing, not even when it is repeated after a crash that came before the pause.
  if (!isImported) await source.wake(answer.outcome === "changed");
  else if (answer.outcome === "created") await source.control("pause");
  return answer;
}

/** What {@link declare} would answer, with the definition as it would be kept. Nothing is declared. */
export async function tryDeclaring(
  store: Store,
  env: HeadspringEnv,
  asked: Asked,
): Promise<(Extract<DefinitionDeclared, { readonly revision: number }> & Undeclared<object>) | Refusal> {
  const ready = await readyToDeclare(store, asked);
  if ("outcome" in ready) return ready;
  const { request, definition, around, queue } = ready;
  const taken = queue === undefined ? undefined : await whoHasQueue(store, env, asked.name, queue);
  if (taken) return taken;
  const answer = await store.catalog.tryDefinition(request);
  return "revision" in answer ? { ...answer, definition, around } : answer;
}

/** Removes a definition from the catalog. */
export async function remove(store: Store, env: HeadspringEnv, kind: DefinitionKind, name: string): Promise<DefinitionRemoved> {
  await disturb(env.VIEWS, store.name);
  const answer = await store.catalog.removeDefinition(kind, name);
  // An earlier request may have removed it, and not have come this far.
  if (answer.outcome !== "in-use" && kind !== "source") await register(store);
  return answer;
}

/** Lets the log know which views and processors the catalog has. */
async function register({ definitions, log }: Store): Promise<void> {
  const declared = declaredConsumers(definitions, await definitions.overHttp());
  if (declared.asOf > 0) await log.keepDeclared(declared);
}
