/** How far a store's views are, for the sweep, according to D1. */

import type { Listed } from "../consumers/kind.ts";
import { type View, filterOfView } from "../definitions/views/view.ts";
import { type Checkpointed, type Placed, type StoreRows, checkpointsIn, standing } from "../consumers/standing.ts";
import type { ViewRow } from "./generations.ts";
import { rebuildOf, tableOf } from "../rows/table.ts";
import { isOfEarlierIncarnation, ownerOf } from "./succession.ts";

/** A row of `headspring_views`, as far as it matters here. */
interface ViewState extends Pick<ViewRow, "serving" | "rebuild" | "erase_to" | "deployment" | "deployed_at"> {
  readonly view: string;
}

export async function standingsOfViews(definitions: Listed, rows: readonly StoreRows[]): Promise<Placed[]> {
  return (await definitions.views()).map((view) => {
    const { name, database: binding = "VIEWS" } = view;
    const state = rows
      .filter((one) => one.binding === binding)
      .flatMap((one) => (one.states.get("view") ?? []) as readonly ViewState[])
      .find((one) => one.view === name);
    const isRecorded = state && !isOfEarlierIncarnation(view, ownerOf(state));
    const place = isRecorded ? standingOfView(view, state, checkpointsIn(rows, binding, name)) : standing(name, undefined);
    return { ...place, ...filterOfView(view), binding };
  });
}

function standingOfView(
  view: View,
  { serving, rebuild, erase_to: eraseTo }: ViewState,
  rows: readonly Checkpointed[],
): Omit<Placed, "binding"> {
  const { generation } = tableOf(view, rebuild);
  const wanted = rows.find((row) => row.generation === generation);
  if (serving === generation) return standing(view.name, eraseTo > 0 ? undefined : wanted);
  const recorded = rows.find((row) => row.generation === serving);
  const isOther = rebuildOf(view, serving) === undefined;
  // Another version's table is on record, and this code's own is kept next to it. The one that is behind is woken.
  if (isOther && eraseTo === 0 && wanted?.status === "active" && typeof wanted.kept_at === "number" && recorded)
    return standing(view.name, wanted.position <= recorded.position ? wanted : recorded);
  // The table that will answer is being built. Only if its build waits for an operator does the other table alone count.
  if (!wanted || wanted.status === "active") return standing(view.name, undefined);
  return standing(view.name, isOther ? wanted : recorded);
}
