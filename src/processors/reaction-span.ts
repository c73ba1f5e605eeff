/** A processor's work for one event, as a span: in the trace and the conversation of that event. */

import type { RecordedEvent } from "../core/event.ts";
import { span } from "../telemetry/span.ts";
import { causeInLine } from "../telemetry/trace.ts";

export function reactionSpan<Result>(store: string, consumer: string, event: RecordedEvent, work: () => Result): Result {
  const { stream, version, position, type } = event;
  return span("react", () => ({ store, consumer, stream, version, position, type, ...causeInLine(event) }), work);
}
