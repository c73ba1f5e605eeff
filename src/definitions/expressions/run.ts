/** One evaluation of an expression: its values, the element that a macro is at, and the steps that it may still take. */

import type { JsonValue } from "../../core/event.ts";
import { EXPRESSION_STEPS } from "./limits.ts";

/** Characters of a string that the platform reads, compares or copies in one step. Measured: about as long as a node takes. */
const STEP_CHARACTERS = 16;
/** Steps of an error that `&&`, `||`, `all` or `exists` passes over: the platform notes a stack for each. Measured. */
const FAULT_STEPS = 400;

/** Why an evaluation ends without a result. It never names a value, because errors are logged. */
export class Fault extends Error {
  /** The place in the expression; undefined: all of it. */
  readonly at: number | undefined;
  /** Whether nothing in the expression may pass over it. */
  readonly isFinal: boolean;

  constructor(message: string, at: number | undefined, isFinal = false) {
    super(message);
    this.at = at;
    this.isFinal = isFinal;
  }
}

let taken = 0;

/**
 * Steps that all evaluations of this isolate have taken so far. A caller of many limits its work by the difference: the platform's clock
 * stands still while code runs.
 */
export function stepsTaken(): number {
  return taken;
}

export class Run {
  /** The element that the expression's only macro is at. */
  item: JsonValue = undefined;

  readonly values: Readonly<Record<string, unknown>>;
  /** Steps that are left. */
  left: number;

  constructor(values: Readonly<Record<string, unknown>>, left = EXPRESSION_STEPS) {
    this.values = values;
    this.left = left;
  }

  /** @throws {Fault} when too many steps were taken */
  spend(steps: number): void {
    this.left -= steps;
    taken += steps;
    if (this.left < 0) throw new Fault(`it takes more than ${EXPRESSION_STEPS.toLocaleString("en")} steps`, undefined, true);
  }

  /** Spends what reading or making so many characters takes. */
  spendCharacters(characters: number): void {
    this.spend(1 + Math.ceil(characters / STEP_CHARACTERS));
  }

  /** What may be passed over if another part of the expression decides; everything else is thrown on. */
  passOver(error: unknown): Fault {
    if (!(error instanceof Fault) || error.isFinal) throw error;
    this.spend(FAULT_STEPS);
    return error;
  }
}
