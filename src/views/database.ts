/** The D1 databases that views are kept in. */

import type { Store } from "../store/store.ts";
import type { View } from "../definitions/views/view.ts";

/** The view's database. */
export function databaseOf(store: Store, { database }: Pick<View, "database">): D1Database {
  return store.database(database);
}
