/**
 * ⑤ Runs processors that are declared over HTTP: what they emit is stored once, however often they run (promise 5), and what they join is
 * what the view had at the event's own position.
 */

import { recordSkip } from "../consumers/override.ts";
import type { Applied, Batch, Consumer, Failure } from "../consumers/consumer.ts";
import { errorAt } from "../consumers/failure.ts";
import type { RecordedEvent } from "../core/event.ts";
import { PORTION_CALLS } from "../core/limits.ts";
import { messageOf } from "../core/mistake.ts";
import type { Rules } from "../definitions/processors/rules.ts";
import type { Emission, Target } from "../definitions/processors/rules-emit.ts";
import { whyPassed } from "../definitions/processors/rules-run.ts";
import type { Store } from "../store/store.ts";
import { logger } from "../telemetry/logger.ts";
import { appendText } from "./facts.ts";
import { inPortions } from "./portions.ts";
import { reactAll } from "./reactions.ts";
import { type Answer, answersAt } from "./rules-answers.ts";
import { openCopies, requireStill } from "./rules-copies.ts";
import { Joins } from "./rules-joins.ts";
import { sharedOf } from "./shared.ts";

/** The processor as a consumer of its store's log. */
export function rulesConsumer(store: Store, rules: Rules): Consumer {
  const shared = sharedOf(store, rules);
  const joined = rules.views
    .flatMap(({ followed }) => followed)
    .filter((source) => !rules.followed.some(({ name }) => name === source.name));
  return {
    ...shared,
    followed: [...rules.followed, ...joined],
    retry: rules.retry,
    apply: (batch) => apply(store, rules, shared, batch),
  };
}

async function apply(store: Store, rules: Rules, { checkpoint, budget }: ReturnType<typeof sharedOf>, batch: Batch): Promise<Applied> {
  const { events, from, to } = batch;
  const opened = await openCopies(store, rules, from);
  if ("waits" in opened) return { position: from, ...(opened.failure ? { failure: opened.failure } : {}) };
  const copies = opened;
  let end: { readonly position: number; readonly failure?: Failure } = { position: to };
  for (const copy of copies.values()) {
    const folded = await copy.fold(events, to);
    if (folded.position < end.position) end = folded;
  }
  const own = events.filter((event) => event.position <= end.position && whyPassed(rules, event) === undefined);
  const targets = own.length > 0 ? await targetsOf(store, rules) : new Map<string, Target>();
  const { answers, passedOver, failure, rest } = await answersAt(rules, own, new Joins(store, copies), targets);
  await requireStill(store, rules, from, copies.values());
  const stop = failure ? { position: failure.event.position - 1, failure } : rest ? { position: rest.position - 1 } : end;
  const within = (after: number, last: number) => passedOver.filter(({ event }) => event.position > after && event.position <= last);
  const applied = await inPortions({
    checkpoint,
    budget,
    // What only the copies needed does not count as processed.
    batch: { ...batch, to: stop.position, events: own },
    parts: answers,
    ...(stop.failure ? { failure: stop.failure } : {}),
    most: Math.max(1, Math.min(PORTION_CALLS, (budget?.left ?? PORTION_CALLS) - COMMIT_STATEMENTS * copies.size)),
    also: (after, last) => [
      ...[...copies.values()].flatMap((copy) => copy.statements(after, last)),
      ...within(after, last).map((one) => recordSkip(checkpoint, one.event.position, errorAt(one.event, messageOf(one.error)))),
    ],
    work: (portion) =>
      reactAll({ store: store.name, processor: rules.name }, portion, keysOf, ({ event, emissions }) =>
        emitOne(store, rules, event, emissions),
      ),
  });
  for (const { event, error } of within(from, applied.position)) {
    const { stream, type } = event;
    logger.error(
      { message: "an event was skipped: the processor cannot process it", store: store.name, consumer: rules.name, stream, type },
      error.message,
    );
  }
  return applied;
}

/** Statements that a copy adds to a commit: its checkpoint, rows that change, rows that go. */
const COMMIT_STATEMENTS = 3;

/** The categories that it emits to, as they are now. Those that take no events any more are absent. */
export async function targetsOf(store: Store, { targets }: Rules): Promise<Map<string, Target>> {
  const found = await Promise.all(targets.map((name) => store.definitions.category(name)));
  return new Map(
    found.flatMap((one, index) =>
      one?.status === "declared" || (one?.status === "in-code" && one.declared.kind === "plain")
        ? [[targets[index] as string, one.category] as const]
        : [],
    ),
  );
}

/** The streams on which an event must wait for the one before: its own, and those that it is emitted to. */
function keysOf({ event, emissions }: Answer): Set<string> {
  return new Set([event.stream, ...emissions.map(({ stream }) => stream)]);
}

/** An event keeps the time of the one that it was made from, as with a transform. */
async function emitOne(store: Store, { name }: Rules, event: RecordedEvent, emissions: readonly Emission[]): Promise<void> {
  const reaction = { store, processor: name, event, emitter: name };
  for (const { stream, id, type, data, schemaVersion } of emissions)
    await appendText(reaction, { stream, id, type, text: data, schemaVersion, time: event.time });
}
