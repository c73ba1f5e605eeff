/**
 * All copies of a processor at the beginning of a batch: opened, emptied if they have to be, and brought to where the processor is. And once
 * everything has been read: whether all of it belongs to that place.
 */

import { CheckpointMoved, CheckpointStore } from "../consumers/checkpoint.ts";
import type { Failure } from "../consumers/consumer.ts";
import { incarnationOfProcessor, incarnationOfView } from "../definitions/incarnation.ts";
import type { Rules } from "../definitions/processors/rules.ts";
import type { View } from "../definitions/views/view.ts";
import { copiesOf } from "../rows/copies.ts";
import type { Store } from "../store/store.ts";
import { COPY_CALLS, COPY_GRACE_MS, COPY_SLICE_MS } from "./limits.ts";
import type { CopyRow } from "./rules-copied.ts";
import { Copy } from "./rules-copy.ts";

/** The copies, by view; or why the processor cannot go on with this batch. */
export type Opened = ReadonlyMap<View, Copy> | { readonly waits: true; readonly failure?: Failure };

/**
 * @param from where the processor's checkpoint was when the batch was read
 * @throws {CheckpointMoved} when another worker has moved it since
 */
export async function openCopies(store: Store, processor: Rules, from: number): Promise<Opened> {
  if (processor.views.length === 0) return new Map();
  const until = Date.now() + COPY_SLICE_MS;
  const tables = copiesOf(processor);
  for (const [view, table] of tables) await Copy.checkpointOf({ store, processor, view, table }).prepare();
  const skipped = await skippedBy(store, processor);
  const open = new Map<View, Copy>();
  for (;;) {
    const rows = await rowsOf(store, processor, from);
    let isReady = true;
    for (const [view, table] of tables) {
      const row = rows.find(({ generation }) => generation === table.generation) ?? null;
      const skips = { view: skipped.get(view.name) ?? NONE, processor: skipped.get(processor.name) ?? NONE };
      const copy = await Copy.open({ store, processor, view, table }, row, skips);
      const retiredAt = row?.retired_at ?? null;
      if (copy.position > from || isGone(retiredAt)) {
        if (!(await copy.empty(retiredAt, until))) return { waits: true };
        isReady = false;
      } else if (retiredAt !== null) {
        await copy.keep(retiredAt);
        isReady = false;
      } else if (copy.position < from) {
        const { failure } = await copy.follow(from);
        if (failure) return { waits: true, failure };
        isReady = false;
      } else open.set(view, copy);
    }
    if (isReady) return open;
    if (Date.now() >= until || store.budget?.fits(COPY_CALLS) === false) return { waits: true };
    open.clear();
  }
}

const NONE: ReadonlySet<number> = new Set();

/** Its rows have to go, or the sweep may be dropping them: no code wanted it for a while. */
function isGone(retiredAt: number | null): boolean {
  return retiredAt !== null && (retiredAt < 0 || retiredAt <= Date.now() - COPY_GRACE_MS);
}

/**
 * What was read of the copies is what they have at this place: no other worker has moved them while they were read. Otherwise something wrong would be
 * emitted before the commit fails.
 *
 * @throws {CheckpointMoved} when one has been moved, or begun again
 */
export async function requireStill(store: Store, processor: Rules, from: number, copies: Iterable<Copy>): Promise<void> {
  const all = [...copies];
  if (all.length === 0) return;
  const rows = await rowsOf(store, processor, from);
  if (!all.every((copy) => copy.isStill(rows))) throw new CheckpointMoved();
}

/** The checkpoints of the processor and its copies, at one moment: a copy is ahead of its processor only after a reset. */
async function rowsOf(store: Store, { name, generation }: Rules, from: number): Promise<CopyRow[]> {
  const { results } = await CheckpointStore.selectAll(store.database(), store.name, name).all<CopyRow>();
  const own = results.find((row) => row.generation === generation);
  if (own?.position !== from || own.status !== "active") throw new CheckpointMoved();
  return results;
}

/** The events that operators made the processor and its views skip, by consumer. */
async function skippedBy(store: Store, processor: Rules): Promise<Map<string, Set<number>>> {
  const skipped = new Map<string, Set<number>>();
  const { name, views } = processor;
  const consumers = [
    { name, binding: "VIEWS", incarnation: incarnationOfProcessor(processor) },
    ...views.map((view) => ({ name: view.name, binding: view.database ?? "VIEWS", incarnation: incarnationOfView(view) })),
  ];
  for (const [binding, some] of Map.groupBy(consumers, (one) => one.binding)) {
    const { results } = await store
      .database(binding)
      .prepare(
        `SELECT s.consumer, s.position FROM json_each(?) AS one JOIN headspring_skipped AS s ON s.consumer = one.value ->> 'name'
         WHERE s.store = ? AND ifnull(s.incarnation, one.value ->> 'incarnation') = one.value ->> 'incarnation'`,
      )
      .bind(JSON.stringify(some), store.name)
      .all<{ consumer: string; position: number }>();
    for (const { consumer, position } of results) skipped.set(consumer, (skipped.get(consumer) ?? new Set()).add(position));
  }
  return skipped;
}
