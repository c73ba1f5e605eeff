/** Which steps a failing saga undoes, and when: a step only after every step that came after it. Pure. */

import type { StepState, StepStatus } from "./saga-state.ts";

/** There is something to undo. A step that timed out was accepted, and may still take effect. */
const DONE: ReadonlySet<StepStatus> = new Set(["completed", "timed-out"]);
const UNDOING: ReadonlySet<StepStatus> = new Set(["undo-in-progress", "undo-retry-awaiting"]);

/** Whether a step is to be undone, or being undone. */
export function isToUndo(step: StepState): boolean {
  return isDone(step) || UNDOING.has(step.status);
}

/** Whether a step is to be undone, and no step that came after it still is. */
export function isUndoable(step: StepState, steps: readonly StepState[]): boolean {
  return isDone(step) && !isBlocked(step, steps);
}

function isDone({ status, accepted }: StepState): boolean {
  return DONE.has(status) || (status === "failed" && accepted === true);
}

function isBlocked({ name }: StepState, steps: readonly StepState[]): boolean {
  return steps.some((later) => later.after.includes(name) && (isToUndo(later) || isBlocked(later, steps)));
}
