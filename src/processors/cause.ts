/** Where a reaction comes from: it belongs to the conversation of its event, and has the event as its cause. Pure. */

import { HOPS, type RecordedEvent, TRACE, hopsOf } from "../core/event.ts";

export interface Cause {
  readonly correlationId: string;
  readonly causationId: string;
  /** How many reactions in a row there have been, including this one. */
  readonly hops: number;
  /** The trace that the event belongs to, and with it the reaction. */
  readonly trace?: string;
}

export function causeOf(event: RecordedEvent): Cause {
  const { correlationId } = event.meta as Record<string, unknown>; // a raw append may have put anything there
  return {
    correlationId: typeof correlationId === "string" ? correlationId : event.id,
    causationId: event.id,
    hops: hopsOf(event) + 1,
    ...(event[TRACE] === undefined ? {} : { trace: event[TRACE] }),
  };
}

/** The meta of an event that a processor appends, as JSON text. */
export function metaOf({ correlationId, causationId, hops }: Cause): string {
  return JSON.stringify({ correlationId, causationId, [HOPS]: hops });
}
