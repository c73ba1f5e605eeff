/**
 * Finds where a store lies by its name. An isolate asks once for each store: where a store lies is fixed by its first write (or by `PUT
 * /stores/{name}` before that), and never changes.
 */

import type { HeadspringEnv } from "./env.ts";
import type { App } from "../definitions/app.ts";
import { Store } from "./store.ts";
import { DIRECTORY, type DirectoryRpc } from "./catalog-protocol.ts";
import { PLACEMENTS_REMEMBERED } from "./limits.ts";
import { makeRoom } from "../core/make-room.ts";
import type { Placement } from "../core/placement.ts";
import { hasDatabasesElsewhere, placedEnv, placementOfDeployment } from "./placement.ts";
import { isTransient } from "../core/platform-errors.ts";

/** Placements that are fixed. Only those: another one may have changed by the next request. */
const fixed = new Map<string, Placement>();

/** The deployment's directory of stores. It lies where the deployment's variables say. */
export function directoryOf(env: HeadspringEnv): DirectoryRpc {
  return placedEnv(env, placementOfDeployment(env)).CATALOGS.getByName(DIRECTORY);
}

/**
 * Where a store lies.
 *
 * @param isWrite something is about to be written: from now on the store lies there for good. Without it, a store that was never written
 * lies where the deployment's variables say, so far.
 */
async function placementOf(env: HeadspringEnv, store: string, isWrite: boolean): Promise<Placement> {
  const deployment = placementOfDeployment(env);
  const key = `${deployment.jurisdiction ?? ""}/${store}`;
  const known = fixed.get(key);
  if (known) return known;
  const directory = directoryOf(env);
  const entry = isWrite ? (await directory.placeStore(store, deployment)).entry : await directory.findStore(store);
  if (!entry) return deployment;
  makeRoom(fixed, PLACEMENTS_REMEMBERED);
  fixed.set(key, entry);
  return entry;
}

/** A store, wherever it lies. `isWrite`: see {@link placementOf}. */
export async function openStore(env: HeadspringEnv, name: string, app: App, isWrite = false): Promise<Store> {
  return new Store(placedEnv(env, await placementOf(env, name, isWrite)), name, app);
}

/**
 * A store for a worker that only answers queries. It answers as long as the database does: if the directory cannot be reached, from the
 * rows alone. Not where the place decides which database that is.
 */
export async function openToRead(env: HeadspringEnv, name: string, app: App, isFollowed: boolean): Promise<Store> {
  try {
    return await openStore(env, name, app, isFollowed);
  } catch (error) {
    if (!isTransient(error) || hasDatabasesElsewhere(env)) throw error;
    // The log, too, is where the directory says.
    const unreachable = {
      getByName() {
        throw error;
      },
    };
    const rowsOnly = { LOGS: { value: unreachable, enumerable: true }, CATALOGS: { value: unreachable, enumerable: true } };
    return new Store(Object.create(placedEnv(env, placementOfDeployment(env)), rowsOnly) as HeadspringEnv, name, app);
  }
}
