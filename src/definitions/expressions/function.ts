/** A function that expressions have. */

import type { JsonValue } from "../../core/event.ts";
import type { Run } from "./run.ts";

/** What a function needs besides its arguments. */
export interface Call {
  readonly run: Run;
  readonly at: number;
}

export interface Definition {
  /** As the documentation and messages show it. */
  readonly shown: string;
  /** Kinds that each argument may be of; of a method the first is what stands before the dot. The last one may repeat if `repeats`. */
  readonly takes: readonly number[];
  /** How many of them there are at least. Absent: all. */
  readonly atLeast?: number;
  readonly repeats?: boolean;
  readonly gives: number;
  /** Its arguments are of the kinds that it takes. */
  readonly apply: (call: Call, ...args: never[]) => JsonValue;
}
