/** Where a store's consumers stand by what D1 has of them: what the sweep hands over to the log. */

import type { HeadspringEnv } from "../store/env.ts";
import type { App } from "../definitions/app.ts";
import { codeHash } from "../core/code-hash.ts";
import type { Placed, StoreRows } from "../consumers/standing.ts";
import type { Definitions } from "../store/definitions.ts";
import type { Standing } from "../store/log-protocol.ts";
import { consumersInCode } from "../definitions/consumers.ts";
import { KINDS } from "./kinds.ts";

/** Where every consumer of the store stands of which D1 knows, and what it handles. */
export async function standingsOf(definitions: Definitions, rows: readonly StoreRows[]): Promise<Placed[]> {
  const places = await Promise.all(KINDS.map(async (kind) => (await kind.standings?.(definitions, rows)) ?? []));
  return places.flat();
}

/** A name for where everybody stands, and for the code that is to be there: when it is the same as before, nothing has moved. */
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
