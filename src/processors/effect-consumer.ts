/**
 * ⑤ Runs effects: calls a service at least once with the same key, and records the outcome once (promise 5).
 *
 * For each event: is the outcome there? If not: note that a call is about to be made, call, record the outcome, and only then move the
 * checkpoint. A crash in between leaves the note; the next run calls again with the same key.
 */

import { sharedOf } from "./shared.ts";
import type { Store } from "../store/store.ts";
import * as z from "zod";
import { isFree } from "../core/budget.ts";
import { CheckpointStore } from "../consumers/checkpoint.ts";
import type { Applied, Consumer } from "../consumers/consumer.ts";
import { AppError, ofApp, isTransient, thrown } from "../core/platform-errors.ts";
import type { DataSchema, RecordedEvent } from "../core/event.ts";
import { derivedId } from "../core/ids.ts";
import { CONSUMER_BUDGET_MS, CONSUMER_CALLS } from "../core/limits.ts";
import { EFFECTS_IN_FLIGHT, EFFECT_LEASE_MARGIN_MS } from "./limits.ts";
import type { Effect, Outcome } from "../definitions/processors/effect.ts";
import { type Reaction, appendFact, isStored } from "./facts.ts";
import { type World, callOut, keyOf, recordOf, recordable } from "./effect-call.ts";
import { batchesOf } from "./batches.ts";
import { reactionSpan } from "./reaction-span.ts";

/** The event that notes a call before it is made. Stored: add optional fields, change nothing. */
export const EFFECT_STARTED = "$EffectStarted";
const EffectStarted = z.object({
  effect: z.string(),
  /** The key that the service gets. */
  key: z.string(),
  /** The event that the call is for. */
  event: z.object({ id: z.string(), stream: z.string(), version: z.int(), type: z.string() }),
});

/** The effect as a consumer of its store's log. */
export function effectConsumer(store: Store, effect: Effect, outside: World["fetch"] = (request) => fetch(request)): Consumer {
  const shared = sharedOf(store, effect);
  const { checkpoint, budget } = shared;
  const counted: World["fetch"] = (request) => {
    budget?.spend(1);
    return outside(request);
  };
  // The calls of one batch must fit into what a consumer has when it begins.
  const width = isFree(store.variables) ? EFFECTS_WITHIN : EFFECTS_IN_FLIGHT;
  const performing: Performing = { store, effect, outside: counted, checkpoint };
  return {
    ...shared,
    retry: effect.retry,
    async apply(batch) {
      const { events, from, to } = batch;
      const deadline = Date.now() + CONSUMER_BUDGET_MS;
      // The log keeps waking a consumer that has not caught up. While a call takes its time, other workers must stay away.
      if (events.length > 0) await checkpoint.lease(from, leaseOf(effect));
      let position = from;
      for (const wave of batchesOf(events, (event) => keysOf(effect, event), width)) {
        const failure = await performAll(performing, wave);
        const last = wave.at(-1)?.position ?? to;
        const isLast = last === events.at(-1)?.position;
        const done = failure ? failure.event.position - 1 : isLast ? to : last;
        const hasRoom = budget?.fits(EFFECT_CALLS * width) ?? true;
        const more = !failure && !isLast && hasRoom && Date.now() < deadline;
        if (done > position) await checkpoint.commit(position, done, more ? [checkpoint.extendLease(leaseOf(effect))] : [], batch);
        position = done;
        if (failure) return { position, failure };
        if (!more) return { position };
      }
      await checkpoint.commit(from, to, [], batch);
      return { position: to };
    },
  };
}

/** Calls that an effect makes for one event: whether it is done, its note, one request, its outcome. Ours. */
const EFFECT_CALLS = 5;
/** Events at once where calls are few: as many as leave room for the consumer's own queries and commits. */
const EFFECTS_WITHIN = Math.floor((CONSUMER_CALLS - 6) / EFFECT_CALLS);

/** Until when other workers stay away: longer than the calls of one batch may take (milliseconds since 1970). */
function leaseOf({ timeoutMs }: Effect): number {
  return Date.now() + timeoutMs + EFFECT_LEASE_MARGIN_MS;
}

