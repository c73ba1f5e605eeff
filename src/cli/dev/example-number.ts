/** A number that a JSON Schema accepts: 1, or what is next to it. Pure. */

/** What a schema asks of a number. */
export interface NumberRules {
  readonly minimum?: unknown;
  readonly maximum?: unknown;
  readonly exclusiveMinimum?: unknown;
  readonly exclusiveMaximum?: unknown;
  readonly multipleOf?: unknown;
}

/** @param turn another number for each; undefined: there is none */
export function exampleNumber(rules: NumberRules, isInteger: boolean, turn: number): number | undefined {
  const step = typeof rules.multipleOf === "number" && rules.multipleOf > 0 ? rules.multipleOf : isInteger ? 1 : undefined;
  const [above, below] = [bound(rules.exclusiveMinimum, -Infinity), bound(rules.exclusiveMaximum, Infinity)];
  const [min, max] = [Math.max(bound(rules.minimum, -Infinity), above), Math.min(bound(rules.maximum, Infinity), below)];
  const fits = (value: number) => value >= min && value <= max && value > above && value < below && (!isInteger || Number.isInteger(value));
  const wanted = 1 + turn;
  const near = Math.min(Math.max(wanted, min), max);
  const candidates =
    step === undefined
      ? [wanted, near + turn, near, near + 1, near - 1, (min + max) / 2, min + (max - min) / (turn + 2)]
      : [0, 1, -1].flatMap((offset) =>
          [Math.ceil(near / step), Math.floor(near / step)].map((count) => multiple(count + offset + (near === wanted ? 0 : turn), step)),
        );
  return candidates.find((value) => Number.isFinite(value) && fits(value));
}

/** Without the error of the multiplication: 3 × 0.1 is 0.3. */
function multiple(count: number, step: number): number {
  return Number((count * step).toPrecision(15));
}

function bound(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
