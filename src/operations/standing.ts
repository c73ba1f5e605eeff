/** How far a store's consumers are according to D1: what the sweep passes to the log. */

import type { HeadspringEnv } from "../store/env.ts";
import type { App } from "../definitions/app.ts";
import { codeHash } from "../core/code-hash.ts";
import type { Placed, StoreRows } from "../consumers/standing.ts";
import type { Definitions } from "../store/definitions.ts";
import type { Standing } from "../store/log-protocol.ts";
import { consumersInCode } from "../definitions/consumers.ts";
import { KINDS } from "./kinds.ts";

/** How far every consumer of the store is that D1 knows, and what it handles. */
export async function standingsOf(definitions: Definitions, rows: readonly StoreRows[]): Promise<Placed[]> {
  const places = await Promise.all(KINDS.map(async (kind) => (await kind.standings?.(definitions, rows)) ?? []));
  return places.flat();
}

/** A hash over how far all consumers are, and over the code that they should be of: if it is the same as before, nothing has moved. */
export async function fingerprintOf(
  app: App,
  env: HeadspringEnv,
  definitions: Definitions,
  standings: readonly Standing[],
): Promise<string> {
  const { names, hash } = consumersInCode(app, env);
  const tables = (await Promise.all(KINDS.map(async (kind) => (await kind.targets?.(definitions)) ?? []))).flat();
  const places = standings.map(({ consumer, position, resting = false }) => ({ consumer, position, resting }));
  return codeHash({ consumers: names, audience: hash, tables, standings: places });
}
