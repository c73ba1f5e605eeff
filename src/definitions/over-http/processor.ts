/**
 * A processor that is declared over HTTP: its definition, and the processor that it becomes. The form is in processor-form.ts, the check of
 * its expressions in processor-check.ts, what runs them in processors/rules.ts. Pure.
 */

import { ISSUES } from "../../core/limits.ts";
import type { Issue } from "../../core/issue.ts";
import { type ProcessorDefinition, type StepDefinition, readForm } from "./processor-form.ts";

export { type ProcessorDefinition, ProcessorDefinitionIn } from "./processor-form.ts";
export { checkProcessor } from "./processor-check.ts";
export { processorFrom } from "./processor-compile.ts";

/** The definition that a request's body declares, or what is wrong with its form. */
export function parseProcessor(_name: string, body: unknown): ProcessorDefinition | { readonly issues: readonly Issue[] } {
  const read = readForm(body);
  return "issues" in read ? { issues: read.issues.slice(0, ISSUES) } : read;
}

/** What a definition names. `joined`: names of views or of categories. */
export function namesIn({ from, steps }: ProcessorDefinition): {
  readonly categories: readonly string[];
  readonly joined: readonly string[];
} {
  const all = flat(steps);
  const targets = all.flatMap((step) => ("emit" in step ? [step.emit.to] : []));
  const joined = all.flatMap((step) => ("join" in step ? [step.join.with] : []));
  return { categories: [...new Set([from, targets].flat(2))], joined: [...new Set(joined)] };
}

/** All steps, those of branches included. */
function flat(steps: readonly StepDefinition[]): StepDefinition[] {
  return steps.flatMap((step) => ("branch" in step ? [step, ...step.branch.flatMap((branch) => flat(branch.steps))] : [step]));
}
