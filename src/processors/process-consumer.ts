/**
 * ⑤ Runs process managers and sagas: brings events to their instances, carries out the commands that instances have sent,
 * and brings back what became of them. All of it rests on the log and on derived ids: whatever is interrupted
 * is done again, and stored once (promise 5).
 */

import type { App } from "../app.ts";
import { CheckpointStore } from "../delivery/checkpoint.ts";
import type { Consumer } from "../delivery/consumer.ts";
import { type RecordedEvent, categoryOf, hopsOf, streamIdOf } from "../event.ts";
import { derivedId } from "../ids.ts";
import { PROCESS_LANES } from "../limits.ts";
import { ofApp } from "../platform-errors.ts";
import { streamIdProblem } from "../names.ts";
import { streamOf } from "../objects.ts";
import { type Work, workInLanes } from "./lanes.ts";
import { type Cause, causeOf } from "./cause.ts";
import { hopsProblem } from "./loops.ts";
import { COMMAND_SENT, CommandSent, INPUT, OUTCOME, type Outcome, START_SAGA } from "./process-events.ts";
import type { Process } from "./process.ts";
import { logger } from "../telemetry/logger.ts";
import { reactionSpan } from "./reaction-span.ts";

/** The process as a consumer of its store's log. */
export function processConsumer(app: App, env: Env, store: string, process: Process): Consumer {
  const { name, sources, start } = process;
  const { correlate, retry } = process.process;
  const checkpoint = new CheckpointStore(env.VIEWS, store, name);
  const run: Running = { app, env, store, process };
  return {
    kind: "processor",
    name,
    store,
    types: [...correlate.keys(), COMMAND_SENT],
    categories: [...sources.map((source) => source.name), name],
    checkpoint,
    start,
    hooks: app.hooks,
    ...(retry === undefined ? {} : { retry }),
    async apply(events, from, to) {
      const failure = await workInLanes(
        events.flatMap((event) => {
          const work = workFor(run, event);
          return work ? { ...work, run: () => reactionSpan(store, name, event, work.run) } : [];
        }),
        PROCESS_LANES,
      );
      const position = failure ? failure.event.position - 1 : to;
      if (position > from) await checkpoint.commit(from, position, []);
      return failure ? { position, failure } : { position };
    },
  };
}

/** A process of one store. */
interface Running {
  readonly app: App;
  readonly env: Env;
  readonly store: string;
  readonly process: Process;
}

/** What an event means to the process. All that concerns one instance is one lane, so that it has the log's order. */
function workFor(run: Running, event: RecordedEvent): Work | undefined {
  const { name, sources, process } = run.process;
  const category = categoryOf(event.stream);
  if (category === name) {
    if (event.type !== COMMAND_SENT) return undefined;
    return { event, lane: streamIdOf(event.stream), run: () => carryOut(run, event) };
  }
  const correlate = process.correlate.get(event.type);
  if (!correlate || !sources.some((source) => source.name === category)) return undefined;
  try {
    const id = ofApp(() => correlate(event));
    if (id === undefined) return undefined;
    const problem = streamIdProblem(id);
    if (problem) throw new Error(`"${name}" correlates ${event.type} to the instance "${id}", but ${problem}`);
    const tooMany = hopsProblem({ loops: false }, event);
    if (tooMany) throw new Error(`"${name}" does not answer ${event.type}, ${tooMany}`);
    const key = derivedId("input", name, event.stream, event.id);
    return { event, lane: id, run: () => tell(run, event, id, { command: INPUT, data: { event }, key, cause: causeOf(event) }) };
  } catch (error) {
    return { event, lane: "", run: () => Promise.reject(error) };
  }
}

/** Carries out a command that an instance has sent, and tells it the outcome. */
async function carryOut(run: Running, event: RecordedEvent): Promise<void> {
  const sent = CommandSent.parse(event.data);
  const outcome = await outcomeOf(run, event, sent);
  const key = derivedId("outcome", run.process.name, event.stream, sent.commandId);
  // To hear of an outcome is no further reaction: else a saga could have only so many steps.
  const cause = { ...causeOf(event), hops: hopsOf(event) };
  await tell(run, event, streamIdOf(event.stream), { command: OUTCOME, data: outcome, key, cause });
}

async function outcomeOf({ app, env, store, process }: Running, event: RecordedEvent, sent: CommandSent): Promise<Outcome> {
  const { commandId, aggregate, id, command, data, expected = { kind: "any" } } = sent;
  const failed = (reason: string, detail?: string): Outcome => {
    return { outcome: "failed", commandId, reason, ...(detail === undefined ? {} : { detail }) };
  };
  const target = app.aggregates.get(aggregate);
  if (!target) return failed("unknown-aggregate", `the app has no aggregate "${aggregate}"`);
  if (!Object.hasOwn(target.commands, command) || isItsOwn(target, command)) {
    return failed("unknown-command", `"${aggregate}" has no command "${command}"`);
  }
  const problem = streamIdProblem(id);
  if (problem) return failed("invalid-stream-id", problem);
  const answer = await streamOf(env, store, aggregate, id).execute({
    command,
    data: JSON.stringify(data),
    idempotencyKey: commandId,
    firstStands: true,
    // The first outcome stands, a failure too: what the instance has been told must stay true.
    recordFailure: true,
    withData: process.process.wantsEvents(sent),
    expected,
    ...causeOf(event),
  });
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
      return failed("invalid-command", answer.issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; "));
    case "version-conflict":
      return failed("version-conflict", `expected ${answer.expected}, but the stream is at version ${answer.actual}`);
    case "deleted":
      return failed("stream-deleted", "the stream has ended");
    case "unknown-command":
      return failed("unknown-command", `"${aggregate}" has no command "${command}"`);
    case "idempotency-conflict":
      throw new Error(`${command} for ${aggregate}/${id} was answered by idempotency-conflict`);
  }
}

/** Whether only the process itself sends this command: its inputs and timers. Internal commands of aggregates are for processors too. */
function isItsOwn(target: object & { readonly internal?: ReadonlySet<string> }, command: string): boolean {
  return "process" in target && target.internal?.has(command) === true && command !== START_SAGA;
}

interface Input {
  readonly command: string;
  readonly data: object;
  readonly key: string;
  readonly cause: Cause;
}

/** Hands an input to an instance. The same key stores it once. */
async function tell(run: Running, event: RecordedEvent, id: string, input: Input): Promise<void> {
  const { command, data, key, cause } = input;
  const { env, store, process } = run;
  const instance = `${process.name}/${id}`;
  const answer = await streamOf(env, store, process.name, id).execute({
    command,
    data: JSON.stringify(data),
    idempotencyKey: key,
    firstStands: true,
    expected: { kind: "any" },
    ...cause,
  });
  switch (answer.outcome) {
    case "written":
      return;
    case "deleted":
      logger.info({
        message: "an input came to a process that was deleted",
        store,
        consumer: process.name,
        stream: instance,
        type: event.type,
        correlationId: cause.correlationId,
        causationId: cause.causationId,
      });
      return;
    case "failed":
      throw new Error(`a handler of ${instance} failed at ${event.type}; the log has the cause, under command id ${answer.commandId}`);
    default:
      throw new Error(`${event.type} for ${instance} was answered by ${answer.outcome}`);
  }
}
