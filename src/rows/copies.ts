/**
 * The copies of views that processors join. A processor that is declared over HTTP asks a view what it had at an event's own position. A
 * view is usually elsewhere, so the processor keeps rows of its own, which it folds from the same events by the view's own handlers as it
 * goes through the log, and which move with its checkpoint (decision 0043).
 */

import { codeHash } from "../core/code-hash.ts";
import type { Rules } from "../definitions/processors/rules.ts";
import type { View } from "../definitions/views/view.ts";
import { layoutOf } from "./layout.ts";
import { ViewTable } from "./table.ts";

/** Worked out once per isolate. */
const tables = new WeakMap<Rules, ReadonlyMap<View, ViewTable>>();

/** The table of each view's copy. Another definition of the view, or a processor declared again, has another table. */
export function copiesOf(processor: Rules): ReadonlyMap<View, ViewTable> {
  const known = tables.get(processor) ?? new Map(processor.views.map((view) => [view, tableFor(processor, view)]));
  tables.set(processor, known);
  return known;
}

function tableFor({ name, generation }: Rules, view: View): ViewTable {
  const { layout, hash } = layoutOf(view);
  return new ViewTable(name, `${generation}_${codeHash([name, view.name, hash])}`, layout);
}

/** The generations of all that a processor keeps in D1: its checkpoint, and its copies. */
export function generationsOf(processor: Rules): ReadonlySet<string> {
  return new Set([processor.generation, ...[...copiesOf(processor).values()].map(({ generation }) => generation)]);
}
