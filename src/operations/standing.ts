/** Where a store's consumers stand by what D1 has of them: what the sweep hands over to the log. */

import type { HeadspringEnv } from "../store/env.ts";
import type { App } from "../definitions/app.ts";
import { codeHash } from "../core/code-hash.ts";
import type { Placed, StoreRows } from "../consumers/standing.ts";
import type { Standing } from "../store/log-protocol.ts";
import { audienceHash, consumersInCode } from "../definitions/consumers.ts";
import { KINDS } from "./kinds.ts";

/** Where every consumer of the code stands of which D1 knows, and what it handles. */
export function standingsOf(app: App, rows: readonly StoreRows[]): Placed[] {
  return KINDS.flatMap((kind) => kind.standings?.(app, rows) ?? []);
}

/** A name for where everybody stands, and for the code that is to be there: when it is the same as before, nothing has moved. */
export function fingerprintOf(app: App, env: HeadspringEnv, standings: readonly Standing[]): string {
  const tables = KINDS.flatMap((kind) => kind.targets?.(app) ?? []);
  const places = standings.map(({ consumer, position, resting = false }) => ({ consumer, position, resting }));
  return codeHash({ consumers: consumersInCode(app, env), audience: audienceHash(app, env), tables, standings: places });
}
