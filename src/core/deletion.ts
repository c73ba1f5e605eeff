/** What a stream's rules require when it is deleted. */

import type { JsonValue } from "./event.ts";

export interface Halfway {
  readonly detail: string;
  /** Steps whose effects would remain. */
  readonly steps: readonly string[];
}

/** What a stream's rules require when it is deleted: the reason to demand force, and what to add to the event that ends the stream. */
export interface AtDeletion {
  readonly unfinished?: Halfway;
  readonly data?: Readonly<Record<string, JsonValue>>;
}
