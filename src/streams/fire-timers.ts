/** Carries out the timers of a stream that are due, each once: the transaction that stores a timer's events removes the timer. */

import type { StreamPlace } from "./place.ts";
import { TIMERS_AT_ONCE, TIMER_EVENTS_AT_ONCE } from "./limits.ts";
import { FAIL } from "../core/mistake.ts";
import { logger } from "../telemetry/logger.ts";
import { type CommandOutcome, type CommandRun, type Decider, runCommand } from "./commands.ts";
import type { Journal } from "./journal.ts";

/** Runs what is due, as far as one alarm may go. The alarm for the next timer does the rest. */
export function fireTimers(journal: Journal, decider: Decider | undefined, place: StreamPlace): void {
  const { head, timers } = journal;
  for (const [index, timer] of timers.all().entries()) {
    if (index >= TIMERS_AT_ONCE || journal.head - head >= TIMER_EVENTS_AT_ONCE) return;
    if (timer.due > Date.now()) return;
    // An earlier one may have cancelled or moved it.
    if (!timers.isPending(timer)) continue;
    const { command, data, commandId, correlationId, causationId } = timer;
    const request = { command, data, commandId, correlationId, causationId, expected: { kind: "any" }, firedTimer: timer } as const;
    let outcome: string;
    let failure: unknown;
    try {
      ({ outcome } = runTimer(decider, place, request));
    } catch (error) {
      outcome = "threw";
      failure = error;
    }
    if (outcome === "stored" || outcome === "refused") continue;
    const message = "a timer's command could not be carried out and will be retried";
    logger.error({ message, ...place, command, commandId, correlationId, causationId, outcome }, failure);
    timers.postpone(timer, Date.now());
  }
}

/** Like any command; but an input that a process cannot process ends the process, while another aggregate's timer is tried again. */
function runTimer(decider: Decider | undefined, place: StreamPlace, request: CommandRun): CommandOutcome {
  if (!decider) return { outcome: "unknown-command" };
  const outcome = runCommand(decider, request);
  if (outcome.outcome !== "failed" || outcome.isMistake || !Object.hasOwn(decider.aggregate.commands, FAIL)) return outcome;
  logger.error({ message: "a process has failed: it could not process its timer", ...place, command: request.command }, outcome.cause);
  return runCommand(decider, { ...request, command: FAIL, data: JSON.stringify({ reason: "handler-threw", detail: outcome.cause }) });
}
