/** What a view would make of some events, in memory. Pure. */

import { type RecordedEvent, categoryOf } from "../core/event.ts";
import { byteLength } from "../core/json.ts";
import { compareUtf8 } from "../core/utf8-order.ts";
import { stepsTaken } from "../definitions/expressions/run.ts";
import { type View, filterOfView, handlerOf } from "../definitions/views/view.ts";
import type { StoredRow } from "../definitions/views/handler.ts";
import { fold, touchesOf } from "../rows/fold.ts";
import { VIEW_LOAD_BYTES } from "../rows/limits.ts";
import { tableOf } from "../rows/table.ts";
import { LOOK_BACK_STEPS } from "./limits.ts";

export interface PreviewInput {
  readonly event: RecordedEvent;
  /** Why it is not folded. */
  readonly passed?: string;
  /** Why it cannot be. */
  readonly error?: Error;
}

export interface FoldedEvent {
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  readonly type: string;
  /** `passed`: it changes no row, and `why` says why. */
  readonly outcome: "changed" | "removed" | "passed" | "failed";
  readonly why?: string;
  /** The rows that it changes. */
  readonly keys?: readonly string[];
}

export interface ViewPreview {
  /** What each event did, in their order, up to one that fails or that is one too many. */
  readonly folded: readonly FoldedEvent[];
  /** In the order of their keys, which is that of a query without a sort. */
  readonly rows: readonly StoredRow[];
  readonly failure?: { readonly event: RecordedEvent; readonly error: unknown };
  /** The events so far took all the work that a preview may take. */
  readonly isCut: boolean;
}

/** Folds the events as the view's consumer would, one by one. */
export function previewOf(view: View, inputs: readonly PreviewInput[]): ViewPreview {
  const rows = new Map<string, StoredRow>();
  const sizes = new Map<string, number>();
  const folded: FoldedEvent[] = [];
  const table = tableOf(view);
  const begin = stepsTaken();
  let [kept, made] = [0, 0];
  const done = (rest: Pick<ViewPreview, "isCut" | "failure">): ViewPreview => ({
    folded,
    rows: [...rows].toSorted(([a], [b]) => compareUtf8(a, b)).map(([, row]) => row),
    ...rest,
  });
  for (const input of inputs) {
    if (kept >= VIEW_LOAD_BYTES || stepsTaken() - begin + made / ROW_BYTES_OF_STEP >= LOOK_BACK_STEPS) return done({ isCut: true });
    const { event, error, passed = whyPassed(view, event) } = input;
    const { id, stream, version, position, type } = event;
    const note = (rest: Pick<FoldedEvent, "outcome" | "why" | "keys">) => folded.push({ id, stream, version, position, type, ...rest });
    const fail = (error: unknown) => {
      note({ outcome: "failed" });
      return done({ isCut: false, failure: { event, error } });
    };
    if (error) return fail(error);
    if (passed !== undefined) {
      note({ outcome: "passed", why: passed });
      continue;
    }
    const { touches, failure } = touchesOf(view, [event]);
    const keys = touches.flatMap((touch) => touch.keys);
    if (failure) return fail(failure.error);
    const { changed, failure: unfolded } = fold(view, rows, touches);
    if (unfolded) return fail(unfolded.error);
    try {
      kept += keys.reduce((sum, key) => sum + byteLength(key), 0);
      for (const [key, row] of changed) {
        const size = byteLength(key) + (row === null ? 0 : table.bytesOf(row));
        kept += size - (sizes.get(key) ?? 0);
        made += size;
        sizes.set(key, size);
      }
    } catch (tooLarge) {
      return fail(tooLarge);
    }
    if (keys.length === 0) note({ outcome: "passed", why: "it names no row: `where` does not hold" });
    else note({ outcome: [...changed.values()].every((row) => row === null) ? "removed" : "changed", keys });
  }
  return done({ isCut: false });
}

/** Bytes of a row that count like a step of an expression. Measured: making a row takes as long, as it is written and read as JSON. */
const ROW_BYTES_OF_STEP = 4;

function whyPassed(view: View, { stream, type }: RecordedEvent): string | undefined {
  const { categories } = filterOfView(view);
  if (!categories.includes(categoryOf(stream))) return `the view follows ${categories.join(", ")}`;
  if (handlerOf(view, type)) return undefined;
  return view.otherwise ? "events of the store itself change nothing here" : `the view handles ${[...view.handlers.keys()].join(", ")}`;
}
