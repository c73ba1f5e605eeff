/** A view's live rows with the commands of an outbox done to them. */

import type { Entry, OutboxQueue, Reader } from "./outbox-queue.ts";
import type { Change, LiveOptions } from "./view-types.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- conditions are contravariant in the row
export type LiveRows = { live(conditions?: any, options?: LiveOptions): AsyncIterable<Change<unknown>> };
export type Apply = (rows: Map<string, unknown>, entry: Entry) => void;

/** Has the form of the view's own rows: what takes the one takes the other. Each change gives all rows. */
export function overlaid(queue: OutboxQueue, view: LiveRows, apply: Apply): LiveRows {
  return { live: (conditions, options) => live(queue, apply, (more) => view.live(conditions, { ...options, ...more }), options) };
}

async function* live(
  queue: OutboxQueue,
  apply: Apply,
  open: (options: LiveOptions) => AsyncIterable<Change<unknown>>,
  { signal, onPosition }: LiveOptions = {},
): AsyncGenerator<Change<unknown>, void> {
  const rows = new Map<string, unknown>();
  const reader: Reader = { position: 0 };
  const abort = new AbortController();
  const end = () => abort.abort();
  let isChanged = false;
  let isOpen = true;
  let isLoaded = false;
  let failure: { readonly error: unknown } | undefined;
  let wake: (() => void) | undefined;
  const change = () => {
    isChanged = true;
    wake?.();
  };

  const follow = async () => {
    for await (const step of open({ signal: abort.signal, onPosition: reach })) {
      if (step.type === "rows") {
        rows.clear();
        for (const [key, row] of step.rows) rows.set(key, row);
        isLoaded = true;
      } else if (step.type === "row") rows.set(step.key, step.row);
      else rows.delete(step.key);
      change();
    }
  };
  const reach = (position: number) => {
    onPosition?.(position);
    if (position === reader.position) return; // a sign of life
    reader.position = position;
    queue.forgetShown();
    change();
  };

  signal?.addEventListener("abort", end);
  if (signal?.aborted) end();
  queue.readers.add(reader);
  const forget = queue.subscribe(change);
  const followed = follow()
    .catch((error: unknown) => (failure = { error }))
    .finally(() => {
      isOpen = false;
      wake?.();
    });
  try {
    for (;;) {
      // Without the rows there is nothing to do something to.
      if (isChanged && isLoaded) {
        isChanged = false;
        const shown = new Map(rows);
        for (const entry of queue.unshownAt(reader.position)) apply(shown, entry);
        yield { type: "rows", rows: shown };
      } else if (failure && !signal?.aborted) throw failure.error;
      else if (!isOpen) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    forget();
    queue.readers.delete(reader);
    queue.forgetShown();
    signal?.removeEventListener("abort", end);
    end();
    await followed;
  }
}
