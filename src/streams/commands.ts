/** Turns a command's request into what is stored. Synchronous on purpose: commands on one stream run one at a time (promise 2). */

import type { StoredEvent } from "../core/event.ts";
import { COMMAND, HOPS, LINEAGE, PROCESSOR, TIMER } from "../core/meta.ts";
import { newEventId, newId } from "../core/ids.ts";
import { parseJson } from "../core/json.ts";
import { JSON_DEPTH } from "../core/limits.ts";
import { Misfit } from "../core/misfit.ts";
import type { CommandAnswer, CommandRequest, InvalidJson, VersionConflict, Written } from "../store/stream-protocol.ts";
import type { Expected } from "../core/expected.ts";
import { CodeMistake, messageOf } from "../core/mistake.ts";
import { traceIdOf } from "../telemetry/trace.ts";
import { schemaVersionOf } from "../definitions/upcast.ts";
import type { AnyAggregate } from "../definitions/aggregate.ts";
import { type Decided, decide } from "./decide.ts";
import { parseData } from "../core/parse-data.ts";
import type { Journal } from "./journal.ts";
import type { Receipt } from "./receipts.ts";
import { fingerprint } from "./replay.ts";
import { StateUnavailable } from "./fold.ts";
import type { SentCommand } from "../definitions/other-code.ts";
import type { TimerName } from "./timers.ts";
import type { StateCache } from "./state.ts";
import { logger } from "../telemetry/logger.ts";

/** What a write stored, before anyone learns of it. */
export interface Stored {
  readonly outcome: "stored";
  readonly first: number;
  readonly last: number;
  readonly replayed: boolean;
}

export type CommandOutcome = Exclude<CommandAnswer, Written> | (Stored & { readonly commandId: string });

/** An aggregate, for one stream. */
export interface Decider {
  readonly aggregate: AnyAggregate;
  readonly state: StateCache;
  readonly journal: Journal;
  readonly store: string;
  /** `category/id`. */
  readonly stream: string;
  /** The stream's id within its category. */
  readonly id: string;
  /** Whether the app's code has a command for one of its aggregates. */
  readonly takes: (sent: SentCommand) => boolean;
}

/** A command's request, with what only a timer adds. */
export type CommandRun = CommandRequest & { readonly commandId?: string; readonly firedTimer?: TimerName };

/** Carries out a command: validates it, recognises repeats, checks the version, decides, stores. */
export function runCommand(decider: Decider, request: CommandRun): CommandOutcome {
  const { aggregate, state, journal } = decider;
  const { command, idempotencyKey: key } = request;
  const read = readData(request.data, request.strict);
  if ("outcome" in read) return read;
  const { body } = read;
  if (journal.deleted) return { outcome: "deleted" };
  const ours = request.firstStands === true;
  const print = key === undefined ? "" : fingerprint([command, body]);
  const known = key === undefined ? undefined : journal.receipts.find(key, ours);
  // Before any of today's code runs: a repeat stays one even if its command now has another schema, or is gone.
  if (key !== undefined && known?.found) {
    if (ours || known.found.fingerprint === print) return outcomeOf(key, known.found, true);
    return { outcome: "idempotency-conflict", detail: "this idempotency key was used before with another command" };
  }

  const schema = Object.hasOwn(aggregate.commands, command) ? aggregate.commands[command] : undefined;
  if (!schema) return { outcome: "unknown-command" };
  const parsed = parse(schema, body, request.strict);
  if ("issues" in parsed) return { outcome: "invalid", issues: parsed.issues };
  const conflict = conflictWith(request.expected, journal.head);
  if (conflict) return conflict;

  const now = Date.now();
  const version = journal.head;
  // The ids of what a process sends derive from this one: if a client has used the key, it must be an id that nobody knows.
  const commandId = (known && known.row !== key ? undefined : key) ?? request.commandId ?? newId();
  const correlationId = request.correlationId ?? commandId;
  const causationId = request.causationId ?? commandId;
  const by = request.by === undefined ? {} : { by: request.by };
  const record = (receipt: Receipt) => (known ? { receipt: { row: known.row, ours, receipt } } : {});
  let decided: Decided;
  let events: StoredEvent[];
  let next: unknown;
  let step = "its schema";
  try {
    if ("thrown" in parsed) throw parsed.thrown;
    step = "evolve";
    const before = state.current();
    const foreign = aggregate.foreign?.(before, command, parsed.data, decider.takes);
    if (foreign !== undefined) throw new StateUnavailable(foreign);
    step = "decide";
    decided = decide(aggregate, command, before, parsed.data, {
      now: new Date(now),
      id: decider.id,
      version,
      commandId,
      meta: { correlationId, causationId },
      ...by,
    });
    const hops = request.hops === undefined ? {} : { [HOPS]: request.hops };
    const meta = JSON.stringify({ correlationId, causationId, ...by, ...madeBy(request), ...hops, [LINEAGE]: request.lineage });
    events = eventsOf(decider, decided, now, meta, request.trace);
    step = "evolve";
    next = state.after(events);
    if (decided.kind === "events") journal.timers.requireRoom(decided.timers, request.firedTimer);
  } catch (error) {
    const { store, stream } = decider;
    const { trace } = request;
    if (error instanceof StateUnavailable) {
      logger.error(
        { message: "a command was not carried out: it needs another version of the code", store, stream, command, commandId },
        error,
      );
      // The command is not at fault: it leaves no receipt, and can be sent again.
      return { outcome: "state-unavailable", commandId, detail: error.message };
    }
    logger.error(
      { message: "a command failed: decide or evolve threw", store, stream, command, commandId, correlationId, traceId: traceIdOf(trace) },
      error,
    );
    // A caller that waits for the answer may send the command again; a caller that does not must be able to find out later.
    if (request.recordFailure) {
      journal.commit({
        now,
        events: [],
        ...record({ fingerprint: print, status: "failed", first: version + 1, last: version, reason: null, details: null }),
      });
    }
    const part = error instanceof Misfit ? {} : { part: `command \`${command}\` of aggregate \`${aggregate.name}\`: ${step}` };
    return { outcome: "failed", commandId, cause: messageOf(error), ...part, ...(error instanceof CodeMistake ? { isMistake: true } : {}) };
  }

  const receipt: Receipt = {
    fingerprint: print,
    status: decided.kind === "refused" ? "refused" : "accepted",
    first: version + 1,
    last: version + events.length,
    reason: decided.kind === "refused" ? decided.reason : null,
    details: (decided.kind === "refused" && decided.details) || null,
  };
  const timers = (decided.kind === "events" ? decided.timers : []).map((change) => ({
    change,
    commandId: newId(),
    correlationId,
    // An event where there is one: a reader who follows causes finds it in the log. A command of a processor is named nowhere else.
    causationId: events.at(-1)?.id ?? commandId,
  }));
  const { firedTimer } = request;
  journal.commit({
    now,
    events,
    timers,
    ...record(receipt),
    state: { cache: state, next },
    ...(firedTimer === undefined ? {} : { firedTimer }),
  });
  return outcomeOf(commandId, receipt, false);
}

