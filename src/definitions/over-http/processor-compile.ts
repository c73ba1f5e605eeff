/** Makes the processor that a definition declares. Pure. */

import type { Scope } from "../expressions/expression.ts";
import type { Join, Maker, Member, Rules, Step } from "../processors/rules.ts";
import { DEFAULT_RETRY } from "../retry.ts";
import type { View } from "../views/view.ts";
import { keptExpression } from "./kept-expression.ts";
import { whyNotJoined } from "./processor-check.ts";
import type { MakerDefinition, ProcessorDefinition, StepDefinition } from "./processor-form.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * The processor, compiled. Never throws for a definition that was kept: what it names and the store no longer has fails at the event that
 * needs it, on record.
 *
 * @param incarnation one higher each time that its name is declared after a deletion
 */
export function processorFrom(name: string, definition: ProcessorDefinition, around: Surroundings, incarnation: number): Rules {
  const { description, from, types, start = "beginning", onError = "stop" } = definition;
  const made: Made = { around, views: new Map(), targets: new Set() };
  const steps = stepsOf(made, definition.steps, "steps", { event: true, data: true });
  return {
    kind: "rules",
    name,
    ...(description === undefined ? {} : { description }),
    followed: [from].flat().map((category) => around.categories.get(category)?.source ?? { name: category, events: {} }),
    ...(types === undefined ? {} : { types }),
    start,
    onError,
    retry: DEFAULT_RETRY,
    steps,
    views: [...made.views.values()],
    targets: [...made.targets],
    generation: `r${incarnation}`,
    definition,
  };
}

interface Made {
  readonly around: Surroundings;
  readonly views: Map<string, View>;
  readonly targets: Set<string>;
}

function stepsOf(made: Made, definitions: readonly StepDefinition[], path: string, scope: Scope): Step[] {
  let known = scope;
  return definitions.map((definition, index) => {
    const step = stepOf(made, definition, `${path}.${index}`, known);
    if (step.kind === "join") known = { ...known, [step.as]: true };
    return step;
  });
}

/** Whatever is known of the data, an expression means the same: so it is compiled for data of any form. */
function stepOf(made: Made, step: StepDefinition, path: string, scope: Scope): Step {
  if ("filter" in step) return { kind: "filter", path, test: keptExpression(step.filter, scope) };
  if ("set" in step) return { kind: "set", path, members: membersOf(step.set, scope) };
  if ("map" in step) return { kind: "map", path, make: makerOf(step.map, scope) };
  if ("join" in step) {
    const { with: name, by, as, missing = "fail" } = step.join;
    return { kind: "join", path, from: joinedBy(made, name), by: keptExpression(by, scope), as, missing };
  }
  if ("emit" in step) {
    const { to, type, id, data } = step.emit;
    made.targets.add(to);
    return {
      kind: "emit",
      path,
      to,
      ...(type === undefined ? {} : { type: keptExpression(type, scope) }),
      ...(id === undefined ? {} : { id: keptExpression(id, scope) }),
      ...(data === undefined ? {} : { data: makerOf(data, scope) }),
    };
  }
  const branches = step.branch.map(({ when, steps }, index) => ({
    path: `${path}.branch.${index}`,
    ...(when === undefined ? {} : { when: keptExpression(when, scope) }),
    steps: stepsOf(made, steps, `${path}.branch.${index}.steps`, scope),
  }));
  return { kind: "branch", path, branches };
}

function joinedBy({ around, views }: Made, name: string): Join["from"] {
  const view = around.views.get(name);
  if (view) {
    const problem = whyNotJoined(view);
    if (problem !== undefined) return { lost: problem };
    views.set(name, view);
    return { view };
  }
  return around.categories.has(name) ? { category: name } : { lost: `there is neither a view nor a category ${name} any more` };
}

export function makerOf(definition: MakerDefinition, scope: Scope): Maker {
  return typeof definition === "string" ? keptExpression(definition, scope) : membersOf(definition, scope);
}

function membersOf(members: Readonly<Record<string, string>>, scope: Scope): Member[] {
  return Object.entries(members).map(([name, text]) => ({ names: name.split("."), value: keptExpression(text, scope) }));
}
