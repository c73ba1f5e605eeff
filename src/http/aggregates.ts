/** Aggregates: commands in, state out. */

import { Hono } from "hono";
import { newId } from "../core/ids.ts";
import { COMMAND_BYTES, RECEIPT_DAYS, WAIT_SECONDS } from "../core/limits.ts";
import type { ProcessState } from "../definitions/processors/process-fold.ts";
import type { CommandAnswer } from "../store/stream-protocol.ts";
import type { StreamState } from "../store/stream-reads.ts";
import type { AnyAggregate } from "../definitions/aggregate.ts";
import { commandsOf } from "../definitions/report.ts";
import { callerOf, sentBy } from "./auth-caller.ts";
import { expectedOfCommand, hasTag, tagOf } from "./conditions.ts";
import { problemOf, problemOfCommand, stateFailed, stateUnavailable, writeHeaders } from "./answers.ts";
import { Problem } from "./problem.ts";
import { commandText } from "./body.ts";
import {
  DryRunQuery,
  type HttpEnv,
  type HttpContext,
  WholeNumber,
  conversationOf,
  idempotencyKeyOf,
  prefersAsync,
  queryOf,
  storeOf,
  streamIdOfPath,
  traceOf,
  waitMsOf,
} from "./request.ts";
import { json, jsonText } from "./response.ts";
import { writableStreamOf } from "./writable-stream.ts";
import * as z from "zod";

export const CommandQuery = z.object({ wait: WholeNumber.default(0) });

export const StateQuery = z.object({ version: WholeNumber.optional() });

export function aggregateRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.post("/:name/:id/:command", async (context) => {
    const aggregate = aggregateOf(context);
    const command = context.req.param("command");
    const commands = commandsOf(aggregate);
    if (!commands.includes(command)) {
      const has = commands.length === 0 ? "it has none that clients may send" : `it has ${commands.join(", ")}`;
      throw new Problem("unknown-command", `${aggregate.name} has no command ${command}; ${has}`);
    }
    const id = streamIdOfPath(context);
    const text = await commandText(context, COMMAND_BYTES);
    const async = prefersAsync(context);
    const { dryRun } = queryOf(context, DryRunQuery);
    if (dryRun) return tried(context, aggregate, id, text);
    const answer = await writableStreamOf(context, aggregate.name, id).execute({
      command,
      data: text,
      strict: true,
      // A client that asks for the outcome later needs a receipt, so an asynchronous command always has a key.
      idempotencyKey: idempotencyKeyOf(context) ?? (async ? newId() : undefined),
      recordFailure: async,
      expected: expectedOfCommand(context, aggregate),
      correlationId: conversationOf(context),
      trace: traceOf(context),
      ...sentBy(context),
      waitMs: async ? 0 : waitMsOf(context),
    });
    if (async && (answer.outcome === "written" || answer.outcome === "refused" || answer.outcome === "failed")) {
      const location = new URL(`commands/${encodeURIComponent(answer.commandId)}`, context.req.url).pathname;
      return context.json({ commandId: answer.commandId, stream: `${aggregate.name}/${id}` }, 202, {
        location,
        "preference-applied": "respond-async",
      });
    }
    if (answer.outcome !== "written") throw problemOfCommand(answer, aggregate.commands[command], text, context.env);
    const { commandId, version, position, events } = answer;
    return json({ commandId, stream: `${aggregate.name}/${id}`, version, position, events }, 200, writeHeaders(answer));
  });

  routes.get("/:name/:id/commands/:commandId", async (context) => {
    const aggregate = aggregateOf(context);
    const { wait } = queryOf(context, CommandQuery);
    const commandId = context.req.param("commandId");
    const id = streamIdOfPath(context);
    const answer = await storeOf(context)
      .stream(aggregate.name, id)
      .command(commandId, Math.min(wait, WAIT_SECONDS) * 1_000);
    if (!answer)
      throw new Problem(
        "unknown-command-id",
        `${aggregate.name}/${id} has no outcome of command ${commandId}; outcomes are kept for ${RECEIPT_DAYS} days`,
      );
    return context.json({ commandId, stream: `${aggregate.name}/${id}`, ...statusOf(answer) });
  });

  routes.get("/:name/:id", async (context) => {
    const aggregate = aggregateOf(context);
    const { version: asked } = queryOf(context, StateQuery);
    const id = streamIdOfPath(context);
    const stream = `${aggregate.name}/${id}`;
    const answer = await storeOf(context).stream(aggregate.name, id).state(asked);
    const { version, head, deleted, state, failed, unavailable, timers, log, unsequenced } = answer;
    if (head === 0) throw new Problem("unknown-stream", `nothing was ever stored in ${stream}`);
    if (deleted) throw problemOf({ outcome: "deleted" });
    if (failed) throw stateFailed(stream);
    if (asked !== undefined && asked > head) throw new Problem("unknown-version", `${stream} is at version ${head}`, { version: head });
    if (unavailable !== undefined) throw stateUnavailable(unavailable);
    const isProcessHere = isProcess(aggregate);
    // Version 0.1 let a process set a timer when it ended, which will do nothing.
    const isOver = isProcessHere && (JSON.parse(state) as ProcessState).completed;
    const waiting =
      asked === undefined && unsequenced
        ? `,"unsequenced":{"since":"${new Date(unsequenced.since).toISOString()}","events":${unsequenced.events}}`
        : "";
    const timersNow = asked === undefined && timers.length > 0 && !isOver ? `,"timers":[${timers.map(timerJson).join(",")}]` : "";
    const shown = isProcessHere ? processJson(state) : `"state":${state}`;
    const text = `{"stream":${JSON.stringify(stream)},"version":${version},${shown}${timersNow}${waiting}}`;
    // Timers fire without an event, and other code folds the same events into another state.
    const etag = tagOf(version, text);
    if (hasTag(context, etag)) return context.body(null, 304, { etag });
    return jsonText(text, 200, {
      etag,
      ...(log ? { "server-timing": serverTimingOf(log) } : {}),
    });
  });

  return routes;
}

