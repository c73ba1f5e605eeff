/** Where a reaction comes from: it belongs to the conversation of its event, and has the event as its cause. Pure. */

import { type RecordedEvent, TRACE } from "../core/event.ts";
import { HOPS, LINEAGE, PROCESSOR, hopsOf, lineageOf } from "../core/meta.ts";

export interface Cause {
  readonly correlationId: string;
  readonly causationId: string;
  /** How many reactions in a row there have been, including this one. */
  readonly hops: number;
  /** The processors declared over HTTP that have led to it. Absent: none. */
  readonly lineage?: readonly string[];
  /** The trace that the event belongs to, and with it the reaction. */
  readonly trace?: string;
}

/** @param emitter the processor declared over HTTP that emits the reaction: from then on it belongs to the lineage */
export function causeOf(event: RecordedEvent, emitter?: string): Cause {
  const earlier = lineageOf(event);
  const lineage = emitter === undefined || earlier.includes(emitter) ? earlier : [...earlier, emitter];
  const { correlationId } = event.meta as Record<string, unknown>; // a raw append may have put anything there
  return {
    correlationId: typeof correlationId === "string" ? correlationId : event.id,
    causationId: event.id,
    hops: hopsOf(event) + 1,
    ...(lineage.length === 0 ? {} : { lineage }),
    ...(event[TRACE] === undefined ? {} : { trace: event[TRACE] }),
  };
}

/** The meta of an event that a processor appends, as JSON text. */
export function metaOf({ correlationId, causationId, hops, lineage }: Cause, processor: string): string {
  return JSON.stringify({ correlationId, causationId, [PROCESSOR]: processor, [HOPS]: hops, [LINEAGE]: lineage });
}
