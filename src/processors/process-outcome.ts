/** Carries out a command that an instance of a process has sent, and returns its outcome. */

import { listed } from "../core/issue.ts";
import type { Store } from "../store/store.ts";
import type { RecordedEvent } from "../core/event.ts";
import { streamIdProblem } from "../core/names.ts";
import { isItsOwn, takesCommand } from "../definitions/other-code.ts";
import { OtherCode } from "../core/platform-errors.ts";
import { causeOf } from "./cause.ts";
import type { CommandSent, Outcome } from "../definitions/processors/process-events.ts";
import type { Process } from "../definitions/processors/process.ts";

/** A process of one store. */
export interface Running {
  readonly store: Store;
  readonly process: Process;
}

/**
 * The outcome of a command: the same in every attempt, because its target takes it once. A command may be unknown only to the code that
 * runs here or in the target. The instance's own code sent it, so the instance refuses such an outcome while that code has the command.
 */
export async function outcomeOf({ store, process }: Running, event: RecordedEvent, sent: CommandSent): Promise<Outcome> {
  const { commandId, aggregate, id, command, data, exact = false, expected = { kind: "any" } } = sent;
  const failed = (reason: string, detail?: string): Outcome => {
    return { outcome: "failed", commandId, reason, ...(detail === undefined ? {} : { detail }) };
  };
  const target = store.definitions.inCode.aggregate(aggregate);
  if (!target) return failed("unknown-aggregate", `the app has no aggregate "${aggregate}"`);
  if (!Object.hasOwn(target.commands, command) || isItsOwn(target, command)) {
    return failed("unknown-command", `"${aggregate}" has no command "${command}"`);
  }
  const problem = streamIdProblem(id);
  if (problem) return failed("invalid-stream-id", problem);
  const answer = await store.stream(aggregate, id).execute({
    command,
    data: JSON.stringify(data),
    strict: exact,
    idempotencyKey: commandId,
    firstStands: true,
    // The first outcome counts, even a failure: what the instance has heard must stay true.
    recordFailure: true,
    withData: process.process.wantsEvents(sent),
    expected,
    processor: process.name,
    ...causeOf(event),
  });
  // The sender's code may be newer than this or older; what either of them has is not wrong because the target does not know it.
  if ((answer.outcome === "unknown-command" || answer.outcome === "invalid") && takesCommand(store.app, sent))
    throw new OtherCode(`${command} for ${aggregate}/${id} was answered by ${answer.outcome}, by other code than this, which declares it`);
  switch (answer.outcome) {
    case "written": {
      const events = answer.events.map(({ type, version, data }) => {
        return { type, version, ...(data === undefined ? {} : { data: JSON.parse(data) as Record<string, unknown> }) };
      });
      return { outcome: "accepted", commandId, version: answer.version, events };
    }
    case "refused": {
      const details = answer.details === undefined ? {} : { details: JSON.parse(answer.details) as unknown };
      return { outcome: "refused", commandId, reason: answer.reason, ...details };
    }
    case "failed":
      return failed("command-failed", "its decide or evolve threw; the deployment's log has the cause, under this command id");
    case "invalid":
      return failed("invalid-command", listed(answer.issues));
    case "version-conflict":
      return failed("version-conflict", `expected ${answer.expected}, but the stream is at version ${answer.actual}`);
    case "deleted":
      return failed("stream-deleted", "the stream has ended");
    case "unknown-command":
      return failed("unknown-command", `"${aggregate}" has no command "${command}"`);
    // What the app itself sends is JSON, with a key of its own.
    case "invalid-json":
    case "idempotency-conflict":
      throw new Error(`${command} for ${aggregate}/${id} was answered by ${answer.outcome}`);
    // The command is not at fault, and this is no outcome: other code carries it out.
    case "state-unavailable":
      throw new OtherCode(`${command} for ${aggregate}/${id} was not carried out: ${answer.detail}`);
  }
}
