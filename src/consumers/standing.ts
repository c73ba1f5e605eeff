/** How far a consumer is according to D1: what the sweep passes to the log. */

import type { KindName } from "../definitions/consumers.ts";
import type { Standing } from "../store/log-consumers.ts";
import type { CheckpointRow } from "./checkpoint-row.ts";

export type Checkpointed = Pick<CheckpointRow, "consumer" | "generation" | "position" | "status"> & {
  readonly kept_at?: number | null;
};

/** What one database has about a store. `binding`: the binding by which the code knows the database. */
export interface StoreRows {
  readonly binding: string;
  readonly checkpoints: readonly Checkpointed[];
  readonly states: KindStates;
}

/** What a database has about a store in tables that kinds have of their own (`stateTable` of a `ConsumerKind`). Only the kind knows its rows. */
export type KindStates = ReadonlyMap<KindName, readonly unknown[]>;

/** How far a consumer is, and the checkpoint that shows it. */
export interface Placed extends Standing {
  readonly binding: string;
  readonly generation: string;
}

/** Before every event: for a consumer that has no checkpoint yet, or has something to do besides catching up. It is woken. */
const NOWHERE = -1;

/** The consumer's checkpoints in that database. */
export function checkpointsIn(rows: readonly StoreRows[], binding: string, consumer: string): Checkpointed[] {
  return rows.filter((one) => one.binding === binding).flatMap(({ checkpoints }) => checkpoints.filter((one) => one.consumer === consumer));
}

export function standing(consumer: string, row: Checkpointed | undefined): Omit<Placed, "binding"> {
  const { position = NOWHERE, generation = "", status = "active" } = row ?? {};
  return { consumer, position, generation, ...(status === "active" ? {} : { resting: true }) };
}
