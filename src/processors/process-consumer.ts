/**
 * ⑤ Runs process managers and sagas: brings events to their instances, carries out the commands that instances have sent, and brings their
 * outcomes back. All of it depends on the log and on derived ids: what is interrupted is done again, and stored once (promise 5).
 */

import { sharedOf } from "./shared.ts";
import type { Store } from "../store/store.ts";
import type { Consumer } from "../consumers/consumer.ts";
import { errorAt } from "../consumers/failure.ts";
import { recordSkip } from "../consumers/override.ts";
import { type RecordedEvent, categoryOf, streamIdOf, toRecorded } from "../core/event.ts";
import { hopsOf } from "../core/meta.ts";
import { derivedId } from "../core/ids.ts";
import { PROCESS_LANES } from "./limits.ts";
import { OtherCode, ofApp, thrown } from "../core/platform-errors.ts";
import { streamIdProblem } from "../core/names.ts";
import { FAIL, messageOf } from "../core/mistake.ts";
import type { ConsumerError } from "../definitions/hooks.ts";
import { type Work, workByKey } from "./keyed-work.ts";
import { type Cause, causeOf } from "./cause.ts";
import { type Running, outcomeOf } from "./process-outcome.ts";
import { hopsProblem } from "../definitions/processors/loops.ts";
import { COMMAND_SENT, CommandSent, type Failing, INPUT, OUTCOME, type Outcome } from "../definitions/processors/process-events.ts";
import type { Process } from "../definitions/processors/process.ts";
import { logger } from "../telemetry/logger.ts";
import { inPortions } from "./portions.ts";
import { reactionSpan } from "./reaction-span.ts";

/** The process as a consumer of its store's log. */
export function processConsumer(store: Store, process: Process): Consumer {
  const { retry } = process.process;
  const run: Running = { store, process };
  const shared = sharedOf(store, process);
  const { name, checkpoint, budget } = shared;
  return {
    ...shared,
    followed: [...process.followed, process],
    ...(retry === undefined ? {} : { retry }),
    async apply(batch) {
      const passed: PassedOver[] = [];
      const parts = batch.events.flatMap((event) => {
        const work = workFor(run, event, passed);
        return work ? { ...work, run: () => reactionSpan(store.name, name, event, work.run) } : [];
      });
      const within = (after: number, last: number) => passed.filter(({ event }) => event.position > after && event.position <= last);
      const also = (after: number, last: number) =>
        within(after, last).map(({ event, error }) => recordSkip(checkpoint, event.position, error));
      const applied = await inPortions({
        checkpoint,
        budget,
        batch,
        parts,
        also,
        work: (portion) => workByKey(portion, PROCESS_LANES),
      });
      for (const { event, error } of within(batch.from, applied.position)) {
        const { stream, type } = event;
        logger.error(
          { message: "an event was skipped: it reaches no instance", store: store.name, consumer: name, stream, type },
          error.message,
        );
      }
      return applied;
    },
    skips: (position) => skipOutcome(run, position),
  };
}

/** An event that reaches no instance, and why: recorded like an event that an operator skipped. */
interface PassedOver {
  readonly event: RecordedEvent;
  readonly error: ConsumerError;
}

/** If an operator skips the event of a command, the instance that waits for the command hears that it failed. */
async function skipOutcome(run: Running, position: number): Promise<void> {
  const { name } = run.process;
  const page = await run.store.log.read({
    after: position - 1,
    to: position,
    limit: 1,
    types: [COMMAND_SENT],
    categories: [name],
  });
  const [event] = page.events.filter(({ erased }) => !erased).map(toRecorded);
  const sent = event && CommandSent.safeParse(event.data).data;
  if (!sent) return;
  const detail = "an operator made the consumer skip the command";
  await tellOutcome(run, event, { outcome: "failed", commandId: sent.commandId, reason: "skipped", detail }, true);
}

