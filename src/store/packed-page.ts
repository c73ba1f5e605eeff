/** A page of the log on its way between objects. */

import type { LogPage, LogReadRequest } from "./log-protocol.ts";
import { type PackedEvents, packed, unpacked } from "./page-text.ts";

/** A {@link LogPage}, as it travels to a caller that can read it. */
export interface PackedPage extends Omit<LogPage, "events"> {
  /** One after another. */
  readonly packed: readonly PackedEvents[];
}

/** A page as it travels: `packed`, if the caller has asked for that. */
export function asAskedFor({ packed: isPacked }: LogReadRequest, page: LogPage): LogPage | PackedPage {
  return isPacked ? { packed: [packed(page.events)], next: page.next, head: page.head } : page;
}

/** What {@link asAskedFor} has made of a page. A log of older code packs nothing. */
export function asRead(page: LogPage | PackedPage): LogPage {
  return "packed" in page ? { events: page.packed.flatMap(unpacked), next: page.next, head: page.head } : page;
}
