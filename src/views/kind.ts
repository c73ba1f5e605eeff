/** ④ Views as a kind of consumer: they are kept current, rebuilt next to the table that answers, and can only be reset to the beginning. */

import type { Store } from "../store/store.ts";
import type { ConsumerAction } from "../store/consumer-protocol.ts";
import type { Consumer } from "../consumers/consumer.ts";
import { control, countControl } from "../consumers/control.ts";
import {
  type ConsumerKind,
  type ControlOutcome,
  type CountedAction,
  DONE,
  type NotPossible,
  notPossible,
  wokenBy,
} from "../consumers/kind.ts";
import { skippedIn } from "../consumers/report.ts";
import { type RunCount, countEvents } from "../consumers/run-count.ts";
import { viewsInCode } from "../definitions/views/kind.ts";
import type { View } from "../definitions/views/view.ts";
import { checkpointOf, generationsOf, register, requestRebuild } from "./generations.ts";
import { project } from "./project.ts";
import { viewConsumer } from "./projector.ts";
import { reportView } from "./report.ts";
import { standingsOfViews } from "./standing.ts";
import { tableOf } from "../rows/table.ts";

/** Why a view is not reset to another position. */
const RESETS_TO_ZERO = "a view is built from all its events: it can only be reset to 0";

export const viewKind: ConsumerKind = {
  ...viewsInCode,

  async wake(store, name, deadline) {
    const view = await store.definitions.view(name);
    if (!view) return undefined;
    const progress = await project(store, view, deadline, { isWoken: true });
    return wokenBy(progress, Math.min(progress.position, progress.building ?? progress.position));
  },

  async report(store, name, reading) {
    const view = await store.definitions.view(name);
    return view && reportView(store, view, reading);
  },

  async control(store, name, action, position) {
    const view = await store.definitions.view(name);
    if (!view) return undefined;
    if (action !== "reset") return controlTables(store, view, action, position);
    if (position !== undefined && position !== 0) return notPossible(RESETS_TO_ZERO);
    await requestRebuild(store, view);
    return DONE;
  },

  async count(store, name, action, position) {
    const view = await store.definitions.view(name);
    if (!view) return undefined;
    if (action !== "reset") return countTables(store, view, action, position);
    if (position !== undefined && position !== 0) return notPossible(RESETS_TO_ZERO);
    const { skipped } = await generationsOf(store, view);
    return countEvents(viewConsumer(store, view), 0, skipped);
  },

  async skipped(store, name) {
    const view = await store.definitions.view(name);
    return view ? skippedIn(checkpointOf(store, view, tableOf(view))) : [];
  },

  stateTable: "headspring_views",
  standings: standingsOfViews,
  targets: async (definitions) => (await definitions.views()).map((view) => tableOf(view).generation),
};

/** A view that is being built is two consumers: the action goes to the one that it fits. */
async function controlTables(store: Store, view: View, action: ConsumerAction, position?: number): Promise<ControlOutcome> {
  const { consumers, registered } = await consumersOf(store, view);
  if (!registered) await register(store, view);
  const outcomes: ControlOutcome[] = [];
  for (const consumer of consumers) outcomes.push(await control(consumer, action, position));
  return outcomes.find(({ outcome }) => outcome === "done") ?? (outcomes[0] as ControlOutcome);
}

/** What the action would do to both of them; the answer shows the one that answers queries, if the action fits it. */
async function countTables(
  store: Store,
  view: View,
  action: Exclude<CountedAction, "reset">,
  position?: number,
): Promise<RunCount | NotPossible> {
  const { consumers } = await consumersOf(store, view);
  const counts = await Promise.all(consumers.map((consumer) => countControl(consumer, action, position)));
  return counts.find((count) => !("outcome" in count)) ?? (counts[0] as NotPossible);
}

async function consumersOf(store: Store, view: View): Promise<{ readonly consumers: readonly Consumer[]; readonly registered: boolean }> {
  const { serving, stale, wanted, registered } = await generationsOf(store, view);
  const tables = serving.generation === wanted.generation || stale ? [wanted] : [serving, wanted];
  return { consumers: tables.map((table) => viewConsumer(store, view, table)), registered };
}
