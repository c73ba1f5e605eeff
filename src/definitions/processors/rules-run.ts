/**
 * Runs the steps of a processor that is declared over HTTP at one event. Pure: what a join finds is asked of the caller, and what is emitted
 * is returned, for the caller to store.
 */

import { type JsonObject, type JsonValue, type RecordedEvent, categoryOf } from "../../core/event.ts";
import { lineageOf } from "../../core/meta.ts";
import { eventValues } from "../over-http/event-values.ts";
import { EXPRESSION_STEPS } from "../expressions/limits.ts";
import { hopsProblem } from "./loops.ts";
import type { Emit, Join, Rules, Step } from "./rules.ts";
import type { Effort } from "./rules-data.ts";
import { type Emission, type Target, emissionOf } from "./rules-emit.ts";
import { EFFORT, StepMistake, type Values, condition, idOf, made, membersOf, text } from "./rules-values.ts";

/** What a join asks for: the row of a view, or the latest data of a stream, as of the event's position. */
export interface Lookup {
  readonly join: Join;
  readonly key: string;
}

/** What was found; undefined: nothing. */
export type Found = JsonValue;

/** What one step did, for a person who tries the processor out. */
export type Traced = { readonly path: string } & (
  | { readonly step: "filter"; readonly passed: boolean }
  | { readonly step: "set" | "map" }
  | {
      readonly step: "join";
      readonly as: string;
      readonly key: string | null;
      readonly found: JsonValue;
      readonly outcome: "joined" | "skipped";
    }
  | { readonly step: "branch"; readonly taken: boolean; readonly why: "when" | "otherwise" }
  | { readonly step: "emit"; readonly stream: string }
);

interface Running {
  readonly rules: Rules;
  readonly event: RecordedEvent;
  readonly targetOf: (category: string) => Target | undefined;
  readonly emissions: Emission[];
  /** Gets what each step did, and the data after it. */
  readonly trace: ((traced: Traced, data: JsonObject) => void) | undefined;
}

/** Why the event is none of the processor's; undefined: it is. */
export function whyPassed({ name, followed, types }: Pick<Rules, "name" | "followed" | "types">, event: RecordedEvent): string | undefined {
  const category = categoryOf(event.stream);
  if (!followed.some((source) => source.name === category)) return `it follows ${followed.map((one) => one.name).join(", ")}`;
  if (event.type.startsWith("$")) return "events of the store itself are passed by";
  if (types && !types.includes(event.type)) return `it handles ${types.join(", ")}`;
  return lineageOf(event).includes(name) ? "the processor itself led to the event: its lineage names it" : undefined;
}

/**
 * What the processor emits at an event that is one of its own ({@link whyPassed}).
 *
 * @param targetOf the categories that it emits to
 * @param trace gets what each step did
 * @throws {StepMistake} at the step that cannot be done
 */
export function* run(
  rules: Rules,
  event: RecordedEvent,
  targetOf: Running["targetOf"],
  trace?: Running["trace"],
): Generator<Lookup, readonly Emission[], Found> {
  const running: Running = { rules, event, targetOf, emissions: [], trace };
  // Of one expression it is the most, and so it is of all of them: an event takes a moment, whatever the definition.
  const effort: Effort = { left: EXPRESSION_STEPS };
  const values = { ...eventValues(event), [EFFORT]: effort } as unknown as Values;
  yield* runSteps(running, rules.steps, values);
  return running.emissions;
}

/** In their order, up to one that holds the event back. */
function* runSteps(running: Running, steps: readonly Step[], before: Values): Generator<Lookup, void, Found> {
  let values = before;
  for (const step of steps) {
    const after = yield* runStep(running, step, values);
    if (after === undefined) return;
    values = after;
  }
}

/** Returns what the next step sees; undefined: the event goes no further. */
function* runStep(running: Running, step: Step, values: Values): Generator<Lookup, Values | undefined, Found> {
  const { path } = step;
  const { trace } = running;
  switch (step.kind) {
    case "filter": {
      const passed = condition(`${path}.filter`, step.test, values);
      trace?.({ path, step: "filter", passed }, values.data);
      return passed ? values : undefined;
    }
    case "set": {
      const data = membersOf(`${path}.set`, step.members, values, values.data);
      trace?.({ path, step: "set" }, data);
      return { ...values, data };
    }
    case "map": {
      const data = made(`${path}.map`, step.make, values);
      trace?.({ path, step: "map" }, data);
      return { ...values, data };
    }
    case "join":
      return yield* join(running, step, values);
    case "branch": {
      let isHeld = false;
      for (const { path: at, when, steps } of step.branches) {
        const taken: boolean = when ? condition(`${at}.when`, when, values) : !isHeld;
        trace?.({ path: at, step: "branch", taken, why: when ? "when" : "otherwise" }, values.data);
        isHeld ||= taken;
        // What happens to the data in a branch is seen in that branch only: nothing is changed in place.
        if (taken) yield* runSteps(running, steps, values);
      }
      return values;
    }
    case "emit": {
      const emission = emit(running, step, values);
      running.emissions.push(emission);
      trace?.({ path, step: "emit", stream: emission.stream }, values.data);
      return values;
    }
  }
}

function* join({ trace }: Running, step: Join, values: Values): Generator<Lookup, Values | undefined, Found> {
  const { path, from, by, as, missing } = step;
  if ("lost" in from) throw new StepMistake(`${path}.join.with`, from.lost);
  const key = idOf(`${path}.join.by`, by, values, true);
  const found = key === undefined ? undefined : yield { join: step, key };
  const outcome = found === undefined && missing === "skip" ? "skipped" : "joined";
  trace?.({ path, step: "join", as, key: key ?? null, found: found ?? null, outcome }, values.data);
  if (found !== undefined) return { ...values, [as]: found };
  if (missing === "fail") {
    const name = "view" in from ? `the view ${from.view.name}` : from.category;
    throw new StepMistake(
      `${path}.join`,
      `${name} has nothing under the key that \`by\` gives (\`missing\`: \`skip\` or \`null\` goes on without it)`,
    );
  }
  return missing === "skip" ? undefined : { ...values, [as]: null };
}

function emit({ rules, event, targetOf }: Running, step: Emit, values: Values): Emission {
  const { path, to } = step;
  const tooMany = hopsProblem({ loops: false }, event);
  if (tooMany) throw new StepMistake(path, `it does not emit at ${event.type}, ${tooMany}`);
  const target = targetOf(to);
  if (!target) throw new StepMistake(`${path}.emit.to`, `the category ${to} takes no events any more`);
  const type = step.type ? text(`${path}.emit.type`, step.type, values) : (target.factType ?? event.type);
  const id = step.id ? idOf(`${path}.emit.id`, step.id, values, false) : undefined;
  const data = step.data ? made(`${path}.emit.data`, step.data, values) : values.data;
  const emission = emissionOf(rules.name, event, { path, to, type, id, data }, target);
  if ("problem" in emission) throw new StepMistake(`${path}.emit`, emission.problem, { refused: { to, type, data } });
  return emission;
}
