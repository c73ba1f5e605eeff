/** What a stream's rules say of its deletion. */

import type { JsonValue } from "./event.ts";

export interface Halfway {
  readonly detail: string;
  /** Steps whose effects would stay. */
  readonly steps: readonly string[];
}

/** What a stream's rules say of its deletion: why it takes force, and what the event that ends it says besides. */
export interface AtDeletion {
  readonly unfinished?: Halfway;
  readonly data?: Readonly<Record<string, JsonValue>>;
}
