/** How many of a category's latest events fit a definition that is not declared: for a person who is about to declare it. */

import type { LoggedEvent } from "../core/event.ts";
import type { Issue } from "../core/issue.ts";
import type { Definition } from "../definitions/over-http/category.ts";
import { newEffort } from "../schemas/checker.ts";
import { fromDefinition } from "../store/plain-category.ts";
import type { Store } from "../store/store.ts";
import { FIT_EVENTS, FIT_EVENTS_DEFAULT, FIT_MISFITS } from "./limits.ts";
import { latestFor } from "./preview-events.ts";
import { DryRunQuery, limitOf } from "./request.ts";

export const DeclareCategoryQuery = DryRunQuery.extend({ last: limitOf(FIT_EVENTS, FIT_EVENTS_DEFAULT) });

/** An event that does not fit. */
type Misfit = Pick<LoggedEvent, "id" | "stream" | "version" | "position" | "type" | "schemaVersion"> & {
  readonly issues: readonly Issue[];
};

/** Checks the latest events as if they came today. Those that were erased, and those of the store itself, have nothing to check. */
export async function fitOf(store: Store, name: string, definition: Definition, last: number) {
  const { events, scannedTo } = await latestFor(store, { categories: [name] }, last);
  const category = fromDefinition(name, definition);
  const effort = newEffort();
  const misfits: Misfit[] = [];
  let [fit, misfit, from] = [0, 0, scannedTo];
  for (const logged of events) {
    const { id, stream, version, position, type, data, schemaVersion, erased } = logged;
    if (erased || type.startsWith("$")) continue;
    const checked = category.check(type, JSON.parse(data) as object, effort);
    // What could not be checked to its end is no misfit.
    if (effort.left < 0) {
      from = position + 1;
      break;
    }
    const issues = checked ? ("issues" in checked ? checked.issues : []) : [{ path: "type", message: `${name} has no event type ${type}` }];
    if (issues.length === 0) fit++;
    else if (misfit++ < FIT_MISFITS) misfits.push({ id, stream, version, position, type, schemaVersion, issues });
  }
  return { checked: fit + misfit, fit, from, misfits };
}
