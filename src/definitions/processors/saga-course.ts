/** What a run knows of its saga, and what its steps get and send by that. Pure. */

import type { SendAction } from "../../core/sending.ts";
import { CodeMistake } from "../../core/mistake.ts";
import { fittingCommand } from "./saga-attempt.ts";
import type { Sending } from "./process-answer.ts";
import { START_SAGA } from "./process-events.ts";
import type { Parent, SagaState } from "./saga-state.ts";
import type { Done, Placed, Step } from "./saga-steps.ts";

/** What a run needs to know about its saga. */
export interface Course {
  readonly name: string;
  /** The steps of the definition for this input, by name. */
  readonly steps: ReadonlyMap<string, Placed>;
  /** Sagas that it may start. */
  readonly sagas: ReadonlySet<string>;
}

/**
 * A step by its name.
 *
 * @param id the running saga's, for the message
 * @throws when the definition no longer has the step: a running saga needs the steps that it started with
 */
export function placedIn({ name: saga, steps }: Course, name: string, id: string): Placed {
  const placed = steps.get(name);
  if (!placed) throw new CodeMistake(`saga "${saga}" has no step "${name}" any more, but ${id} is at it`);
  return placed;
}

/** What the steps so far have done, as another step gets it. */
export function doneOf({ name: saga }: Course, { steps }: SagaState): Done {
  const of = ({ name }: Step) => {
    const state = steps.find((one) => one.name === name);
    if (!state) throw new CodeMistake(`saga "${saga}" has no step "${name}"`);
    return state;
  };
  return { result: (step) => of(step).result as never, version: (step) => of(step).version ?? 0 };
}

/**
 * The command of a step as it is sent. A command that starts a saga says for which step; each further attempt starts a new saga.
 *
 * @param id the running saga's
 * @param attempts earlier ones
 */
export function sendingOf(
  { name: saga, sagas }: Course,
  id: string,
  step: string,
  action: SendAction,
  how: Pick<Sending, "label" | "expected">,
  attempts: number,
): Sending {
  if (action.command !== START_SAGA) return fittingCommand({ ...action, ...how });
  if (!sagas.has(action.aggregate))
    throw new CodeMistake(`saga "${saga}" starts saga "${action.aggregate}", which its \`sagas\` does not name`);
  const parent: Parent = { saga, id, step, ...(how.label === step ? {} : { undo: true }) };
  const started = attempts === 0 ? action.id : `${action.id}~${attempts + 1}`;
  return fittingCommand({ ...action, id: started, data: { ...(action.data as object), parent }, ...how });
}
