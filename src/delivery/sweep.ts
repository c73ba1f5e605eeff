/** The cron's part: finds consumers that lag although nobody rings for them any more. The last of three safety nets. */

import type { App } from "../app.ts";
import { Budget, capsOf, counting } from "../budget.ts";
import { SWEEP_CALLS } from "../limits.ts";
import { logOf } from "../objects.ts";
import { envOfStore } from "../stores.ts";
import { databasesOf, dropRetired } from "../views/retire.ts";
import { prepare } from "./schema.ts";

/** Asks the logs of stores that have consumers to ring for those behind, and drops the tables of views that nobody needs any more. */
export async function sweep(app: App, given: Env): Promise<void> {
  const budget = new Budget(capsOf(given));
  const env = counting(given, budget);
  const stores = new Set<string>();
  for (const { db } of databasesOf(app, env)) {
    await prepare(db);
    const { results } = await db.prepare(`SELECT DISTINCT store FROM headspring_checkpoints`).all<{ store: string }>();
    for (const { store } of results) stores.add(store);
  }
  // Half of what there is room for: the tables have their turn too.
  const most = Math.floor(budget.left / 2 / SWEEP_CALLS);
  await Promise.all(some([...stores], most).map(async (store) => logOf(await envOfStore(env, store), store).sweep()));
  await dropRetired(app, env);
}

/** All of them, or so many in a row from a random place on: nothing has to be remembered for each to have its turn. */
function some(stores: readonly string[], most: number): readonly string[] {
  if (stores.length <= most) return stores;
  const from = Math.floor(Math.random() * stores.length);
  return [...stores.slice(from), ...stores.slice(0, from)].slice(0, most);
}
