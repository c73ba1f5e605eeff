/** Every kind of consumer. The stations do not know each other; this list puts them together. */

import type { ConsumerKind } from "../consumers/kind.ts";
import type { KindName } from "../definitions/consumers.ts";
import type { Store } from "../store/store.ts";
import { processorKind } from "../processors/kind.ts";
import { viewKind } from "../views/kind.ts";
import { webhookKind } from "../webhooks/kind.ts";

/** In the order of the standings that sweeps remember (`standing.ts`). */
export const KINDS: readonly ConsumerKind[] = [processorKind, viewKind, webhookKind];

/** The tables that kinds have next to the checkpoints. */
export const STATE_TABLES: ReadonlyMap<KindName, string> = new Map(
  KINDS.flatMap(({ name, stateTable }) => (stateTable === undefined ? [] : [[name, stateTable] as const])),
);

/** The kind of the consumer with that name; undefined: this code does not know it. */
export async function kindOf({ definitions }: Pick<Store, "definitions">, consumer: string): Promise<ConsumerKind | undefined> {
  const name = await definitions.kindOf(consumer);
  return KINDS.find((kind) => kind.name === name);
}
