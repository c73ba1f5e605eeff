/**
 * Trace context after W3C (https://www.w3.org/TR/trace-context/): which distributed trace a request belongs to. It is kept beside
 * each event that the request leads to, so that whatever an event causes, however much later, belongs to the same trace. Pure.
 */

import { type RecordedEvent, TRACE } from "../core/event.ts";

/** `version-trace-id-parent-id-flags`; versions after 00 may have more behind. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Ids of zeros alone are not valid. */
const ZEROS = /^0+$/;
const SAMPLED = 1;
/** Characters of a correlation id in a line of the logs: those that come in a header have no more. */
const CORRELATION_ID = 256;

/**
 * What a `traceparent` says, in version 00: 55 characters. Undefined: nothing that can be used; then, as the specification says,
 * it counts as left out. It comes from outside and is believed in nothing: it is handed on, and written into logs.
 */
export function parseTraceparent(header: string | null | undefined): string | undefined {
  const [, version, traceId = "", parentId = "", flags = "", more] = TRACEPARENT.exec(header ?? "") ?? [];
  if (version === undefined || version === "ff" || ZEROS.test(traceId) || ZEROS.test(parentId)) return undefined;
  if (version === "00") return more === undefined ? `00-${traceId}-${parentId}-${flags}` : undefined;
  // Of a later version only what this one knows is understood.
  return `00-${traceId}-${parentId}-0${Number.parseInt(flags, 16) & SAMPLED}`;
}

/** The trace that a parsed traceparent names: 32 hex digits. */
export function traceIdOf(trace: string | null | undefined): string | undefined {
  return trace?.slice(3, 35);
}

/** What lines and spans say of an event that something is done for: enough to find what led to it. */
export function causeInLine(event: Pick<RecordedEvent, "id" | "meta" | typeof TRACE>) {
  const { correlationId } = event.meta as Record<string, unknown>; // a raw append may have put anything there
  return {
    correlationId: typeof correlationId === "string" ? correlationId.slice(0, CORRELATION_ID) : undefined,
    causationId: event.id,
    traceId: traceIdOf(event[TRACE]),
  };
}
