/** How far a source is behind, and what its slot costs the server. */

import type { Change, SourceLag } from "../../definitions/sources/kind.ts";
import { type Lsn, bytesBetween } from "./lsn.ts";
import type { Standing } from "./peek.ts";

const GiB = 1024 ** 3;
/** Bytes of log that a slot may hold back before somebody should look. Ours. */
const MUCH_BYTES = GiB;
/** Bytes that are left before the server removes what the slot needs (`max_slot_wal_keep_size`). Ours. */
const LITTLE_BYTES = 256 * 1024 ** 2;

/** @param at what is before it is read */
export function lagOf({ end }: Standing, at: Lsn, isAtEnd: boolean, last: Change | undefined): SourceLag {
  if (isAtEnd) return { bytes: bytesBetween(at, end), seconds: 0 };
  // The next change is about as old as the last one.
  const age = last?.time === undefined ? undefined : Math.max(0, (Date.now() - Date.parse(last.time)) / 1000);
  return { bytes: bytesBetween(at, end), ...(age === undefined ? {} : { seconds: age }) };
}

export function warningsOf(slot: string, standing: Standing | undefined): readonly string[] {
  if (!standing) return [];
  const kept = bytesBetween(standing.kept, standing.end);
  const { safeBytes } = standing;
  return [
    ...(kept > MUCH_BYTES
      ? [
          `the slot ${slot} makes the server keep ${(kept / GiB).toFixed(1)} GiB of its log: this source is behind, or an old transaction is still open`,
        ]
      : []),
    ...(safeBytes !== undefined && safeBytes < LITTLE_BYTES
      ? [
          `after ${Math.max(0, Math.round(safeBytes / 1024 ** 2))} MiB more of its log the server removes what the slot ${slot} still needs (max_slot_wal_keep_size)`,
        ]
      : []),
  ];
}
