/** Sections of the log: which positions a section's id asks for, and how the section that answers is called. */

import type { Notification } from "./notification.ts";

/** Notifications in one section, at most. A reader may ask for smaller ones, which is what the library's reader does by default: ten. */
export const SECTION_SIZE = 100;

/** In JSON, as `NotificationLogJSONClient` reads it. */
export interface Section {
  /** The first and the last notification that it has; null: none. */
  readonly id: string | null;
  /** Where to go on; null: this is the end, for now. */
  readonly next_id: string | null;
  readonly items: readonly Notification[];
}

/** What to read: up to `limit` notifications, after this position. */
export interface Asked {
  readonly after: number;
  readonly limit: number;
}

/** What `11,20` asks for; undefined: it is no id of a section. */
export function askedBy(id: string): Asked | undefined {
  const [, first, last] = (/^(\d{1,15}),(\d{1,15})$/.exec(id) ?? []).map(Number);
  if (first === undefined || last === undefined) return undefined;
  const start = Math.max(1, first);
  return { after: start - 1, limit: Math.min(Math.max(0, last - start + 1), SECTION_SIZE) };
}

/** The section of these notifications. A full one has a next one, whose id asks for as many. */
export function sectionOf(items: readonly Notification[], { limit }: Asked): Section {
  const [first, last] = [items[0], items.at(-1)];
  if (!first || !last) return { id: null, next_id: null, items };
  return {
    id: `${first.id},${last.id}`,
    next_id: items.length === limit ? `${last.id + 1},${last.id + limit}` : null,
    items,
  };
}
