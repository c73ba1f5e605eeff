/** What reads have shown, and at which position they said that it holds: compared in the end with the log up to there (promise 7). */

import { isDeepStrictEqual } from "node:util";
import type { View } from "../../src/definitions/views/view.ts";
import type { History } from "./history.ts";
import type { Random } from "./random.ts";
import { type Check, Fold } from "./verdict.ts";
import type { Write } from "./writes.ts";

export interface Observation {
  readonly store: string;
  readonly view: string;
  readonly key: string;
  /** The position that the answer named. */
  readonly position: number;
  /** Undefined: there was none. */
  readonly row: unknown;
}

/** A row that a write has touched, or may have: the view and the key. */
export function touchedBy({ stream }: Write, random: Random): readonly [view: string, key: string] | undefined {
  const [category = "", id = ""] = stream.split("/");
  switch (category) {
    case "product":
      return ["stock", id];
    case "counter":
      return ["totals", id];
    case "reading":
      return ["values", random.pick(["any", "100"])];
    case "order":
      return ["ready-orders", id];
    default:
      return undefined;
  }
}

export function readsShowedTheLog(
  histories: ReadonlyMap<string, History>,
  views: ReadonlyMap<string, View>,
  observations: readonly Observation[],
): Check {
  const violations: string[] = [];
  for (const some of Map.groupBy(observations, ({ store, view }) => `${store} ${view}`).values()) {
    const [first] = some;
    const history = histories.get(first?.store ?? "");
    const view = views.get(first?.view ?? "");
    if (!history || !view) throw new Error(`nothing is known of the view ${first?.view} in ${first?.store}`);
    const fold = new Fold(view);
    let at = 0;
    for (const { store, key, position, row } of some.toSorted((a, b) => a.position - b.position)) {
      for (const event of history.events.slice(at, position)) fold.take(event);
      at = Math.max(at, position);
      const expected = fold.rows.get(key);
      if (!isDeepStrictEqual(row, expected))
        violations.push(
          `${store}, ${view.name}/${key}: a read at ${position} showed ${JSON.stringify(row)} instead of ${JSON.stringify(expected)}`,
        );
    }
  }
  return { promise: 7, what: "what reads showed is the fold of the log up to their position", count: observations.length, violations };
}
