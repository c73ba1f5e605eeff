/** Where a consumer begins that was never woken, whatever its kind. */

import type { LogRpc } from "../store/log-protocol.ts";
import type { Beginning } from "./checkpoint.ts";
import type { Consumer } from "./consumer.ts";

type Starting = Pick<Consumer, "name" | "start">;

/** The position after which it begins: one that starts at the head starts where the log first knew of it. */
export async function beginsAfter({ name, start }: Starting, log: Pick<LogRpc, "knownSince">): Promise<number> {
  if (typeof start === "number") return start;
  return start === "head" ? log.knownSince(name) : 0;
}

/** The same, as a new checkpoint has it. */
export async function beginning(consumer: Starting, log: LogRpc): Promise<Beginning> {
  const [head, position] = await Promise.all([log.head(), beginsAfter(consumer, log)]);
  return { position, head };
}
