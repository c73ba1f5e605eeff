/** What a processor's copy of a view is made of: its checkpoint's row, the rows' versions in a batch, and the events that concern it. */

import type { CheckpointRow } from "../consumers/checkpoint-row.ts";
import type { Failure } from "../consumers/consumer.ts";
import { type RecordedEvent, categoryOf } from "../core/event.ts";
import type { Rules } from "../definitions/processors/rules.ts";
import { type View, filterOfView } from "../definitions/views/view.ts";
import type { StoredRow } from "../definitions/views/handler.ts";
import type { ViewTable } from "../rows/table.ts";
import type { Store } from "../store/store.ts";

/**
 * A checkpoint's row. `retired_at` of a copy: negative if its rows have to go; else since when the sweep has found no use for it
 * (milliseconds since 1970), which other code may have.
 */
export type CopyRow = CheckpointRow & { readonly retired_at: number | null };

/** How far a copy came, and the event that its view cannot fold. */
export interface Folded {
  readonly position: number;
  readonly failure?: Failure;
}

/** A row after the event at a position; null: the view has none. */
export interface Version {
  readonly position: number;
  readonly row: StoredRow | null;
}

/** Positions of events that an operator skipped. */
export interface Skips {
  /** For the view: its rows have nothing of them. */
  readonly view: ReadonlySet<number>;
  /** For the processor: if it was the view's handler that failed, the copy goes on without them. */
  readonly processor: ReadonlySet<number>;
}

export interface CopyOf {
  readonly store: Store;
  readonly processor: Rules;
  readonly view: View;
  readonly table: ViewTable;
}

/** The processor's batch has other events, too. */
export function concerns(view: View, { stream, type }: RecordedEvent): boolean {
  const { categories, types } = filterOfView(view);
  return categories.includes(categoryOf(stream)) && (types?.includes(type) ?? true);
}
