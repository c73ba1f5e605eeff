/**
 * A kind of consumer: what the queue, operators, reports and the sweep need from it. The kinds are views, processors and webhooks; each has
 * its `kind.ts`, and `operations/kinds.ts` lists them. No code above it tells kinds apart.
 */

import type { KindName } from "../definitions/consumers.ts";
import type { DeclaredKind } from "../definitions/kind.ts";
import type { ConsumerAction } from "../store/consumer-protocol.ts";
import type { Definitions } from "../store/definitions.ts";
import type { Store } from "../store/store.ts";
import type { Family } from "../telemetry/prometheus.ts";
import type { Progress } from "./consumer.ts";
import type { Found, Reading, Skipped } from "./report.ts";
import type { RunCount } from "./run-count.ts";
import type { Placed, StoreRows } from "./standing.ts";

/** Definitions of a store: all of them, or those of the code alone. */
export type Listed = Pick<Definitions, "views" | "processors">;

/** In every method, undefined means that no consumer has this name (any more), or that only other code has it. */
export interface ConsumerKind extends DeclaredKind {
  readonly name: KindName;
  /** Lets it work until it has everything in the log, or until the deadline (milliseconds since 1970). */
  wake(store: Store, name: string, deadline: number): Promise<Woken | undefined>;
  /** How far it is. A kind that keeps its own positions also answers for a consumer that has just been removed. */
  report(store: Store, name: string, reading: Reading): Promise<Found | undefined>;
  /**
   * Carries out an operator's action. The caller wakes the consumer afterwards.
   *
   * @param position `skip`: the position of the event to skip, if the operator named it; `reset`: the position after which to begin again
   */
  control(store: Store, name: string, action: ConsumerAction, position?: number): Promise<ControlOutcome | undefined>;
  /** Counts what an action would make it process, and changes nothing. `position`: as that of the action. */
  count(store: Store, name: string, action: CountedAction, position?: number): Promise<RunCount | NotPossible | undefined>;
  /** The events that an operator skipped for it, the last first. Absent: the kind has such events in a list of its own. */
  skipped?(store: Store, name: string): Promise<Skipped[]>;
  /** Its own table next to the checkpoints, with a column `store`: what else decides how far its consumers are. */
  readonly stateTable?: string;
  /** How far a store's consumers of this kind are, according to D1. Absent: the kind keeps its own positions. */
  standings?(definitions: Listed, rows: readonly StoreRows[]): Promise<Placed[]>;
  /** Names of what these consumers build: under another name there is something to build. */
  targets?(definitions: Listed): Promise<string[]>;
  /**
   * Figures that only its consumers have, for `GET /metrics`.
   *
   * @param measured the consumers whose figures are wanted
   * @param all how many consumers of this kind the store has
   */
  families?(store: string, measured: readonly Found[], all: number): Family[];
}

/** The actions that make a consumer process something. */
export type CountedAction = Exclude<ConsumerAction, "pause">;

/** The result of a wake-up. */
export interface Woken {
  /** The last position that it need not be woken for. */
  readonly position: number;
  /** It stopped on purpose, or has nothing to wait for: it is not woken until an operator acts. */
  readonly resting?: boolean;
  /** It continues by itself. */
  readonly working?: boolean;
  /** Wake it again after this time. */
  readonly againInMs?: number;
}

/** @param position if it is not that of the progress */
export function wokenBy({ outcome, retryInMs, ...progress }: Progress, position = progress.position): Woken {
  const isBehind = outcome === "behind";
  return {
    position,
    resting: outcome === "resting",
    ...(isBehind || outcome === "backing-off" ? { working: true } : {}),
    ...(isBehind || retryInMs !== undefined ? { againInMs: retryInMs ?? 0 } : {}),
  };
}

/** The consumer's state does not allow this. */
export interface NotPossible {
  readonly outcome: "not-possible";
  readonly detail: string;
}

/** `warning`: what the operator should know about the outcome. */
export type ControlOutcome = { readonly outcome: "done"; readonly warning?: string } | NotPossible;

export const DONE: ControlOutcome = { outcome: "done" };

export function notPossible(detail: string): NotPossible {
  return { outcome: "not-possible", detail };
}
