/** How far a store's consumers are according to D1: what the sweep passes to the log. */

import type { HeadspringEnv } from "../store/env.ts";
import type { App } from "../definitions/app.ts";
import { codeHash } from "../core/code-hash.ts";
import type { Listed } from "../consumers/kind.ts";
import type { Placed, StoreRows } from "../consumers/standing.ts";
import type { Definitions } from "../store/definitions.ts";
import type { Standing } from "../store/log-consumers.ts";
import { consumersInCode } from "../definitions/consumers.ts";
import { DefinitionsInCode } from "../definitions/in-code.ts";
import { KINDS } from "./kinds.ts";

/** How far every consumer among these is that D1 knows, and what it handles. */
export async function standingsOf(definitions: Listed, rows: readonly StoreRows[]): Promise<Placed[]> {
  const places = await Promise.all(KINDS.map(async (kind) => (await kind.standings?.(definitions, rows)) ?? []));
  return places.flat();
}

/** What the code declares: no call. */
export function inCodeAlone(inCode: DefinitionsInCode): Listed {
  return { views: async () => inCode.views, processors: async () => inCode.processors };
}

/** What only the catalog declares. */
export async function inCatalogAlone(definitions: Definitions): Promise<Listed> {
  const { all } = await definitions.overHttp();
  const own = all.filter(({ name }) => !definitions.isShadowed(name));
  return {
    views: async () => own.flatMap(({ view }) => view ?? []),
    processors: async () => own.flatMap(({ processor }) => processor ?? []),
  };
}

/** What D1 has about a consumer that the code does not declare: it is of the catalog, or was of other code. */
export interface Trace {
  readonly binding: string;
  readonly consumer: string;
  readonly generation: string;
  readonly position: number;
  readonly status: string;
}

export function tracesIn(inCode: DefinitionsInCode, rows: readonly StoreRows[]): Trace[] {
  return rows.flatMap(({ binding, checkpoints }) =>
    checkpoints.flatMap(({ consumer, generation, position, status }) =>
      inCode.kindOf(consumer) === undefined ? [{ binding, consumer, generation, position, status }] : [],
    ),
  );
}

/** A hash over how far all consumers are, and over the code that they should be of: if it is the same as before, nothing has moved. */
export async function fingerprintOf(
  app: App,
  env: HeadspringEnv,
  standings: readonly Standing[],
  traces: readonly Trace[] = [],
): Promise<string> {
  const { names, hash } = consumersInCode(app, env);
  const code = inCodeAlone(new DefinitionsInCode(app));
  const tables = (await Promise.all(KINDS.map(async (kind) => (await kind.targets?.(code)) ?? []))).flat();
  const places = standings.map(({ consumer, position, resting = false }) => ({ consumer, position, resting }));
  const others = traces.map(({ binding, consumer, generation, position, status }) => [binding, consumer, generation, position, status]);
  return codeHash({ consumers: names, audience: hash, tables, standings: places, ...(others.length > 0 ? { others } : {}) });
}
