/** What a processor that is declared over HTTP emits at the events of a batch: its steps run for all of them, and what joins need is loaded together. */

import { CodeMistake } from "../core/mistake.ts";
import type { RecordedEvent } from "../core/event.ts";
import type { Failure } from "../consumers/consumer.ts";
import type { Rules } from "../definitions/processors/rules.ts";
import type { Emission, Target } from "../definitions/processors/rules-emit.ts";
import { type Found, type Lookup, run } from "../definitions/processors/rules-run.ts";
import { EMITTED_CHARACTERS } from "./limits.ts";
import type { Asked, Joins } from "./rules-joins.ts";

/** What is emitted at one event. */
export interface Answer {
  readonly event: RecordedEvent;
  readonly emissions: readonly Emission[];
  readonly calls: number;
}

/** An event that the processor passes over because it cannot process it. */
export interface PassedOver extends Failure {
  readonly error: CodeMistake;
}

export interface Answers {
  readonly answers: readonly Answer[];
  readonly passedOver: readonly PassedOver[];
  /** The event right after the answers at which it fails. */
  readonly failure?: Failure;
  /** The first event that is left for the next batch, because the answers so far are enough. */
  readonly rest?: RecordedEvent;
}

/** The steps at one event, as far as they got. */
interface Run {
  readonly event: RecordedEvent;
  readonly steps: Generator<Lookup, readonly Emission[], Found>;
  /** What it waits for. */
  asked?: Asked;
  begun?: true;
  emissions?: readonly Emission[];
  error?: unknown;
}

/** @param events its own, in the log's order */
export async function answersAt(
  rules: Rules,
  events: readonly RecordedEvent[],
  joins: Joins,
  targets: ReadonlyMap<string, Target>,
): Promise<Answers> {
  let runs: Run[] = events.map((event) => ({ event, steps: run(rules, event, (category) => targets.get(category)) }));
  for (;;) {
    const asked: Asked[] = [];
    let characters = 0;
    for (const [index, one] of runs.entries()) {
      const isTooMuch = index > 0 && characters > EMITTED_CHARACTERS;
      if (!isTooMuch) advance(one, joins);
      if (isTooMuch || (index > 0 && one.asked && !joins.hasRoom(asked, one.asked))) {
        runs = runs.slice(0, index);
        break;
      }
      if (one.asked) asked.push(one.asked);
      characters += (one.emissions ?? []).reduce((sum, { data }) => sum + data.length, 0);
      // Nothing after an event that stops the processor counts.
      if (isFailed(rules, one)) {
        runs = runs.slice(0, index + 1);
        break;
      }
    }
    if (asked.length === 0) return collected(rules, runs, events[runs.length]);
    await joins.load(asked);
  }
}

/** Runs on until it has ended, or needs what is not loaded. */
function advance(one: Run, joins: Joins): void {
  if (one.emissions || one.error !== undefined) return;
  try {
    const known = one.asked && joins.answer(one.asked);
    if (one.begun && !known) return;
    delete one.asked;
    one.begun = true;
    let result = one.steps.next(known?.found);
    while (!result.done) {
      const asked: Asked = { ...result.value, position: one.event.position };
      const known = joins.answer(asked);
      if (!known) {
        one.asked = asked;
        return;
      }
      result = one.steps.next(known.found);
    }
    one.emissions = result.value;
  } catch (error) {
    delete one.asked;
    one.error = error;
  }
}

function isFailed({ onError }: Rules, { error }: Run): boolean {
  return error !== undefined && !(onError === "skip" && error instanceof CodeMistake);
}

function collected(rules: Rules, runs: readonly Run[], rest: RecordedEvent | undefined): Answers {
  const last = runs.at(-1);
  const failed = last && isFailed(rules, last) ? last : undefined;
  const done = failed ? runs.slice(0, -1) : runs;
  return {
    answers: done.flatMap(({ event, emissions = [] }) => (emissions.length > 0 ? [{ event, emissions, calls: emissions.length }] : [])),
    passedOver: done.flatMap(({ event, error }) => (error instanceof CodeMistake ? [{ event, error }] : [])),
    ...(failed ? { failure: { event: failed.event, error: failed.error } } : rest ? { rest } : {}),
  };
}
