/** The D1 databases that views are kept in. */

import type { App } from "../definitions/app.ts";
import type { View } from "../definitions/views/view.ts";

/** The bindings of the databases that views and checkpoints are kept in. */
export function viewBindings(app: Pick<App, "views">): string[] {
  return [...new Set(["VIEWS", ...[...app.views.values()].map(({ database = "VIEWS" }) => database)])];
}

/** The view's database. */
export function databaseOf(env: Env, view: Pick<View, "name" | "database">): D1Database {
  const { name, database = "VIEWS" } = view;
  const db = (env as unknown as Record<string, D1Database | undefined>)[database]; // its name comes from the app
  if (!db || typeof db.prepare !== "function")
    throw new Error(`view "${name}" is kept in the D1 binding ${database}, which the deployment does not have`);
  return db;
}
