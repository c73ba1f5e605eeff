/** Whether an event is one that a webhook asks for. */

import { type LoggedEvent, categoryOf, streamIdOf, toRecorded } from "../event.ts";
import type { Feed } from "./progress.ts";
import { holds } from "./predicate.ts";
import type { Settings } from "./protocol.ts";
import { logger } from "../telemetry/logger.ts";

/** Data, or the function of a webhook in code. One that throws says no, and is reported. */
type Where = Settings["where"] | ((event: ReturnType<typeof toRecorded>) => boolean);

export interface Interest extends Pick<Settings, "types" | "categories"> {
  readonly where?: Where;
}

interface About {
  readonly store: string;
  readonly ownStream: string;
}

/**
 * @param about the webhook. `ownStream` is what is said about it: being told of that could go round in a circle
 * @param feed a replay may be of a time
 */
export function isOfInterest(
  event: LoggedEvent,
  { types, categories, where }: Interest,
  { store, ownStream }: About,
  feed: Pick<Feed, "since" | "until"> = {},
): boolean {
  if (event.erased || event.stream === ownStream) return false;
  if (types && !types.includes(event.type)) return false;
  if (categories && !categories.includes(categoryOf(event.stream))) return false;
  if (feed.since !== undefined && event.recordedAt < feed.since) return false;
  if (feed.until !== undefined && event.recordedAt >= feed.until) return false;
  if (where === undefined) return true;
  const recorded = toRecorded(event);
  if (typeof where !== "function") return holds(where, recorded);
  try {
    return where(recorded);
  } catch (error) {
    const { stream, version, type } = event;
    const consumer = streamIdOf(ownStream);
    logger.error({ message: "the predicate of a webhook threw; the event is not sent", store, consumer, stream, version, type }, error);
    return false;
  }
}
