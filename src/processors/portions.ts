/** Work that commits as it goes: its checkpoint moves after a number of calls, and it stops when the invocation has no room for more. */

import type { Budget } from "../core/budget.ts";
import type { CheckpointStore } from "../consumers/checkpoint.ts";
import type { Applied, Batch } from "../consumers/consumer.ts";
import type { RecordedEvent } from "../core/event.ts";
import { PORTION_CALLS } from "../core/limits.ts";

interface Part {
  readonly event: RecordedEvent;
  /** Calls that it makes. */
  readonly calls: number;
}

interface Portioned<One extends Part> {
  readonly checkpoint: CheckpointStore;
  readonly budget?: Budget | undefined;
  readonly batch: Batch;
  /** In the log's order. */
  readonly parts: readonly One[];
  /** The event right after the parts, if it is known to fail. */
  readonly failure?: Applied["failure"];
  /** Calls of one portion, if they have to be fewer than usual. */
  readonly most?: number;
  /** What is committed along with the positions after the first up to the second. */
  readonly also?: (after: number, last: number) => readonly D1PreparedStatement[];
  /** Does all of a portion. Returns the first event that failed; everything before it is done. */
  readonly work: (portion: readonly One[]) => Promise<Applied["failure"]>;
}

export async function inPortions<One extends Part>(given: Portioned<One>): Promise<Applied> {
  const { checkpoint, budget, batch, work, most = PORTION_CALLS, also = () => [] } = given;
  const { from, to } = batch;
  const all = portions(given.parts, most);
  let position = from;
  for (const [index, portion] of all.entries()) {
    if (index > 0 && budget && !budget.fits(callsOf(portion))) return { position };
    const failure = await work(portion);
    const next = all[index + 1]?.[0];
    const end = failure ?? given.failure;
    const done = failure ? failure.event.position - 1 : next ? next.event.position - 1 : end ? end.event.position - 1 : to;
    if (done > position) await checkpoint.commit(position, done, also(position, done), batch);
    position = done;
    if (failure) return { position, failure };
  }
  if (all.length === 0) {
    position = given.failure ? given.failure.event.position - 1 : to;
    if (position > from) await checkpoint.commit(from, position, also(from, position), batch);
  }
  return { position, ...(given.failure ? { failure: given.failure } : {}) };
}

/** Cuts work into portions of this many calls, in order. Work that needs more calls is a portion by itself. */
function portions<One extends { readonly calls: number }>(parts: readonly One[], most: number): One[][] {
  const cut: One[][] = [];
  let calls = 0;
  for (const part of parts) {
    const last = cut.at(-1);
    calls += part.calls;
    if (last && calls <= most) last.push(part);
    else {
      cut.push([part]);
      calls = part.calls;
    }
  }
  return cut;
}

function callsOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { calls }) => sum + calls, 0);
}
