/** Commands in, state out. */

import { WAIT_SECONDS } from "../../../core/limits.ts";
import { CommandQuery, StateQuery } from "../../aggregates.ts";
import { JsonObject } from "../../append.ts";
import { ANSWERS, COMPONENTS } from "../components.ts";
import type { Operation } from "../operation.ts";
import { JSON_TYPE, NOT_MODIFIED, REFUSED_WRITES, WRITE_HEADERS, json } from "./shared.ts";
import { DryRunQuery } from "../../request.ts";

/** What all commands answer with, whatever their body. */
export const COMMAND = {
  headers: WRITE_HEADERS,
  query: DryRunQuery,
  notes: {
    dryRun: {
      description: "`true`: decide and store nothing. The answer is `{outcome: accepted | refused, events, state, reason?, details?}`.",
    },
  },
  answers: {
    200: json(
      "The command's events are stored; there may be none. After a dry run: the events that would be stored.",
      COMPONENTS.CommandAnswer,
      ["ETag", "Idempotent-Replayed"],
    ),
    202: json(
      "The command is accepted (`Prefer: respond-async`) and runs in the order of arrival. `Location` has the URL of its outcome.",
      ANSWERS.received,
      ["Location", "Preference-Applied"],
    ),
  },
  problems: ["invalid-command", "command-refused", "command-failed", "state-unavailable", ...REFUSED_WRITES],
} as const satisfies Partial<Operation>;

export const commands: readonly Operation[] = [
  {
    ...COMMAND,
    method: "post",
    path: "/aggregates/{name}/{id}/{command}",
    operationId: "sendCommand",
    summary: "Send a command",
    description: "The body is the command's data. Each command of this app is also listed on its own, with its body.",
    tag: "Commands",
    body: { [JSON_TYPE]: JsonObject },
    problems: [...COMMAND.problems, "precondition-required", "unknown-aggregate", "unknown-command"],
  },
  {
    method: "get",
    path: "/aggregates/{name}/{id}/commands/{commandId}",
    operationId: "getCommand",
    summary: "The outcome of a command",
    tag: "Commands",
    query: CommandQuery,
    notes: { wait: { description: "Seconds to wait for the outcome.", maximum: WAIT_SECONDS } },
    answers: { 200: json("The outcome of the command.", COMPONENTS.CommandOutcome) },
    problems: ["unknown-aggregate", "unknown-command-id", "stream-deleted"],
  },
  {
    method: "get",
    path: "/aggregates/{name}/{id}",
    operationId: "getState",
    summary: "The state of an aggregate's stream",
    tag: "Commands",
    headers: ["If-None-Match"],
    query: StateQuery,
    notes: { version: { description: "Return the state at this version. The default is the latest." } },
    answers: { 200: json("The state.", ANSWERS.state, ["ETag"]), 304: NOT_MODIFIED },
    problems: ["unknown-aggregate", "unknown-stream", "unknown-version", "stream-deleted", "state-failed", "state-unavailable"],
  },
];
