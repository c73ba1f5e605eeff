/** The keys of a run of an index, in order. */

import { compareUtf8 } from "../core/utf8-order.ts";
import { END, type IndexRows, type Row } from "./index-rows.ts";

/** The keys after this one, each with its last entry in the run. */
export function* keysOf(rows: IndexRows, run: number, after: string): Generator<{ key: string; at: number; value: number }, undefined> {
  let key = after;
  let row = rows.upTo(run, { key, at: END }) ?? rows.after(run, { key, at: END });
  while (row) {
    for (const [index, group] of row.entries()) {
      if (compareUtf8(group.key, key) <= 0) continue;
      key = group.key;
      // A key whose entries reach the end of a row may have more in the next ones.
      const end = index < row.length - 1 ? group : rows.upTo(run, { key, at: END })?.find((other) => other.key === key);
      const at = end?.ats.at(-1) ?? 0;
      yield { key, at, value: end?.values.at(-1) ?? at };
    }
    // The row in which the last key ends may have the keys after it.
    const end = rows.upTo(run, { key, at: END });
    row = end && !isSame(end, row) ? end : rows.after(run, { key, at: END });
  }
  return undefined;
}

function isSame([a]: Row, [b]: Row): boolean {
  return a?.key === b?.key && a?.ats[0] === b?.ats[0];
}
