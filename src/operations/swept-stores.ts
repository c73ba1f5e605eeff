/** The stores that a sweep goes through. */

import type { HeadspringEnv } from "../store/env.ts";
import { directoryOf } from "../store/stores.ts";
import { logger } from "../telemetry/logger.ts";
import type { ViewDatabase } from "../views/retire.ts";
import { SWEEP_STORES } from "./limits.ts";

/** The next stores by name, of the directory and all databases together. */
export async function storesAfter(env: HeadspringEnv, databases: readonly ViewDatabase[], after: string): Promise<string[]> {
  const lists = await Promise.all([
    listed(env, after),
    ...databases.map(async ({ db }) => {
      const { results } = await db
        .prepare(`SELECT DISTINCT store FROM headspring_checkpoints WHERE store > ? ORDER BY store LIMIT ?`)
        .bind(after, SWEEP_STORES)
        .all<{ store: string }>();
      return results.map(({ store }) => store);
    }),
  ]);
  return [...new Set(lists.flat())].toSorted().slice(0, SWEEP_STORES);
}

/** The next stores that the directory knows. Without a directory, D1 has those that it knows. */
async function listed(env: HeadspringEnv, after: string): Promise<string[]> {
  try {
    return (await directoryOf(env).listStores(after, SWEEP_STORES)).map(({ name }) => name);
  } catch (error) {
    logger.warn({ message: "the directory of stores could not be read; the sweep continues with the stores that have checkpoints" }, error);
    return [];
  }
}
