/** Where a store's consumers stand by what D1 has of them: what the sweep hands over to the log. */

import type { HeadspringEnv } from "../store/env.ts";
import type { App } from "../definitions/app.ts";
import { codeHash } from "../core/code-hash.ts";
import type { Standing } from "../store/log-protocol.ts";
import { filterOfProcessor } from "../definitions/processors/filter.ts";
import { rebuildOf, tableOf } from "../views/table.ts";
import type { View } from "../definitions/views/view.ts";
import type { CheckpointRow } from "../consumers/checkpoint-row.ts";
import { consumersInCode } from "../definitions/consumers.ts";
import { filterOfView } from "../definitions/views/view.ts";
import { audienceHash } from "../definitions/consumers.ts";

export type Checkpointed = Pick<CheckpointRow, "consumer" | "generation" | "position" | "status"> & {
  readonly kept_at?: number | null;
};

/** A row of `headspring_views`. */
export interface ViewState {
  readonly view: string;
  readonly serving: string;
  readonly rebuild: number;
  readonly erase_to: number;
}

/** What one database has of a store. `binding`: the one by which the code knows the database. */
export interface Books {
  readonly binding: string;
  readonly checkpoints: readonly Checkpointed[];
  readonly views: readonly ViewState[];
}

/** A consumer's place, and which checkpoint says so. */
export interface Placed extends Standing {
  readonly binding: string;
  readonly generation: string;
}

/** Before every event: for one that has no checkpoint yet, or has something to do besides catching up. It is rung for. */
const NOWHERE = -1;

/** Where every view and processor of the code stands, and what it handles. */
export function standingsOf(app: App, books: readonly Books[]): Placed[] {
  const rowsIn = (binding: string, name: string) =>
    books.filter((one) => one.binding === binding).flatMap(({ checkpoints }) => checkpoints.filter(({ consumer }) => consumer === name));
  const processors = [...app.processors.values()].map((processor) => {
    const place = standing(processor.name, rowsIn("VIEWS", processor.name)[0]);
    return { ...place, ...filterOfProcessor(processor), binding: "VIEWS" };
  });
  const views = [...app.views.values()].map((view) => {
    const { name, database: binding = "VIEWS" } = view;
    const state = books
      .filter((one) => one.binding === binding)
      .flatMap((one) => one.views)
      .find((one) => one.view === name);
    const place = state ? standingOfView(view, state, rowsIn(binding, name)) : standing(name, undefined);
    return { ...place, ...filterOfView(view), binding };
  });
  return [...processors, ...views];
}

/** A name for where everybody stands, and for the code that is to be there: when it is the same as before, nothing has moved. */
export function fingerprintOf(app: App, env: HeadspringEnv, standings: readonly Standing[]): string {
  const tables = [...app.views.values()].map((view) => tableOf(view).generation);
  const places = standings.map(({ consumer, position, resting = false }) => ({ consumer, position, resting }));
  return codeHash({ consumers: consumersInCode(app, env), audience: audienceHash(app, env), tables, standings: places });
}

function standing(consumer: string, row: Checkpointed | undefined): Omit<Placed, "binding"> {
  const { position = NOWHERE, generation = "", status = "active" } = row ?? {};
  return { consumer, position, generation, ...(status === "active" ? {} : { resting: true }) };
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
  // Another version's table is on record, and this code's own is kept beside it. The one behind is rung for.
  if (isOther && eraseTo === 0 && wanted?.status === "active" && typeof wanted.kept_at === "number" && recorded)
    return standing(view.name, wanted.position <= recorded.position ? wanted : recorded);
  // The table that is to answer is being built. Only if its build waits for an operator does the other one alone count.
  if (!wanted || wanted.status === "active") return standing(view.name, undefined);
  return standing(view.name, isOther ? wanted : recorded);
}
