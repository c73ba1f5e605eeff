/** How far a view is: the table that answers, and the one that is being built. */

import type { Store } from "../store/store.ts";
import type { Checkpoint } from "../consumers/checkpoint-row.ts";
import { type Found, type Reading, type RebuildReport, checkpointIn, reportOf } from "../consumers/report.ts";
import { type View, filterOfView } from "../definitions/views/view.ts";
import { type ViewRow, generationsOf, withStates } from "./generations.ts";

export async function reportView(store: Store, view: View, reading: Reading): Promise<Found> {
  const { name } = view;
  const { head } = reading;
  const rows = await reading.rowsIn(store.database(view.database));
  const own = rows.checkpoints.filter(({ consumer }) => consumer === name);
  const states = (rows.states.get("view") ?? []) as readonly (ViewRow & { readonly view: string })[];
  const row = states.find(({ view }) => view === name);
  const { serving, wanted, stale, owner } = await generationsOf(store, view, withStates(view, row, own));
  const served = {
    ...reportOf(name, "view", checkpointIn(rows, name, serving.generation), head),
    ...(owner && !view.declaration ? { deployment: owner.id } : {}),
  };
  const filter = stale ? {} : { filter: filterOfView(view) };
  if (serving.generation === wanted.generation) return { report: served, ...filter };
  const rebuild = reportRebuild(checkpointIn(rows, name, wanted.generation), head);
  const isRebuilding = rebuild.status === "building" && (stale || served.status === "live" || served.status === "catching-up");
  const status = isRebuilding ? "rebuilding" : rebuild.status === "failed" && served.status !== "paused" ? "failed" : served.status;
  return { report: { ...served, status, ...(stale ? { stale: true as const } : {}), rebuild }, ...filter };
}

function reportRebuild({ position, status, startedAt, pace, error }: Checkpoint, head: number): RebuildReport {
  const started = new Date(startedAt || Date.now()).toISOString();
  const isMoving = status === "active" && pace !== undefined && pace > 0;
  return {
    status: status === "active" ? "building" : status,
    position,
    head,
    startedAt: started,
    ...(pace === undefined ? {} : { eventsPerSecond: Math.round(pace) }),
    ...(isMoving ? { estimatedEnd: new Date(Date.now() + ((head - position) / pace) * 1_000).toISOString() } : {}),
    ...(error ? { lastError: error } : {}),
  };
}
