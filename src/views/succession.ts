/**
 * Which version's table of a view is on record, when versions of the code with different definitions run side by side: that of the newest
 * one.
 *
 * Each version answers from its own table as soon as it has one that is not behind. The table on record answers for versions that have none
 * yet. So it is never swapped back and forth: an older version takes over the record only when the newer one has not been seen for a long
 * time, which is what a rollback looks like from here.
 */

import type { Store } from "../store/store.ts";
import type { Checkpoint } from "../consumers/checkpoint-row.ts";
import { type Deployment } from "../store/deployment.ts";
import { VIEW_ROLLBACK_MS, VIEW_ROLLOUT_MS } from "./limits.ts";
import { logger } from "../telemetry/logger.ts";
import type { View } from "../definitions/views/view.ts";

/**
 * What a table is on record for: the version of the code that declares the view, or of a view that was declared over HTTP its declaration.
 * Both are ordered by time. All declarations of one incarnation have one id.
 */
export function ownerFor(store: Pick<Store, "deployment">, { declaration }: Pick<View, "declaration">): Deployment | undefined {
  return declaration ? { id: `declared-${declaration.incarnation}`, at: declaration.at } : store.deployment;
}

/** The owner of a record. */
export function ownerOf(row: { readonly deployment?: string | null; readonly deployed_at?: number | null } | null): Deployment | undefined {
  const { deployment: id, deployed_at: at } = row ?? {};
  return typeof id === "string" && typeof at === "number" ? { id, at } : undefined;
}

/** Whether a record was left by what had the name before this view was declared: an earlier incarnation, or code. */
export function isOfEarlierIncarnation({ declaration }: Pick<View, "declaration">, owner: Deployment | undefined): boolean {
  if (!declaration) return false;
  return owner?.id !== `declared-${declaration.incarnation}` && (owner?.at ?? 0) < declaration.at;
}

/** What it takes to compare a table with another one. */
export type TableState = Pick<Checkpoint, "position" | "bornAt" | "startedAt" | "keptAt">;

/** The table on record, if it is of another definition than this code's. */
export interface Other {
  readonly position: number;
  readonly startedAt: number;
  /** Since when it has not moved from there, although this code's table is ahead of it. Milliseconds since 1970. */
  readonly quietSince?: number;
}

/** The facts that a succession depends on. */
export interface Succession {
  /** The generation on record. */
  readonly recorded: string;
  /** The version that it is on record for; undefined: unknown. */
  readonly owner: Deployment | undefined;
  readonly wanted: { readonly generation: string };
  readonly rebuild: number;
  /** The state of the wanted table; undefined: it is not begun. */
  readonly own: TableState | undefined;
  /** Undefined: the table on record is of this code. */
  readonly other: Other | undefined;
}

/** A table's place in the order: by its version's upload; without metadata by when it was begun. */
interface Place {
  readonly at: number;
  readonly id: string;
  readonly startedAt: number;
  readonly generation: string;
}

function placeOf(deployment: Deployment | undefined, startedAt: number, generation: string): Place {
  return { at: deployment?.at ?? startedAt, id: deployment?.id ?? "", startedAt, generation };
}

/** Whether the first one is later. */
export function isLater(one: Place, other: Place): boolean {
  const decisive = (["at", "id", "startedAt"] as const).find((member) => one[member] !== other[member]) ?? "generation";
  return one[decisive] > other[decisive];
}

/** Whether this code's own table answers, although another version's is on record. */
export function answersItself(own: TableState | undefined, other: Other, eraseTo: number, now: number): boolean {
  // A table that still has what was erased waits for its rebuild.
  if (!own || own.bornAt < eraseTo) return false;
  // Built, but neither kept nor on record: a third version would know nothing of it, and answer from an earlier position.
  if (own.keptAt === undefined) return false;
  // Kept a moment ago, by a clock that may be wrong in both directions: the other table is only ahead by what is on its way.
  const isKept = Math.abs(now - own.keptAt) <= VIEW_ROLLOUT_MS;
  return own.position >= other.position || isKept;
}

/** Whether the table on record has shown no sign of life for this long. */
export function isQuiet({ quietSince }: Other, now: number, milliseconds: number): boolean {
  return quietSince !== undefined && now - quietSince >= milliseconds;
}

/**
 * Puts the wanted table on record, if it is not behind the recorded one (reads must not go back in time), and if it is this code's turn:
 * its version is the later one, or the other has been quiet.
 *
 * @param quietMs for how long
 */
