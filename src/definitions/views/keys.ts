/** How a view's events find the rows that they change. Pure. */

import type { View } from "./view.ts";

/** Whether each event changes at most the row that is named like its stream. */
export function isKeyedByStream({ handlers, otherwise }: Pick<View, "handlers" | "otherwise">): boolean {
  return [...handlers.values(), ...(otherwise ? [otherwise] : [])].every(({ ofStream }) => ofStream === true);
}

/** An event type at which SQL changes the rows, so that nothing tells which; undefined: there is none. */
export function typeWithSql({ handlers }: Pick<View, "handlers">): string | undefined {
  return [...handlers].find(([, { write }]) => write !== undefined)?.[0];
}
