/** The filters of all reads of the log: only some types, categories or streams. */

import * as z from "zod";
import type { FeedFilter, LogFilter } from "../store/log-protocol.ts";
import { type LoggedEvent, categoryOf } from "../core/event.ts";
import { correlationOf } from "../core/correlation.ts";
import { WITH_SECONDS } from "../core/names.ts";
import { callerOf } from "./auth-caller.ts";
import { visibleCategories } from "./auth-scope.ts";
import { type HttpContext, storeOf } from "./request.ts";
import { Problem } from "./problem.ts";

/** The filters of a query. Each may be repeated: any of its values may match. */
export const FilterQuery = z.object({
  type: z.array(z.string()).optional(),
  category: z.array(z.string()).optional(),
  stream: z.array(z.string()).optional(),
});

/** The filters of what is read, and not followed. */
export const SearchQuery = FilterQuery.extend({
  correlationId: z.string().optional(),
  since: z.iso.datetime({ offset: true }).regex(WITH_SECONDS, "a time in the form of RFC 3339, with seconds").optional(),
});

/** What of a page has the correlation that the query asks for: a log of older code does not look. */
export function correlated(events: readonly LoggedEvent[], { correlationId }: LogFilter): readonly LoggedEvent[] {
  return correlationId === undefined ? events : events.filter((event) => correlationOf(event) === correlationId);
}

/** The first position that the log took since then; 1 without a time. */
export async function firstSince(context: HttpContext, since: string | undefined): Promise<number> {
  return since === undefined ? 1 : storeOf(context).log.positionAt(Date.parse(since));
}

/** What the query asks for, of what the caller may see. */
export function filterOf(context: HttpContext, { type, category, stream }: z.output<typeof FilterQuery>): FeedFilter {
  const [one, ...others] = stream ?? [];
  return visibleOf(context, {
    ...(type ? { types: type } : {}),
    ...(category ? { categories: category } : {}),
    // One stream has an index.
    ...(one === undefined ? {} : others.length === 0 ? { stream: one } : { streams: [one, ...others] }),
  });
}

/** The part of a filter that the caller may see. */
export function visibleOf(context: HttpContext, filter: FeedFilter): FeedFilter {
  const visible = visibleCategories(callerOf(context)?.scope);
  // One stream alone is found by its index, which another condition would give up.
  if (!visible || (filter.stream !== undefined && visible.includes(categoryOf(filter.stream)))) return filter;
  return { ...filter, categories: filter.categories?.filter((name) => visible.includes(name)) ?? visible };
}

/**
 * A reader that is ahead of the log knows another log, or this one from before a restore: it would miss what is written up to the position
 * that it believes in.
 *
 * @param name where the request has the position
 * @throws {Problem} when it is beyond the head
 */
export function requireWithin(name: string, position: number | undefined, head: number): void {
  if (position === undefined || position <= head) return;
  throw new Problem(
    "position-beyond-head",
    `${name} is ${position}, but the log's head is ${head}: the position belongs to another log, or to this one before it was restored`,
    { head, position },
  );
}