/** What a command would lead to now. Nothing is stored. */
async function tried(context: HttpContext, aggregate: AnyAggregate, id: string, data: string): Promise<Response> {
  const caller = callerOf(context);
  if (caller && !caller.rights.includes("read"))
    throw new Problem("forbidden", "a dry run shows the state, so it also needs the right to read");
  const command = context.req.param("command") ?? "";
  const request = {
    command,
    data,
    expected: expectedOfCommand(context, aggregate),
    correlationId: conversationOf(context),
    ...sentBy(context),
  };
  const answer = await storeOf(context).stream(aggregate.name, id).dryRun(request);
  if (answer.outcome !== "would-be-accepted" && answer.outcome !== "would-be-refused")
    throw problemOfCommand(answer, aggregate.commands[command], data);
  const { events, state } = answer;
  return json({
    outcome: answer.outcome === "would-be-accepted" ? "accepted" : "refused",
    events: events.map(({ type, data }) => ({ type, data: JSON.parse(data) as unknown })),
    state: isProcess(aggregate) ? (JSON.parse(state) as ProcessState).own : (JSON.parse(state) as unknown),
    ...(answer.outcome === "would-be-refused" ? { reason: answer.reason } : {}),
    ...(answer.outcome === "would-be-refused" && answer.details !== undefined ? { details: JSON.parse(answer.details) as unknown } : {}),
  });
}

/** The commands that any client may send. */
function timerJson({ command, key, due, data }: StreamState["timers"][number]): string {
  const named = key === undefined ? "" : `,"key":${JSON.stringify(key)}`;
  return `{"command":${JSON.stringify(command)}${named},"due":"${new Date(due).toISOString()}","data":${data}}`;
}

/** `log`: how long a write of this stream usually takes to get into the log. `log-budget`: how long the next write waits for that. */
function serverTimingOf({ usualMs, budgetMs }: { readonly usualMs?: number; readonly budgetMs: number }): string {
  return `${usualMs === undefined ? "" : `log;dur=${Math.round(usualMs)}, `}log-budget;dur=${budgetMs}`;
}

/** A process manager or saga: an aggregate, too. */
function isProcess(aggregate: AnyAggregate): boolean {
  return "process" in aggregate;
}

/** The state of a process manager or saga: its own, and what it waits for. */
function processJson(state: string): string {
  const { own, inFlight, completed, failure } = JSON.parse(state) as ProcessState;
  const commands = inFlight.map(({ commandId, aggregate, id, command, data }) => ({
    commandId,
    stream: `${aggregate}/${id}`,
    command,
    data,
  }));
  const waits = commands.length > 0 ? `,"inFlight":${JSON.stringify(commands)}` : "";
  const status = failure ? `"failed","failure":${JSON.stringify(failure)}` : completed ? `"completed"` : `"running"`;
  return `"state":${JSON.stringify(own)},"status":${status}${waits}`;
}

/** The outcome of a command, for a client that asks for it later. */
function statusOf(answer: CommandAnswer): object {
  switch (answer.outcome) {
    case "written": {
      const { version, position, events } = answer;
      return { status: "accepted", version, position, events };
    }
    case "refused": {
      const { reason, details } = answer;
      return { status: "refused", reason, ...(details === undefined ? {} : { details: JSON.parse(details) }) };
    }
    case "failed":
      return { status: "failed" };
    default:
      throw problemOf(answer);
  }
}

function aggregateOf(context: HttpContext) {
  const name = context.req.param("name") ?? "";
  const { inCode } = storeOf(context).definitions;
  const aggregate = inCode.aggregate(name);
  if (aggregate) return aggregate;
  throw new Problem(
    "unknown-aggregate",
    `unknown aggregate ${name}; defineApp lists ${inCode.aggregates.map((one) => one.name).join(", ") || "none"}`,
  );
}