/** What makes the events. The engine's own commands, by which a process gets its inputs, tell no more than the process's name. */
function madeBy({ command, processor, firedTimer }: CommandRun): object {
  if (firedTimer) return { [TIMER]: firedTimer.key === "" ? firedTimer.command : `${firedTimer.command}:${firedTimer.key}` };
  return { [COMMAND]: command.startsWith("$") ? undefined : command, [PROCESSOR]: processor };
}

/** The data of a command: the only place that parses it. Data from a client is bounded like all JSON from clients. */
export function readData(data: string, strict = false): { readonly body: unknown } | InvalidJson {
  try {
    return { body: strict ? parseJson(data, JSON_DEPTH) : JSON.parse(data) };
  } catch (error) {
    return { outcome: "invalid-json", detail: messageOf(error) };
  }
}

/** Like {@link parseData}; a schema is the app's code, too, and its refinements may throw. */
export function parse(...given: Parameters<typeof parseData>): ReturnType<typeof parseData> | { readonly thrown: unknown } {
  try {
    return parseData(...given);
  } catch (thrown) {
    return { thrown };
  }
}

/** The decided events, following the stream's head. */
export function eventsOf({ aggregate, journal }: Decider, decided: Decided, now: number, meta: string, trace?: string): StoredEvent[] {
  return (decided.kind === "events" ? decided.events : []).map(({ type, data }, index) => {
    const version = journal.head + 1 + index;
    return {
      version,
      id: newEventId(version, now),
      type,
      data,
      meta,
      time: null,
      recordedAt: now,
      schemaVersion: schemaVersionOf(aggregate.events[type]),
      ...(trace === undefined ? {} : { trace }),
    };
  });
}

/** The outcome that a receipt records. */
export function outcomeOf(commandId: string, { status, first, last, reason, details }: Receipt, replayed: boolean): CommandOutcome {
  switch (status) {
    case "accepted":
      return { outcome: "stored", commandId, first, last, replayed };
    case "refused":
      return { outcome: "refused", commandId, reason: reason ?? "", ...(details === null ? {} : { details }), replayed };
    case "failed":
      return { outcome: "failed", commandId };
  }
}

/** The conflict between the version that the writer expects and the actual one. */
export function conflictWith(expected: Expected, actual: number): VersionConflict | undefined {
  switch (expected.kind) {
    case "any":
      return undefined;
    case "exists":
      return actual > 0 ? undefined : { outcome: "version-conflict", expected: "existing", actual };
    case "absent":
      return actual === 0 ? undefined : { outcome: "version-conflict", expected: "absent", actual };
    case "version":
      return actual === expected.version ? undefined : { outcome: "version-conflict", expected: expected.version, actual };
  }
}
