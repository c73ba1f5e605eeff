/** From the streams' answers to HTTP: the outcomes that all writes share. */

import type { AppendAnswer, CommandAnswer, Written } from "../protocol.ts";
import { Problem } from "./problem.ts";

/** The problem that an outcome without a write amounts to. */
export function problemOf(answer: Exclude<AppendAnswer | CommandAnswer, Written>): Problem {
  switch (answer.outcome) {
    case "version-conflict":
      return new Problem("version-conflict", `expected ${answer.expected}, but the stream is at version ${answer.actual}`, {
        expected: answer.expected,
        actual: answer.actual,
      });
    case "idempotency-conflict":
      return new Problem("idempotency-conflict", answer.detail);
    case "refused":
      return new Problem(
        "command-refused",
        `the command was refused: ${answer.reason}`,
        {
          commandId: answer.commandId,
          reason: answer.reason,
          ...(answer.details === undefined ? {} : { details: JSON.parse(answer.details) }),
        },
        answer.replayed ? REPLAYED : {},
      );
    case "invalid":
      return new Problem("invalid-command", "the command's data does not fit its schema", { issues: answer.issues });
    case "failed":
      return new Problem("command-failed", "the command failed; nothing was stored. The log has the cause, under this command id", {
        commandId: answer.commandId,
      });
    case "deleted":
      return new Problem("stream-deleted", "the stream has ended: it was deleted, and is neither read nor written any more");
    case "unknown-command":
      return new Problem("unknown-command", "the aggregate has no such command");
  }
}

/** Headers of a write's answer. */
export function writeHeaders({ version, replayed }: Written): Record<string, string> {
  return { etag: `"${version}"`, ...(replayed ? REPLAYED : {}) };
}

const REPLAYED = { "idempotent-replayed": "true" };

/** The state that the app's code cannot fold. */
export function stateFailed(stream: string): Problem {
  return new Problem(
    "state-failed",
    `the state of ${stream} cannot be folded: the app's initialState, evolve or an upcast threw. The deployment's logs have the cause; the stream's events can be read`,
  );
}