/** What an event means to the process. Everything that concerns one instance has one key, so that it keeps the log's order. */
function workFor(run: Running, event: RecordedEvent, passed: PassedOver[]): (Work & { readonly calls: number }) | undefined {
  const { name, followed, process } = run.process;
  const category = categoryOf(event.stream);
  if (category === name) {
    if (event.type !== COMMAND_SENT) return undefined;
    return { event, calls: 2, key: streamIdOf(event.stream), run: () => carryOut(run, event) };
  }
  const correlate = process.correlate.get(event.type);
  if (!correlate || !followed.some((source) => source.name === category)) return undefined;
  try {
    const id = ofApp(() => correlate(event));
    if (id === undefined) return undefined;
    const problem = streamIdProblem(id);
    if (problem) throw new Error(`process "${name}" correlates ${event.type} to the instance "${id}", but ${problem}`);
    const tooMany = hopsProblem({ loops: false }, event);
    if (tooMany) throw new Error(`"${name}" does not answer ${event.type}, ${tooMany}`);
    const key = derivedId("input", name, event.stream, event.id);
    return { event, calls: 1, key: id, run: () => tell(run, event, id, { command: INPUT, data: { event }, key, cause: causeOf(event) }) };
  } catch (error) {
    // It leads to no instance that could fail because of it.
    passed.push({ event, error: errorAt(event, messageOf(thrown(error))) });
    return undefined;
  }
}

/** Carries out a command that an instance has sent, and brings the instance the outcome. */
async function carryOut(run: Running, event: RecordedEvent): Promise<void> {
  const sent = CommandSent.parse(event.data);
  await tellOutcome(run, event, await outcomeOf(run, event, sent));
}

async function tellOutcome(run: Running, event: RecordedEvent, outcome: Outcome, evenMistakes = false): Promise<void> {
  const key = derivedId("outcome", run.process.name, event.stream, outcome.commandId);
  // An outcome does not count as another reaction: otherwise a saga could have only a limited number of steps.
  const cause = { ...causeOf(event), hops: hopsOf(event) };
  await tell(run, event, streamIdOf(event.stream), { command: OUTCOME, data: outcome, key, cause }, evenMistakes);
}

interface Input {
  readonly command: string;
  readonly data: object;
  readonly key: string;
  readonly cause: Cause;
}

/**
 * Passes an input to an instance. The same key stores it once. An instance that cannot process it fails; but if the code lacks something,
 * that is thrown, unless an operator has decided (`evenMistakes`).
 */
async function tell(run: Running, event: RecordedEvent, id: string, input: Input, evenMistakes = false): Promise<void> {
  const { command, data, key, cause } = input;
  const { store, process } = run;
  const instance = `${process.name}/${id}`;
  const answer = await store.stream(process.name, id).execute({
    command,
    data: JSON.stringify(data),
    idempotencyKey: key,
    firstStands: true,
    expected: { kind: "any" },
    processor: process.name,
    ...cause,
  });
  switch (answer.outcome) {
    case "written":
      return;
    case "deleted":
      logger.info({
        message: "an input reached a process that was deleted",
        store: store.name,
        consumer: process.name,
        stream: instance,
        type: event.type,
        correlationId: cause.correlationId,
        causationId: cause.causationId,
      });
      return;
    case "failed": {
      const { cause: why = `the log has the cause, under command id ${answer.commandId}`, isMistake } = answer;
      const failed = new Error(`${instance} could not take ${event.type} (${event.stream}, version ${event.version}): ${why}`);
      if (command === FAIL || (isMistake && !evenMistakes)) throw failed;
      const { stream, type, version } = event;
      const about = {
        store: store.name,
        consumer: process.name,
        stream: instance,
        type,
        correlationId: cause.correlationId,
        causationId: cause.causationId,
      };
      logger.error({ message: "a process has failed: it could not process an input", ...about }, why);
      const failing: Failing = { reason: "handler-threw", detail: why, event: { id: event.id, stream, version, type } };
      return tell(run, event, id, { command: FAIL, data: failing, key: derivedId("fail", key), cause });
    }
    case "state-unavailable":
      throw new OtherCode(`${instance} cannot take ${event.type}: ${answer.detail}`);
    // The code that runs here has the process, so it has the command.
    case "unknown-command":
      throw new OtherCode(`the code that ${instance} runs does not know ${command}, which brings ${event.type}`);
    // What this code makes fits the schemas that it has for it.
    case "invalid":
      throw new OtherCode(`${event.type} was refused as invalid by ${instance}, which runs other code than this`);
    default:
      throw new Error(`${event.type} for ${instance} was answered by ${answer.outcome}`);
  }
}
