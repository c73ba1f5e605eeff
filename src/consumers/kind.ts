/**
 * A kind of consumer: what the queue, operators, reports and the sweep ask of it. Views, processors and webhooks are the ones there are;
 * each has its `kind.ts`, and `operations/kinds.ts` is the list. Nothing above it tells kinds apart.
 */

import type { App } from "../definitions/app.ts";
import type { DeclaredKind } from "../definitions/kind.ts";
import type { ConsumerAction } from "../store/stream-protocol.ts";
import type { Store } from "../store/store.ts";
import type { Progress } from "./consumer.ts";
import type { Found, Reading, Skipped } from "./report.ts";
import type { ResetCount } from "./reset-count.ts";
import type { Placed, StoreRows } from "./standing.ts";

/** Of every method: undefined means that there is no consumer of this name (any more), or that only other code knows it. */
export interface ConsumerKind extends DeclaredKind {
  /** Lets it work, until it has all that is in the log, or until the deadline (milliseconds since 1970). */
  wake(store: Store, name: string, deadline: number): Promise<Woken | undefined>;
  /** How far it is. A kind that keeps its own place answers for a consumer that has just been removed, too. */
  report(store: Store, name: string, reading: Reading): Promise<Found | undefined>;
  /**
   * Carries an operator's action out. The caller wakes the consumer afterwards.
   *
   * @param position `skip`: of the event that is meant, when the operator named it; `reset`: where to begin again after
   */
  control(store: Store, name: string, action: ConsumerAction, position?: number): Promise<ControlOutcome | undefined>;
  /** Counts what a reset to a position would run again, and changes nothing. */
  countReset(store: Store, name: string, from: number): Promise<ResetCount | NotPossible | undefined>;
  /** The events that an operator let it skip, the last first. Absent: the kind has such events in its own list. */
  skipped?(store: Store, name: string): Promise<Skipped[]>;
  /** Where its consumers of the code stand, by what D1 has of them. Absent: the kind keeps its own place. */
  standings?(app: App, rows: readonly StoreRows[]): Placed[];
  /** Names what its consumers of the code build: under another name there is something to build. */
  targets?(app: App): string[];
}

/** What a wake-up came to. */
export interface Woken {
  /** The last position that it need not be woken for. */
  readonly position: number;
  /** It stopped on purpose, or has nothing to wait for: it is not woken until somebody acts. */
  readonly resting?: boolean;
  /** It comes back by itself. */
  readonly working?: boolean;
  /** It is to be woken again then. */
  readonly againInMs?: number;
}

/** @param position where it is not the one of the progress */
export function wokenBy({ outcome, retryInMs, ...progress }: Progress, position = progress.position): Woken {
  const isBehind = outcome === "behind";
  return {
    position,
    resting: outcome === "resting",
    ...(isBehind || outcome === "backing-off" ? { working: true } : {}),
    ...(isBehind || retryInMs !== undefined ? { againInMs: retryInMs ?? 0 } : {}),
  };
}

/** The consumer is not in a state for this. */
export interface NotPossible {
  readonly outcome: "not-possible";
  readonly detail: string;
}

/** `warning`: what the operator should know about what was done. */
export type ControlOutcome = { readonly outcome: "done"; readonly warning?: string } | NotPossible;

export const DONE: ControlOutcome = { outcome: "done" };

export function notPossible(detail: string): NotPossible {
  return { outcome: "not-possible", detail };
}
