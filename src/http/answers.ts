/** Turns the streams' answers into HTTP: the outcomes that all writes share. */

import { versionTag } from "./conditions.ts";
import type * as z from "zod";
import { accepts } from "../core/strict-schema.ts";
import type { AppendAnswer, CommandAnswer, DryRunAnswer, VersionConflict, Written } from "../store/stream-protocol.ts";
import { type HeadspringEnv, isLocal } from "../store/env.ts";
import { Problem } from "./problem.ts";

/**
 * The problem for an outcome without a write.
 *
 * @param env that of the deployment; on the developer's own machine the answer of a failed command gives the cause
 */
export function problemOf(answer: Exclude<AppendAnswer | CommandAnswer, Written>, env?: HeadspringEnv): Problem {
  switch (answer.outcome) {
    case "version-conflict":
      return new Problem("version-conflict", conflictDetail(answer), {
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
    case "invalid-json":
      return new Problem("invalid-json", answer.detail);
    case "invalid":
      return new Problem("invalid-command", "the command's data does not fit its schema", { issues: answer.issues });
    case "failed":
      return new Problem("command-failed", `the command failed; nothing was stored. ${whyFailed(answer, env)}`, {
        commandId: answer.commandId,
      });
    case "state-unavailable":
      return stateUnavailable(`${answer.detail}; the command was not carried out`, { commandId: answer.commandId });
    case "deleted":
      return new Problem("stream-deleted", "the stream was deleted: it can no longer be read or written");
    // The routes have found the command in their own code.
    case "unknown-command":
      return otherCode();
  }
}

/**
 * The problem for a command's outcome, when the routes' own code has the command: what that code accepts is not wrong because an object
 * refuses it that still runs the code before a deployment, or already the code after it.
 *
 * @param schema that of the command
 * @param text the text of the command's data
 */
export function problemOfCommand(
  answer: Exclude<CommandAnswer, Written> | Exclude<DryRunAnswer, { outcome: "would-be-accepted" | "would-be-refused" }>,
  schema: z.ZodType | undefined,
  text: string,
  env?: HeadspringEnv,
): Problem {
  const isValid = answer.outcome === "invalid" && schema !== undefined && accepts(schema, JSON.parse(text), true);
  return isValid ? otherCode() : problemOf(answer, env);
}

/** The stream's object does not know what this code knows. */
function otherCode(): Problem {
  return new Problem(
    "unavailable",
    "the stream runs other code than the service that received the request, as during a deployment, and does not know this command in this form; " +
      "nothing was stored. Send it again; with an Idempotency-Key nothing can happen twice",
    {},
    RETRY_SOON,
  );
}

/** This code cannot compute a state, or carry out a command on it; other code can. */
export function stateUnavailable(detail: string, fields: Record<string, unknown> = {}): Problem {
  return new Problem("state-unavailable", detail, fields, RETRY_SOON);
}

/** A deployment is everywhere within seconds. */
const RETRY_SOON = { "retry-after": "1" };

function conflictDetail({ expected, actual }: VersionConflict): string {
  if (expected === "existing") return "the stream does not exist";
  return expected === "absent"
    ? `the stream exists, at version ${actual}`
    : `expected version ${expected}, but the stream is at version ${actual}`;
}

function whyFailed({ cause, part }: { readonly cause?: string; readonly part?: string }, env: HeadspringEnv | undefined): string {
  if (cause === undefined || !env || !isLocal(env)) return "The logs have the cause, under this command id";
  return part === undefined ? cause : `${part} failed: ${cause}`;
}

/** The event of a page that was requested as one CloudEvent. @throws {Problem} when there is not exactly one */
export function theOne<Event>(events: readonly Event[]): Event {
  const [event] = events;
  if (event !== undefined && events.length === 1) return event;
  throw new Problem(
    "not-acceptable",
    `application/cloudevents+json is one event, and here ${events.length === 0 ? "is none" : `are ${events.length}`}; ` +
      "narrow the window down to one, or ask for application/cloudevents-batch+json",
  );
}

/** Headers of a write's answer. */
export function writeHeaders({ version, replayed }: Written): Record<string, string> {
  return { etag: versionTag(version), ...(replayed ? REPLAYED : {}) };
}

const REPLAYED = { "idempotent-replayed": "true" };

/** The state that the app's code cannot fold. */
export function stateFailed(stream: string): Problem {
  return new Problem(
    "state-failed",
    `the state of ${stream} cannot be folded: the app's initialState, evolve or an upcast threw. The deployment's logs have the cause; the stream's events can be read`,
  );
}
