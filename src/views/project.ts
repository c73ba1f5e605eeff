/** Keeps a view up to date: the table that answers, and next to it the one that will (rebuilds without downtime). */

import type { Store } from "../store/store.ts";
import { CheckpointStore, type Hold } from "../consumers/checkpoint.ts";
import type { CheckpointRow } from "../consumers/checkpoint-row.ts";
import { type Progress } from "../consumers/consumer.ts";
import { catchUp } from "../consumers/catch-up.ts";
import { prepare } from "../consumers/schema.ts";
import { CONSUMER_CALLS } from "../core/limits.ts";
import { VIEW_BUILD_SLICE_MS, VIEW_ROLLOUT_MS } from "./limits.ts";
import { type ViewRow, generationsOf, rebuildIfErased, register, selectServing } from "./generations.ts";
import { type ViewConsumer, viewConsumer } from "./projector.ts";
import { isQuiet, keep, swap } from "./succession.ts";
import type { View } from "../definitions/views/view.ts";

export interface ViewProgress extends Progress {
  /** The position of the table that is being built, or of another version's table that is behind. */
  readonly building?: number;
}

export interface ProjectOptions {
  /** The position at which the table that answers is good enough. */
  readonly until?: number;
  /** It was woken for this. Otherwise it helps out: a request waits for the rows, and other workers may be busy. */
  readonly isWoken?: boolean;
}

/**
 * Works until all of the view's tables are at the log's head and the wanted one answers, or until the deadline (milliseconds since 1970).
 * The position in the result is that of the table that answers queries. One worker at a time builds a table.
 */
export async function project(store: Store, view: View, deadline: number, options: ProjectOptions = {}): Promise<ViewProgress> {
  if (store.readsOnly) throw new Error("this worker only answers queries: another one keeps the views");
  const building: Building = { hold: {} };
  try {
    return await keepUp(store, view, deadline, options, building);
  } finally {
    await building.checkpoint?.letGo(building.hold);
  }
}

/** The table that is being built: one worker continues with it, slice by slice. */
interface Building {
  readonly hold: Hold;
  checkpoint?: CheckpointStore;
}

async function keepUp(
  store: Store,
  view: View,
  deadline: number,
  { until = Number.POSITIVE_INFINITY, isWoken = false }: ProjectOptions,
  building: Building,
): Promise<ViewProgress> {
  const log = store.log;
  for (;;) {
    const { generations, checkpoints } = await look(store, view);
    const { serving, stale, wanted, skipped, other } = generations;
    if (!generations.registered) await register(store, view);
    const wantedOne = viewConsumer(store, view, wanted, skipped);
    const hold: Hold = {};
    const upToDate = async (consumer: ViewConsumer) => {
      const seen = consumer.checkpoint.among(checkpoints);
      const progress = await catchUp(consumer, log, deadline, { until, hold: isWoken ? hold : "ignore", seen });
      await consumer.checkpoint.letGo(hold);
      return progress;
    };
    if (serving.generation === wanted.generation) {
      const progress = await upToDate(wantedOne);
      if ((generations.eraseTo > 0 || wantedOne.erased) && (await rebuildIfErased(store, view))) continue;
      if (!other || progress.outcome !== "caught-up" || (await swap(store, view, generations))) return progress;
      const beside = await keep(store, view, generations, other, progress.position);
      // The other version's code is woken as well, unless nothing seems to run it any more.
      if (beside.quietSince === undefined || isQuiet(beside, Date.now(), VIEW_ROLLOUT_MS)) return progress;
      return { ...progress, building: beside.position, outcome: "backing-off", retryInMs: VIEW_BUILD_SLICE_MS };
    }
    if (generations.eraseTo > 0 && other && (await rebuildIfErased(store, view))) continue;
    // The table that answers comes first; the one that is being built gets slices of the time, so that it never holds up the other.
    const servingOne = viewConsumer(store, view, serving, skipped);
    const live: Progress = stale
      ? { position: (await servingOne.checkpoint.look(servingOne.checkpoint.among(checkpoints)))?.position ?? 0, outcome: "resting" }
      : await upToDate(servingOne);
    if (live.position >= until) return live;
    building.checkpoint = wantedOne.checkpoint;
    const slice = Math.min(deadline, Date.now() + VIEW_BUILD_SLICE_MS);
    // It takes over when its checkpoint has reached that of the other.
    const seen = wantedOne.checkpoint.among(checkpoints);
    const build = await catchUp(wantedOne, log, slice, { exact: true, seen, ...(isWoken ? { hold: building.hold } : {}) });
    const isBuilt = build.outcome === "caught-up";
    const swapped = isBuilt && (await swap(store, view, generations));
    if (swapped) await wantedOne.checkpoint.letGo(building.hold);
    // Not on record, but built: from now on this code answers from it.
    const isKept = isBuilt && !swapped && other !== undefined && build.position >= other.position;
    if (isKept) {
      await keep(store, view, generations, other, build.position);
      if (wantedOne.erased && (await rebuildIfErased(store, view))) continue;
    }
    const hasRoom = store.budget?.fits(CONSUMER_CALLS) ?? true;
    if (hasRoom && (swapped || (build.outcome === "behind" && Date.now() < deadline))) continue;
    if (isKept) return build;
    return together(live, build);
  }
}

/** The view's tables and how far each is, in one query: a wake-up usually finds little to do, and its queries are what it costs. */
async function look(store: Store, view: View) {
  const db = store.database(view.database);
  await prepare(db);
  const [row, checkpoints] = await db.batch([selectServing(db, store.name, view), CheckpointStore.selectAll(db, store.name, view.name)]);
  return {
    generations: await generationsOf(store, view, (row?.results[0] as ViewRow | undefined) ?? null),
    checkpoints: (checkpoints?.results ?? []) as CheckpointRow[],
  };
}

/** The result of both: as far as the table that answers is, and with the work that is left in either. */
function together(live: Progress, build: Progress): ViewProgress {
  // A build that has failed waits for an operator; the table that answers continues without it.
  if (build.outcome === "resting") return live;
  const both = { position: live.position, building: build.position };
  if (live.outcome === "behind" || build.outcome === "behind") return { ...both, outcome: "behind" };
  // Built, but not allowed to take over: another is ahead or has just been replaced. Check again soon.
  const again = build.outcome === "caught-up" ? [VIEW_BUILD_SLICE_MS] : [];
  const delays = [live, build].flatMap(({ retryInMs }) => retryInMs ?? []).concat(again);
  return { ...both, outcome: "backing-off", ...(delays.length > 0 ? { retryInMs: Math.min(...delays) } : {}) };
}