export async function swap(
  store: Store,
  view: View,
  { recorded, owner, wanted, rebuild, own, other }: Succession,
  quietMs = VIEW_ROLLBACK_MS,
): Promise<boolean> {
  const now = Date.now();
  const mine = ownerFor(store, view);
  const later = isLater(placeOf(mine, own?.startedAt ?? now, wanted.generation), placeOf(owner, other?.startedAt ?? 0, recorded));
  const quiet = other !== undefined && isQuiet(other, now, quietMs);
  if (other && !later && !quiet) return false;
  // A rebuild by older code of the same definition does not change who owns it.
  const next = other || later ? mine : owner;
  const db = store.database(view.database);
  const [taken] = await db.batch([
    db
      .prepare(
        `UPDATE headspring_views AS v SET serving = ?, deployment = ?, deployed_at = ?, quiet_since = NULL, quiet_position = NULL
         WHERE store = ? AND view = ? AND serving = ? AND rebuild = ? AND deployment IS ? AND deployed_at IS ?
           AND (SELECT position FROM headspring_checkpoints WHERE store = v.store AND consumer = v.view AND generation = ?)
            >= (SELECT COALESCE(MAX(position), 0) FROM headspring_checkpoints WHERE store = v.store AND consumer = v.view AND generation = v.serving)
           AND (? OR quiet_position = (SELECT position FROM headspring_checkpoints WHERE store = v.store AND consumer = v.view AND generation = v.serving))`,
      )
      .bind(
        wanted.generation,
        next?.id ?? null,
        next?.at ?? null,
        store.name,
        view.name,
        recorded,
        rebuild,
        owner?.id ?? null,
        owner?.at ?? null,
        wanted.generation,
        !other || later ? 1 : 0,
      ),
    // The replaced table still answers its own code, which may have had it at the head until now.
    db
      .prepare(
        `UPDATE headspring_checkpoints AS c
         SET retired_at = CASE generation WHEN ?1 THEN NULL ELSE ?2 END,
             kept_at = CASE WHEN position >= (SELECT position FROM headspring_checkpoints AS w WHERE w.store = c.store AND w.consumer = c.consumer AND w.generation = ?1)
                       THEN ?2 ELSE moved_at END
         WHERE store = ?3 AND consumer = ?4 AND generation IN (?1, ?5)
           AND EXISTS (SELECT 1 FROM headspring_views WHERE store = c.store AND view = c.consumer AND serving = ?1)`,
      )
      .bind(wanted.generation, now, store.name, view.name, recorded),
  ]);
  const isTaken = (taken?.meta.changes ?? 0) > 0;
  const about = {
    store: store.name,
    consumer: view.name,
    generation: wanted.generation,
    ...(mine && !view.declaration ? { deployment: mine.id } : {}),
  };
  if (isTaken) logger.info({ message: "a view is served by its new table", ...about });
  return isTaken;
}

/**
 * Records that this code's table is at the head and in use while another version's is on record, so that it is not dropped. And notes since
 * when that other table has not moved although there was something to do.
 *
 * @param position that of this code's table
 * @returns the other table, as it is on record now
 */
export async function keep(store: Store, view: View, succession: Succession, other: Other, position: number): Promise<Other> {
  const db = store.database(view.database);
  const now = Date.now();
  const { wanted, own, recorded } = succession;
  const isBehind = other.position < position;
  const isNoted = other.quietSince !== undefined && other.quietSince <= now;
  const statements: D1PreparedStatement[] = [];
  if (own?.keptAt === undefined || Math.abs(now - own.keptAt) > VIEW_ROLLOUT_MS / 4) {
    const kept = `UPDATE headspring_checkpoints SET kept_at = ?, retired_at = ? WHERE store = ? AND consumer = ? AND generation = ?`;
    statements.push(db.prepare(kept).bind(now, now, store.name, view.name, wanted.generation));
  }
  if (isBehind ? !isNoted : other.quietSince !== undefined) {
    const noted = `UPDATE headspring_views SET quiet_since = ?, quiet_position = ? WHERE store = ? AND view = ? AND serving = ?`;
    statements.push(db.prepare(noted).bind(isBehind ? now : null, isBehind ? other.position : null, store.name, view.name, recorded));
  }
  if (statements.length > 0) await db.batch(statements);
  const { quietSince, ...rest } = other;
  return isBehind ? { ...rest, quietSince: isNoted && quietSince !== undefined ? quietSince : now } : rest;
}
