/** The D1 databases that views are kept in. */

import type { Store } from "../store/store.ts";
import type { View } from "../definitions/views/view.ts";

/** The view's database. */
export function databaseOf(store: Store, { name, database }: Pick<View, "name" | "database">): D1Database {
  try {
    return store.database(database);
  } catch (error) {
    throw new Error(`view "${name}": ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
