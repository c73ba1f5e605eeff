/** Carries out the actions that an operator has on any consumer, as in `/consumers/{name}/{action}`, on one that delivers. */

import type { ConsumerAction } from "../store/consumer-protocol.ts";
import { logger } from "../telemetry/logger.ts";
import type { Deliveries } from "./deliveries.ts";
import { parkFailing, retryAll } from "./operations.ts";

/**
 * Carries out an action. What can be delivered then is for the caller to begin (`goOn`).
 *
 * @param at the position to reset to, or that of the one delivery to skip
 * @param head asks for the log's head
 * @returns false: there is nothing to skip
 */
export async function control(
  deliveries: Deliveries,
  action: ConsumerAction,
  at: number | undefined,
  about: { readonly store: string; readonly consumer: string },
  head: () => Promise<number>,
): Promise<boolean> {
  const ledger = await deliveries.begin();
  if (action === "pause") deliveries.pause();
  else if (action === "resume") await deliveries.resume();
  else if (action === "retry") {
    if (ledger) retryAll(ledger);
    if (deliveries.life.disabled) await deliveries.resume();
  } else if (action === "skip") {
    const skipped = ledger ? parkFailing(ledger, at) : 0;
    if (skipped === 0) return false;
    logger.warn({ message: "failing deliveries were parked by an operator", ...about, count: skipped });
  } else ledger?.reset(Math.min(at ?? 0, await head()));
  return true;
}
