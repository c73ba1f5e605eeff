/** Where a consumer begins that has no checkpoint yet. */

import type { LogRpc } from "../store/log-protocol.ts";
import type { Beginning } from "./checkpoint.ts";
import type { Consumer } from "./consumer.ts";

/** A consumer that starts at the head starts where the log first knew of it. */
export async function beginning({ name, start }: Pick<Consumer, "name" | "start">, log: LogRpc): Promise<Beginning> {
  const [head, since] = await Promise.all([log.head(), start === "head" ? log.knownSince(name) : 0]);
  return { position: since, head };
}
