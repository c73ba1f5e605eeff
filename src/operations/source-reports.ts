/** The sources of a store, and how far each is. A source's object knows that itself; one that does not answer stops no other. */

import { within } from "../core/within.ts";
import type { Source } from "../definitions/sources/source.ts";
import type { SourceProgress } from "../store/source-protocol.ts";
import type { DeclaredDefinition } from "../store/ready-definitions.ts";
import type { DefinitionRemoved } from "../store/catalog-protocol.ts";
import type { HeadspringEnv } from "../store/env.ts";
import type { Store } from "../store/store.ts";
import { logger } from "../telemetry/logger.ts";
import { remove } from "./declare.ts";
import { releaseQueues } from "./source-queues.ts";
import { SOURCES_AT_ONCE, SOURCE_ANSWER_MS } from "./limits.ts";

export interface ReportedSource {
  readonly source: Source;
  readonly origin: "code" | "api";
  /** What the catalog has about it. */
  readonly declared?: DeclaredDefinition;
  /** Undefined: its object has not answered, or was not asked because an invocation has no more calls. */
  readonly progress?: SourceProgress;
}

export type SourceDeleted = DefinitionRemoved & {
  /** Why what was made outside is still there. */
  readonly left?: string;
};

/** Removes a source that was declared over HTTP, and that the code does not declare. What was made outside for it goes first: without its definition nobody could. */
export async function deleteSource(store: Store, env: HeadspringEnv, name: string): Promise<SourceDeleted> {
  const { all } = await store.definitions.overHttp();
  if (!all.some((one) => one.kind === "source" && one.name === name)) return { outcome: "unknown" };
  const left = (await store.source(name).remove())?.left;
  const answer = await remove(store, env, "source", name);
  await releaseQueues(store, env, name);
  return left === undefined ? answer : { ...answer, left };
}

/**
 * Those in code first. What the code shadows is not among them.
 *
 * @param only the names that are wanted; without it all
 * @param knownProgress that of the only one, if it is known
 */
export async function reportSources(
  given: Store,
  only = (_name: string) => true,
  knownProgress?: SourceProgress,
): Promise<ReportedSource[]> {
  const store = given.remembering();
  const [{ all }, sources] = await Promise.all([store.definitions.overHttp(), store.definitions.sources()]);
  const wanted = sources.filter(({ name }) => only(name));
  const found: ReportedSource[] = [];
  for (let next = 0; next < wanted.length; next += SOURCES_AT_ONCE) {
    const some = wanted.slice(next, next + SOURCES_AT_ONCE);
    const isPossible = store.budget?.fits(some.length) ?? true;
    const progress = await Promise.all(some.map(async ({ name }) => knownProgress ?? (isPossible ? progressOf(store, name) : undefined)));
    for (const [index, source] of some.entries()) {
      const declared = store.definitions.inCode.source(source.name, store.name) ? undefined : all.find(({ name }) => name === source.name);
      const known = progress[index];
      found.push({ source, origin: declared ? "api" : "code", ...(declared ? { declared } : {}), ...(known ? { progress: known } : {}) });
    }
  }
  return found;
}

async function progressOf(store: Store, name: string): Promise<SourceProgress | undefined> {
  try {
    return await within(SOURCE_ANSWER_MS, store.source(name).progress(), () => {
      throw new Error(`it took more than ${SOURCE_ANSWER_MS} ms`);
    });
  } catch (error) {
    logger.warn({ message: "the object of a source did not say how far it is", store: store.name, source: name }, error);
    return undefined;
  }
}
