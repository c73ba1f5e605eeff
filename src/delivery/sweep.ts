/** The cron's part: finds consumers that lag although nobody rings for them any more. The last of three safety nets. */

import type { App } from "../app.ts";
import { logOf } from "../objects.ts";
import { envOfStore } from "../stores.ts";
import { databasesOf, dropRetired } from "../views/retire.ts";
import { prepare } from "./schema.ts";

/** Asks the log of every store that has consumers to ring for those behind, and drops the tables of views that nobody needs any more. */
export async function sweep(app: App, env: Env): Promise<void> {
  const stores = new Set<string>();
  for (const { db } of databasesOf(app, env)) {
    await prepare(db);
    const { results } = await db.prepare(`SELECT DISTINCT store FROM headspring_checkpoints`).all<{ store: string }>();
    for (const { store } of results) stores.add(store);
  }
  await Promise.all([...stores].map(async (store) => logOf(await envOfStore(env, store), store).sweep()));
  await dropRetired(app, env);
}