interface Performing {
  readonly store: Store;
  readonly effect: Effect;
  readonly outside: World["fetch"];
  readonly checkpoint: CheckpointStore;
}

/** The streams on which an event must wait for the one before: its own, and the stream that records its outcome. */
function keysOf(effect: Effect, event: RecordedEvent): string[] {
  try {
    return [event.stream, recordOf(effect, event)];
  } catch {
    return [event.stream]; // it fails when its turn comes
  }
}

/** @returns the first event that failed; everything before it is done */
async function performAll(performing: Performing, events: readonly RecordedEvent[]): Promise<Applied["failure"]> {
  const results = await Promise.allSettled(
    events.map((event) => reactionSpan(performing.store.name, performing.effect.name, event, () => perform(performing, event))),
  );
  for (const [index, result] of results.entries()) {
    const event = events[index];
    if (result.status !== "rejected" || !event) continue;
    try {
      if (!(await giveUp(performing, event, result.reason))) return { event, error: result.reason };
    } catch (error) {
      return { event, error };
    }
  }
  return undefined;
}

async function perform({ store, effect, outside }: Performing, event: RecordedEvent): Promise<void> {
  const reaction: Reaction = { store, processor: effect.name, event };
  const stream = ofApp(() => recordOf(effect, event));
  const started = derivedId(effect.name, event.stream, event.id, "started");
  const [known, repeated] = await Promise.all([isStored(reaction, stream, outcomeId(effect, event)), isStored(reaction, stream, started)]);
  if (known) return;
  let unannounced: unknown;
  const world: World = {
    fetch: outside,
    variables: store.variables,
    repeated,
    async announce() {
      unannounced = undefined;
      const { id, version, type } = event;
      const data = { effect: effect.name, key: keyOf(effect, event), event: { id, stream: event.stream, version, type } };
      const note = { stream, id: started, type: EFFECT_STARTED, schema: EffectStarted, data };
      const noted = await appendFact(reaction, note).catch((error: unknown) => {
        throw (unannounced = error);
      });
      if (!noted) throw (unannounced = new StreamEnded());
    },
  };
  const called = await Promise.allSettled([callOut(effect, event, world)]);
  // No request has left: whatever the handler made of that, it is not an outcome.
  if (unannounced instanceof StreamEnded) return;
  if (unannounced !== undefined) throw unannounced;
  const [outcome] = called;
  if (outcome.status === "rejected") throw new AppError("the effect's handler threw", { cause: outcome.reason });
  await record(reaction, effect, stream, outcome.value);
}

/** The outcome of a call could not be kept: so no call is made. */
class StreamEnded extends Error {
  override readonly name = "StreamEnded";
}

async function record(reaction: Reaction, effect: Effect, stream: string, outcome: Outcome<Record<string, DataSchema>>): Promise<void> {
  const fact = ofApp(() => recordable(effect, outcome));
  if (fact) await appendFact(reaction, { stream, id: outcomeId(effect, reaction.event), ...fact });
}

function outcomeId(effect: Effect, event: RecordedEvent): string {
  return derivedId(effect.name, event.stream, event.id, "outcome");
}

/** Records what is to be recorded when the last attempt has failed, so that the effect can continue. Returns whether it can. */
async function giveUp({ store, effect, checkpoint }: Performing, event: RecordedEvent, error: unknown): Promise<boolean> {
  // What is the platform's fault is temporary, and uses up no attempt.
  if (!effect.otherwise || isTransient(error)) return false;
  const checkpointNow = await checkpoint.look();
  const failed = (checkpointNow?.position === event.position - 1 ? checkpointNow.attempts : 0) + 1;
  if (failed < effect.retry.attempts) return false;
  const reaction: Reaction = { store, processor: effect.name, event };
  const { otherwise } = effect;
  const instead = ofApp(() => otherwise(event, thrown(error)));
  await record(
    reaction,
    effect,
    ofApp(() => recordOf(effect, event)),
    instead,
  );
  return true;
}
