/** Which source gets the messages of which queue: one source for each queue of the deployment. */

import type { App } from "../definitions/app.ts";
import { DefinitionsInCode } from "../definitions/in-code.ts";
import type { QueueClaim } from "../store/catalog-protocol.ts";
import type { HeadspringEnv } from "../store/env.ts";
import type { Store } from "../store/store.ts";
import { directoryOf } from "../store/stores.ts";

export interface QueueInUse {
  readonly outcome: "queue-in-use";
  readonly queue: string;
  /** The source that has it; undefined: one of another store. */
  readonly by: string | undefined;
}

/** From now on the source gets the queue's messages. Another one that does is the answer. */
export async function claimQueue(store: Store, env: HeadspringEnv, source: string, queue: string): Promise<QueueInUse | undefined> {
  const claim = { store: store.name, source };
  return inUse(queue, claim, claimInCode(store.app, queue) ?? (await directoryOf(env).claimQueue(queue, claim)));
}

/** What {@link claimQueue} would answer. */
export async function whoHasQueue(store: Store, env: HeadspringEnv, source: string, queue: string): Promise<QueueInUse | undefined> {
  const claim = { store: store.name, source };
  return inUse(queue, claim, claimInCode(store.app, queue) ?? (await directoryOf(env).findQueue(queue)) ?? claim);
}

/** @param except the queue that the source keeps */
export async function releaseQueues(store: Store, env: HeadspringEnv, source: string, except?: string): Promise<void> {
  await directoryOf(env).releaseQueues({ store: store.name, source }, except);
}

function inUse(queue: string, own: QueueClaim, by: QueueClaim): QueueInUse | undefined {
  const isOfStore = by.store === own.store;
  return isOfStore && by.source === own.source ? undefined : { outcome: "queue-in-use", queue, by: isOfStore ? by.source : undefined };
}

/** What the code declares counts first: the source of the code that gets the queue's messages. */
export function claimInCode(app: App, queue: string): QueueClaim | undefined {
  const found = new DefinitionsInCode(app).sourceOfQueue(queue);
  return found && { store: found.store, source: found.name };
}
