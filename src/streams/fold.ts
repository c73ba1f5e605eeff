/** Folds events into a state. Pure: the stream's object and the test kit use it. */

import { liftError, liftTo, schemaVersionOf } from "../definitions/upcast.ts";
import type { DataSchema, RecordedEvent, StoredEvent } from "../core/event.ts";
import { rememberingLast } from "../core/remembering-last.ts";
import { freeze, settle } from "../core/plain-json.ts";
import type { AnyAggregate } from "../definitions/aggregate.ts";

/** What `evolve` gets about an event besides its data. */
type Facts = Pick<RecordedEvent, "id" | "version" | "type" | "meta" | "time" | "recordedAt">;

/** The events, or what was sent, belong to other code than this, which would misread them. */
export class StateUnavailable extends Error {
  override readonly name = "StateUnavailable";
}

/** The state of a stream without events. */
export function initialStateOf(aggregate: AnyAggregate): unknown {
  return settle<unknown>(aggregate.initialState());
}

/**
 * The state after an event. A type that the code does not know any more (or one of ours, `$…`) does not change it.
 *
 * @param data is frozen, since the state may keep it
 */
export function evolved(aggregate: AnyAggregate, state: unknown, data: unknown, facts: Facts): unknown {
  const evolve = handlerOf(aggregate, facts.type);
  return evolve ? settle<unknown>(evolve(state, freeze(data), facts)) : state;
}

/** The state after events of its stream, which are lifted to the versions that the code knows. */
export function fold(aggregate: AnyAggregate, state: unknown, events: readonly StoredEvent[]): unknown {
  for (const event of events) {
    if (!handlerOf(aggregate, event.type)) continue;
    const recordedAt = timeOf(event.recordedAt);
    const { id, version, type } = event;
    const lifted = liftTo(aggregate.events[type] as DataSchema, event);
    const problem = liftError(lifted);
    if (problem) throw problem;
    const facts = { id, version, type, meta: metaOf(event.meta), time: event.time ?? recordedAt, recordedAt };
    state = evolved(aggregate, state, JSON.parse(lifted.data), facts);
  }
  return state;
}

/** The events of one append have one meta and one time: making them took half of a fold (measured). */
const metaOf = rememberingLast((text: string) => freeze(JSON.parse(text) as Facts["meta"]));
const timeOf = rememberingLast((ms: number) => new Date(ms).toISOString());

/**
 * The same for events that are stored already.
 *
 * @param stream its name for the error
 * @throws {StateUnavailable} with an event that this code is too old for; and what the app's own code throws
 */
export function foldStored(aggregate: AnyAggregate, stream: string, state: unknown, events: readonly StoredEvent[]): unknown {
  for (const event of events) {
    const { type, version, schemaVersion } = event;
    const schema = handlerOf(aggregate, type) && (aggregate.events[type] as DataSchema);
    if (schema && !event.erased && schemaVersion > schemaVersionOf(schema)) {
      const known = schemaVersionOf(schema);
      throw new StateUnavailable(
        `the state of ${stream} cannot be computed: its event ${version}, a ${type}, has schemaVersion ${schemaVersion}, and this deployment's code knows ${known} at most`,
      );
    }
    state = fold(aggregate, state, [event]);
  }
  return state;
}

function handlerOf({ evolve }: AnyAggregate, type: string): AnyAggregate["evolve"][string] | undefined {
  return Object.hasOwn(evolve, type) ? evolve[type] : undefined;
}
