/** ⑤ Runs reactors: what they answer is stored once, however often they run (promise 5). */

import { sharedOf } from "./shared.ts";
import type { Store } from "../store/store.ts";
import type { AppendAction, SendAction } from "../core/sending.ts";
import type { Applied, Consumer } from "../consumers/consumer.ts";
import type { RecordedEvent } from "../core/event.ts";
import { derivedId } from "../core/ids.ts";
import { CONSUMER_CALLS } from "../core/limits.ts";
import { causeOf } from "./cause.ts";
import { CodeMistake } from "../core/mistake.ts";
import { takesCommand } from "../definitions/other-code.ts";
import { OtherCode, ofApp } from "../core/platform-errors.ts";
import { appendFact, tellEnded } from "./facts.ts";
import { type Action, type Reactor, answerOf } from "../definitions/processors/reactor.ts";
import { inPortions } from "./portions.ts";
import { reactAll } from "./reactions.ts";

/** The reactor as a consumer of its store's log. */
export function reactorConsumer(store: Store, reactor: Reactor): Consumer {
  const shared = sharedOf(store, reactor);
  const { checkpoint, budget } = shared;
  return {
    ...shared,
    retry: reactor.retry,
    async apply(batch) {
      const reacting: Reacting = { store, reactor };
      const { parts, failure } = answersOf(reacting, batch.events, budget?.caps.calls ?? Number.POSITIVE_INFINITY);
      // Reactions to events after a failed one may be done as well; when their turn comes, they turn out to be done.
      return inPortions({
        checkpoint,
        budget,
        batch,
        parts,
        failure,
        work: (portion) =>
          reactAll({ store: store.name, processor: reactor.name }, portion, keysOf, (reaction) => carryOut(reacting, reaction)),
      });
    },
  };
}

interface Reacting {
  readonly store: Store;
  readonly reactor: Reactor;
}

/** A reactor's answer to one event. */
interface Reaction {
  readonly event: RecordedEvent;
  readonly actions: readonly Action[];
  readonly calls: number;
}

/** The reactor's answers to events, up to the first at which it fails. */
function answersOf(
  { reactor }: Reacting,
  events: readonly RecordedEvent[],
  most: number,
): { parts: Reaction[]; failure?: Applied["failure"] } {
  const parts: Reaction[] = [];
  for (const event of events) {
    try {
      const actions = ofApp(() => answerOf(reactor, event));
      const calls = actions.length;
      if (calls > most - CONSUMER_CALLS)
        throw new Error(
          `reactor "${reactor.name}" answers ${event.type} with ${calls} commands and events; an invocation has ${most} calls`,
        );
      parts.push({ event, actions, calls });
    } catch (error) {
      return { parts, failure: { event, error } };
    }
  }
  return { parts };
}

/** The streams on which an event must wait for the one before: its own, and those that its actions go to. */
function keysOf({ event, actions }: Reaction): Set<string> {
  return new Set([event.stream, ...actions.map((action) => `${action.kind === "send" ? action.aggregate : action.category}/${action.id}`)]);
}

/** Carries out the reactor's answer to one event, in its order. */
async function carryOut(reacting: Reacting, { event, actions }: Reaction): Promise<void> {
  for (const [index, action] of actions.entries()) {
    // The same event and index give the same id in every run; the stream stores it once. The stream is part of it because an event's id is
    // unique only there.
    const id = derivedId(reacting.reactor.name, event.stream, event.id, index);
    await (action.kind === "send" ? sendCommand(reacting, event, action, id) : append(reacting, event, action, id));
  }
}

async function append({ store, reactor }: Reacting, event: RecordedEvent, action: AppendAction, id: string): Promise<void> {
  const { category, time } = action;
  const { type, data } = action.event;
  const found = store.definitions.inCode.category(category);
  const declared = found?.kind === "plain" ? found.events : undefined;
  const schema = declared && Object.hasOwn(declared, type) ? declared[type] : undefined;
  if (!schema) throw new Error(`the app has no plain category "${category}" with an event type "${type}"`);
  const fact = { stream: `${category}/${action.id}`, id, type, schema, data, ...(time === undefined ? {} : { time }) };
  await appendFact({ store, processor: reactor.name, event }, fact);
}

async function sendCommand({ store, reactor }: Reacting, event: RecordedEvent, action: SendAction, id: string): Promise<void> {
  const answer = await store.stream(action.aggregate, action.id).execute({
    command: action.command,
    data: JSON.stringify(action.data),
    idempotencyKey: id,
    strict: action.exact === true,
    firstStands: true,
    expected: { kind: "any" },
    processor: reactor.name,
    ...causeOf(event),
  });
  const command = `${action.command} for ${action.aggregate}/${action.id}`;
  const reaction = { store, processor: reactor.name, event };
  // What this code has is not wrong because the target's code does not know it.
  const isKnown = () => takesCommand(store.app, { ...action, data: JSON.parse(JSON.stringify(action.data)) as unknown });
  switch (answer.outcome) {
    case "written":
      return;
    case "refused":
      return tellEnded(reaction, command, answer.reason);
    case "deleted":
      return tellEnded(reaction, command, "the stream was deleted");
    case "invalid":
      if (isKnown()) throw new OtherCode(`${command} was refused as invalid by other code than this, whose schema it fits`);
      throw new Error(`${command} is invalid: ${answer.issues.map(({ path, message }) => `${path}: ${message}`).join("; ")}`);
    case "state-unavailable":
      throw new OtherCode(`${command} was not carried out: ${answer.detail}`);
    case "unknown-command":
      if (isKnown()) throw new OtherCode(`${command} is not known to the code that ${action.aggregate}/${action.id} runs`);
      throw new CodeMistake(`${command} was answered by unknown-command`);
    default:
      throw new Error(`${command} was answered by ${answer.outcome}`);
  }
}
