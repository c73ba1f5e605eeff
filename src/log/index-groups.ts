/** The entries of a group: of one key in one row, or of what is recent. */

import { END, type Group } from "./index-rows.ts";

export interface Found {
  readonly key: string;
  readonly at: number;
  readonly value: number;
}

export function* lastOf(keys: readonly string[], groups: ReadonlyMap<string, Group>): Generator<Found, undefined> {
  for (const key of keys) {
    const group = groups.get(key);
    if (group) yield entryOf(group, group.ats.length - 1);
  }
  return undefined;
}

export function entryOf({ key, ats, values }: Group, index: number): Found {
  const at = ats[index] ?? 0;
  return { key, at, value: values[index] ?? at };
}

/** The first value of a group. */
export function startOf({ ats, values }: Group): number {
  return values[0] ?? ats[0] ?? END;
}

export function entryUpTo(group: Group, value: number): Found {
  const { ats, values } = group;
  return entryOf(
    group,
    (values.length > 0 ? values : ats).findLastIndex((each) => each <= value),
  );
}

export function* within(group: Group, from: number, to: number, forward: boolean): Generator<Found> {
  const { length } = group.ats;
  for (let step = 0; step < length; step++) {
    const entry = entryOf(group, forward ? step : length - 1 - step);
    if (entry.at >= from && entry.at <= to) yield entry;
  }
}
