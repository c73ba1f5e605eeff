/** What a consumer follows, and how much of that a store has: what a rebuild or a new consumer costs. */

import { counted } from "./finding.ts";
import type { Stored } from "./stored.ts";

/** Event types by category. */
export type Follows = readonly { readonly category: string; readonly types: readonly string[] }[];

/** How many events a consumer would read from the beginning on. */
export function eventsFor(follows: Follows, stored: Stored, head: number): { readonly events: number; readonly said: string } {
  if (!stored.isWhole) return { events: head, said: `up to ${counted(head, "event")}` };
  const events = follows
    .flatMap(({ category, types }) => types.map((type) => stored.count(category, type)))
    .reduce((sum, one) => sum + one, 0);
  return { events, said: counted(events, "event") };
}
