/** Whether a consumer wants an event: by type, category and predicate. */

import { type LoggedEvent, categoryOf, toRecorded, type EventFilter } from "../core/event.ts";
import { holds } from "../definitions/webhooks/predicate.ts";
import type { Interest, Where } from "../definitions/webhooks/webhook.ts";
import { liftError } from "../definitions/upcast.ts";

/** Milliseconds since 1970, from and before: a replay may be of a time. */
interface Times {
  readonly since?: number;
  readonly until?: number;
}

/** What the log knows of it: these types and categories, and of them the webhook chooses itself. */
export function filterOf({ types, categories }: EventFilter): EventFilter {
  return { ...(types ? { types } : {}), ...(categories ? { categories } : {}) };
}

interface About {
  readonly ownStream: string;
}

/**
 * @param about the webhook. `ownStream` is what is said about it: being told of that could go round in a circle
 */
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
 * Why an event that is taken cannot be sent, whatever the endpoint is like; undefined: it can. It is tried again like any
 * other delivery, and parked in the end: nothing that a webhook may have wanted is dropped because the code cannot tell.
 */
export function whyNotSendable(event: LoggedEvent, { where }: Interest): string | undefined {
  const answer = answerOf(where, event);
  return answer instanceof Error ? answer.message : undefined;
}

/** Whether code that could not tell when the event was taken has since said that it is not wanted. */
export function isUnwanted(event: LoggedEvent, { where }: Interest): boolean {
  return typeof where === "function" && !answerOf(where, event);
}

/** Whether a webhook wants an event, by its predicate; an error: the code cannot tell. */
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
