/** Reactions to several events: what they are sent to gets them in order, and the others do not wait. */

import type { Applied } from "../consumers/consumer.ts";
import type { RecordedEvent } from "../core/event.ts";
import { batchesOf } from "./batches.ts";
import { REACTIONS_IN_FLIGHT } from "./limits.ts";
import { reactionSpan } from "./reaction-span.ts";

/** What is done at one event. */
interface Reaction {
  readonly event: RecordedEvent;
}

/**
 * Reacts to events: those of one stream in their order, so that every target stream gets what it is sent in order. Different streams do not
 * wait for each other, within one of the {@link batchesOf} the events.
 *
 * @param keysOf the streams on which an event must wait for the one before: its own, and those that its reaction goes to
 * @returns the first event whose reaction failed; everything before it is done
 */
export async function reactAll<One extends Reaction>(
  { store, processor }: { readonly store: string; readonly processor: string },
  reactions: readonly One[],
  keysOf: (reaction: One) => Iterable<string>,
  carryOut: (reaction: One) => Promise<void>,
): Promise<Applied["failure"]> {
  for (const wave of batchesOf(reactions, keysOf, REACTIONS_IN_FLIGHT)) {
    const results = await Promise.allSettled(
      wave.map((reaction) => reactionSpan(store, processor, reaction.event, () => carryOut(reaction))),
    );
    for (const [index, result] of results.entries()) {
      const reaction = wave[index];
      if (result.status === "rejected" && reaction) return { event: reaction.event, error: result.reason };
    }
  }
  return undefined;
}
