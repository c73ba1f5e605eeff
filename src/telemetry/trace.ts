/**
 * Trace context as the W3C defines it (https://www.w3.org/TR/trace-context/): which distributed trace a request belongs to. It is kept with
 * each event that the request leads to, so that whatever an event causes, however much later, belongs to the same trace. Pure.
 */

import { type RecordedEvent, TRACE } from "../core/event.ts";

/** `version-trace-id-parent-id-flags`; versions after 00 may add more. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Ids of zeros alone are not valid. */
const ZEROS = /^0+$/;
const SAMPLED = 1;
/** Characters of a correlation id in a line of the logs: ids that arrive in a header are no longer than that. */
const CORRELATION_ID = 256;

/**
 * The `traceparent` of a header, in version 00: 55 characters. Undefined: it is not valid; then, as the specification says, it counts as
 * absent. It comes from outside and nothing depends on it: it is only passed on, and logged.
 */
export function parseTraceparent(header: string | null | undefined): string | undefined {
  const [, version, traceId = "", parentId = "", flags = "", more] = TRACEPARENT.exec(header ?? "") ?? [];
  if (version === undefined || version === "ff" || ZEROS.test(traceId) || ZEROS.test(parentId)) return undefined;
  if (version === "00") return more === undefined ? `00-${traceId}-${parentId}-${flags}` : undefined;
  // From a later version, only what this version defines is used.
  return `00-${traceId}-${parentId}-0${Number.parseInt(flags, 16) & SAMPLED}`;
}

/** The trace id in a parsed traceparent: 32 hex digits. */
export function traceIdOf(trace: string | null | undefined): string | undefined {
  return trace?.slice(3, 35);
}

/** What lines and spans contain about the event that something is done for: enough to find what led to it. */
export function causeInLine(event: Pick<RecordedEvent, "id" | "meta" | typeof TRACE>) {
  const { correlationId } = event.meta as Record<string, unknown>; // a raw append may have put anything there
  return {
    correlationId: typeof correlationId === "string" ? correlationId.slice(0, CORRELATION_ID) : undefined,
    causationId: event.id,
    traceId: traceIdOf(event[TRACE]),
  };
}
