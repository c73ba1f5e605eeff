/** Given events, then rows: folded by the projector's own code, one event at a time. */

import type * as z from "zod";
import { thrown } from "../core/platform-errors.ts";
import type { Frozen } from "../core/event.ts";
import { fold, touchesOf } from "../rows/fold.ts";
import type { RowSchema } from "../definitions/views/named-query.ts";
import { type View, handlerOf } from "../definitions/views/view.ts";
import type { StoredRow } from "../definitions/views/handler.ts";
import { type On, asStored, recorded } from "./recorded.ts";
import { same } from "./same.ts";

/** What has happened to a view: the sentence ends with its rows. */
export interface GivenView<Row extends RowSchema> {
  /** These are all rows, in any order. */
  thenRows(rows: readonly Frozen<z.output<Row>>[]): void;
}

export function givenView(view: View, events: readonly On[]): GivenView<RowSchema> {
  const rows = rowsAfter(view, events);
  return {
    thenRows: (expected) =>
      same(
        `${view.name}: given ${events.map(({ stream, event }) => `${event.type} on ${stream}`).join(", ")}`,
        byKey(view, [...rows.values()]),
        byKey(view, asStored(expected)),
      ),
  };
}

function rowsAfter(view: View, events: readonly On[]): Map<string, StoredRow> {
  const rows = new Map<string, StoredRow>();
  for (const event of recorded(view.followed, events)) {
    const handler = handlerOf(view, event.type);
    if (!handler) continue; // the consumer asks the log for the types it handles
    if (handler.write) throw new Error(`${view.name} handles ${event.type} with SQL, which only the database can run`);
    const { touches, failure } = touchesOf(view, [event]);
    const folded = fold(view, rows, touches);
    const failed = failure ?? folded.failure;
    if (failed) throw thrown(failed.error);
  }
  return rows;
}

function byKey({ key }: View, rows: readonly object[]): object[] {
  const keyOf = (row: object) => JSON.stringify((row as StoredRow)[key]);
  return rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
