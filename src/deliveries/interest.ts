/** Whether a consumer wants an event: by type, category and predicate. */

import { type LoggedEvent, categoryOf, toRecorded, type EventFilter } from "../core/event.ts";
import { holds } from "../definitions/webhooks/predicate.ts";
import type { Interest, Where } from "../definitions/webhooks/webhook.ts";
import { liftError } from "../definitions/upcast.ts";

/** Milliseconds since 1970, from and before: a replay may cover a time. */
interface Times {
  readonly since?: number;
  readonly until?: number;
}

/** The part of the filter that the log applies: types and categories. The webhook applies the rest. */
export function filterOf({ types, categories }: EventFilter): EventFilter {
  return { ...(types ? { types } : {}), ...(categories ? { categories } : {}) };
}

interface About {
  readonly ownStream: string;
}

/** @param about the webhook. Its `ownStream` has the events about it: delivering those could go round in a circle */
export function isOfInterest(
  event: LoggedEvent,
  { types, categories, where }: Interest,
  { ownStream }: About,
  { since, until }: Times = {},
): boolean {
  if (event.erased || event.stream === ownStream) return false;
  if (types && !types.includes(event.type)) return false;
  if (categories && !categories.includes(categoryOf(event.stream))) return false;
  if (since !== undefined && event.recordedAt < since) return false;
  if (until !== undefined && event.recordedAt >= until) return false;
  const answer = answerOf(where, event);
  return answer instanceof Error || answer;
}

/**
 * Why an event that was taken cannot be sent, whatever the state of the endpoint; undefined: it can. It is tried again like any other
 * delivery, and parked in the end: an event that a webhook may have wanted is not dropped because the code cannot decide.
 */
export function whyNotSendable(event: LoggedEvent, { where }: Interest): string | undefined {
  const answer = answerOf(where, event);
  return answer instanceof Error ? answer.message : undefined;
}

/** Whether the code, which could not decide when the event was taken, has decided since that it is not wanted. */
export function isUnwanted(event: LoggedEvent, { where }: Interest): boolean {
  return typeof where === "function" && !answerOf(where, event);
}

/** Whether a webhook wants an event, by its predicate; an error: the code cannot decide. */
function answerOf(where: Where | undefined, event: LoggedEvent): boolean | Error {
  const problem = liftError(event);
  if (problem) return problem;
  if (where === undefined) return true;
  try {
    return typeof where === "function" ? where(toRecorded(event)) : holds(where, toRecorded(event));
  } catch (error) {
    return new Error(`the webhook's predicate threw: ${error instanceof Error ? error.message : String(error)}`);
  }
}
