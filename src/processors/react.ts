/** ⑤ Runs reactors: what they answer is stored once, however often they run (promise 5). */

import type { App } from "../app.ts";
import type { AppendAction, SendAction } from "../command.ts";
import { CheckpointStore } from "../delivery/checkpoint.ts";
import type { Consumer } from "../delivery/consumer.ts";
import type { RecordedEvent } from "../event.ts";
import { derivedId } from "../ids.ts";
import { byteLength } from "../json.ts";
import { EVENT_DATA_BYTES } from "../limits.ts";
import { streamIdProblem } from "../names.ts";
import { streamOf } from "../objects.ts";
import { schemaVersionOf } from "../upcast.ts";
import type { Action, Reactor } from "./reactor.ts";

/** The reactor as a consumer of its store's log. */
export function reactorConsumer(app: App, env: Env, store: string, reactor: Reactor): Consumer {
  const checkpoint = new CheckpointStore(env.VIEWS, store, reactor.name);
  return {
    name: reactor.name,
    store,
    types: [...reactor.handlers.keys()],
    categories: reactor.sources.map((source) => source.name),
    checkpoint,
    ...(reactor.start ? { start: reactor.start } : {}),
    hooks: app.hooks,
    async apply(events, from, to) {
      for (const event of events) {
        try {
          await react({ app, env, store, reactor, event });
        } catch (error) {
          const position = event.position - 1;
          if (position > from) await checkpoint.commit(from, position, []);
          return { position, failure: { event, error } };
        }
      }
      await checkpoint.commit(from, to, []);
      return { position: to };
    },
  };
}

/** One reactor at one event. */
interface Reaction {
  readonly app: App;
  readonly env: Env;
  readonly store: string;
  readonly reactor: Reactor;
  readonly event: RecordedEvent;
}

/** Carries out what the reactor answers to one event, in the order it says. */
async function react(reaction: Reaction): Promise<void> {
  const { reactor, event } = reaction;
  const answer = reactor.handlers.get(event.type)?.(event);
  const actions: readonly Action[] = answer === undefined ? [] : [answer].flat();
  for (const [index, action] of actions.entries()) {
    const problem = streamIdProblem(action.id);
    if (problem) throw new Error(`reactor "${reactor.name}" answers to the stream "${action.id}", but ${problem}`);
    // The same event and place give the same id in every run; the stream stores it once. The stream is part of it
    // because an event's id is unique only there.
    const id = derivedId(reactor.name, event.stream, event.id, index);
    await (action.kind === "send" ? sendCommand(reaction, action, id) : appendEvent(reaction, action, id));
  }
}

async function appendEvent(reaction: Reaction, action: AppendAction, id: string): Promise<void> {
  const { app, env, store, event } = reaction;
  const { type, data } = action.event;
  const schema = app.categories.get(action.category)?.events[type];
  if (!schema) throw new Error(`the app has no plain category "${action.category}" with an event type "${type}"`);
  const text = JSON.stringify(schema.parse(data));
  const fact = `${type} for ${action.category}/${action.id}`;
  if (byteLength(text) > EVENT_DATA_BYTES) throw new Error(`${fact} has more than ${EVENT_DATA_BYTES} bytes`);
  const answer = await streamOf(env, store, action.category, action.id).append({
    events: [{ id, type, data: text, meta: JSON.stringify(causeOf(event)), schemaVersion: schemaVersionOf(schema) }],
    firstStands: true,
    expected: { kind: "any" },
  });
  if (answer.outcome === "deleted") tellEnded(reaction, fact, "the stream was deleted");
  else if (answer.outcome !== "written") throw new Error(`${fact} was answered by ${answer.outcome}`);
}

async function sendCommand(reaction: Reaction, action: SendAction, id: string): Promise<void> {
  const { env, store, event } = reaction;
  const answer = await streamOf(env, store, action.aggregate, action.id).execute({
    command: action.command,
    data: JSON.stringify(action.data),
    idempotencyKey: id,
    firstStands: true,
    expected: { kind: "any" },
    ...causeOf(event),
  });
  const command = `${action.command} for ${action.aggregate}/${action.id}`;
  switch (answer.outcome) {
    case "written":
      return;
    case "refused":
      return tellEnded(reaction, command, answer.reason);
    case "deleted":
      return tellEnded(reaction, command, "the stream was deleted");
    case "invalid":
      throw new Error(`${command} is invalid: ${answer.issues.map(({ path, message }) => `${path}: ${message}`).join("; ")}`);
    default:
      throw new Error(`${command} was answered by ${answer.outcome}`);
  }
}

/** A reactor keeps no state, so a reaction that is not taken ends here. Who must act on it is a process manager. */
function tellEnded({ store, reactor, event }: Reaction, reaction: string, reason: string): void {
  console.info({ message: "a reaction was not taken", store, reactor: reactor.name, reaction, reason, ...causeOf(event) });
}

/** A reaction belongs to the conversation of its event, and names the event as its cause. */
function causeOf(event: RecordedEvent): { correlationId: string; causationId: string } {
  const { correlationId } = event.meta as Record<string, unknown>; // a raw append may have put anything there
  return { correlationId: typeof correlationId === "string" ? correlationId : event.id, causationId: event.id };
}
