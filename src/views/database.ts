/** The D1 databases that views are kept in. */

import type { Store } from "../store/store.ts";
import type { App } from "../definitions/app.ts";
import type { View } from "../definitions/views/view.ts";

/** The bindings of the databases that views and checkpoints are kept in. */
export function viewBindings(app: Pick<App, "views">): string[] {
  return [...new Set(["VIEWS", ...[...app.views.values()].map(({ database = "VIEWS" }) => database)])];
}

/** The view's database. */
export function databaseOf(store: Store, { name, database }: Pick<View, "name" | "database">): D1Database {
  try {
    return store.database(database);
  } catch (error) {
    throw new Error(`view "${name}": ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
