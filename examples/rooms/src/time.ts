/** Times: instants everywhere, and the day that they fall on where the room is. */

import * as z from "zod";

/**
 * An instant. A client writes it with its own offset, `2026-11-27T10:00:00+01:00`; it is kept in UTC, `2026-11-27T09:00:00.000Z`, so that
 * instants can be compared as strings.
 */
const Instant = z.iso.datetime({ offset: true }).transform((time) => new Date(time).toISOString());

/** From an instant until before another one. Two meetings may meet: one ends at ten, the next begins at ten. */
export const Slot = z
  .object({ begins: Instant, ends: Instant })
  .refine(({ begins, ends }) => begins < ends, { path: ["ends"], message: "must be after `begins`" });

/** The same as it is in events: in UTC already. */
export const StoredSlot = z.object({ begins: z.iso.datetime(), ends: z.iso.datetime() });

export type Slot = Readonly<z.infer<typeof StoredSlot>>;

/** The name of a time zone, such as `Europe/Zurich`. */
export const Zone = z
  .string()
  .refine(isZone, "must be the name of a time zone, such as Europe/Zurich")
  .meta({ examples: ["Europe/Zurich"] });

function isZone(zone: string): boolean {
  try {
    return Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

export function overlap(one: Slot, other: Slot): boolean {
  return one.begins < other.ends && other.begins < one.ends;
}

export function minutesOf({ begins, ends }: Slot): number {
  return (Date.parse(ends) - Date.parse(begins)) / 60_000;
}

/** The day of an instant in a time zone, as `2026-11-27`. */
export function dayIn(zone: string, instant: string): string {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(
    new Date(instant),
  );
  const part = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}`;
}
