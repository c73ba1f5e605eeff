/** Decides a command without storing anything: what a client would be answered now. */

import { COMMAND } from "../core/meta.ts";
import { newId } from "../core/ids.ts";
import { CodeMistake, messageOf } from "../core/mistake.ts";
import type { DryRunAnswer, DryRunRequest } from "../store/stream-protocol.ts";
import { logger } from "../telemetry/logger.ts";
import { type Decider, conflictWith, eventsOf, parse, readData } from "./commands.ts";
import { decide } from "./decide.ts";
import { StateUnavailable } from "./fold.ts";

/** As `runCommand` (`commands.ts`) would decide it. */
export function tryCommand(decider: Decider, { command, data, expected, correlationId, by }: DryRunRequest): DryRunAnswer {
  const { aggregate, state, journal } = decider;
  const read = readData(data, true);
  if ("outcome" in read) return read;
  if (journal.deleted) return { outcome: "deleted" };
  const schema = Object.hasOwn(aggregate.commands, command) ? aggregate.commands[command] : undefined;
  if (!schema) return { outcome: "unknown-command" };
  const parsed = parse(schema, read.body, true);
  if ("issues" in parsed) return { outcome: "invalid", issues: parsed.issues };
  const conflict = conflictWith(expected, journal.head);
  if (conflict) return conflict;
  const now = Date.now();
  const commandId = newId();
  const meta = { correlationId: correlationId ?? commandId, causationId: commandId };
  try {
    if ("thrown" in parsed) throw parsed.thrown;
    const context = { now: new Date(now), id: decider.id, version: journal.head, commandId, meta, ...(by === undefined ? {} : { by }) };
    const decided = decide(aggregate, command, state.current(), parsed.data, context);
    const events = eventsOf(decider, decided, now, JSON.stringify({ ...meta, by, [COMMAND]: command }));
    const tried = { events: events.map(({ type, data }) => ({ type, data })), state: JSON.stringify(state.after(events) ?? null) };
    if (decided.kind === "refused") {
      const { reason, details } = decided;
      return { outcome: "would-be-refused", reason, ...(details === undefined ? {} : { details }), ...tried };
    }
    journal.timers.requireRoom(decided.timers);
    return { outcome: "would-be-accepted", ...tried };
  } catch (error) {
    if (error instanceof StateUnavailable) return { outcome: "state-unavailable", commandId, detail: error.message };
    const { store, stream } = decider;
    logger.error({ message: "a dry run failed: decide or evolve threw", store, stream, command, commandId, ...meta }, error);
    return { outcome: "failed", commandId, cause: messageOf(error), ...(error instanceof CodeMistake ? { isMistake: true } : {}) };
  }
}
