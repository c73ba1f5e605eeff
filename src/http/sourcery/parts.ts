/** Whether a stream has joined records: it has, if a processor writes some to it. Found in the processors' definitions. Pure. */

import type { ProcessorDefinition, StepDefinition } from "../../definitions/over-http/processor-form.ts";
import { type Part, partNameOf } from "./record.ts";

/** The name under which the steps of a joined record find the n-th join. */
export function joinedName(n: number): string {
  return `joined${n}`;
}

const JOINED = /^joined\d+$/;

/** The parts of a stream's joined records; undefined: no processor writes joined ones to it. */
export function partsOf(
  stream: string,
  processors: readonly ProcessorDefinition[],
  passed: ReadonlySet<string> = new Set(),
): readonly Part[] | undefined {
  if (passed.has(stream)) return undefined;
  for (const { from, steps } of processors) {
    if (typeof from !== "string" || !emits(steps, stream)) continue;
    const found = written({ stream, from }, steps, partsOf(from, processors, new Set([...passed, stream])));
    if (found) return found;
  }
  return undefined;
}

function emits(steps: readonly StepDefinition[], stream: string): boolean {
  return steps.some((step) =>
    "emit" in step ? step.emit.to === stream : "branch" in step && step.branch.some((branch) => emits(branch.steps, stream)),
  );
}

interface Asked {
  readonly stream: string;
  readonly from: string;
}

/** The parts of what these steps write to the stream, if they get a record with these. */
function written(asked: Asked, steps: readonly StepDefinition[], before: readonly Part[] | undefined): readonly Part[] | undefined {
  let parts = before;
  /** What joins have found, by their names. */
  const sources = new Map<string, string>();
  const partIn = ([name, value]: readonly [string, string]): Part => ({
    name,
    source: value === "data" ? asked.from : (sources.get(value) ?? partNameOf(name)),
  });
  for (const step of steps) {
    if ("join" in step) sources.set(step.join.as, step.join.with);
    if ("map" in step) {
      const members = typeof step.map === "string" ? [] : Object.entries(step.map);
      const isJoin = members.length > 1 && members.every(([, value], index) => (index === 0 ? value === "data" : JOINED.test(value)));
      parts = isJoin ? members.map(partIn) : undefined;
    }
    if ("set" in step && parts)
      parts = [
        ...parts,
        ...Object.entries(step.set)
          .filter(([, value]) => JOINED.test(value))
          .map(partIn),
      ];
    if ("emit" in step && step.emit.to === asked.stream && step.emit.data === undefined && parts) return parts;
    if ("branch" in step) {
      for (const branch of step.branch) {
        // Without a condition it is the one for plain records: see `stepsOf`.
        const found = written(asked, branch.steps, branch.when === undefined ? undefined : parts);
        if (found) return found;
      }
    }
  }
  return undefined;
}
