/** A store for a test: the project's own worker in the real runtime, which the test can kill and start again. Node only. */

import { existsSync } from "node:fs";
import { freePort } from "../local/server.ts";
import { LocalStore } from "../local/store.ts";

/** What {@link startStore} takes; all of it may be left out. */
export interface StoreOptions {
  /** The project's folder. Default: the current one, which is the project's own under `npm test`. */
  readonly project?: string;
  /** Wrangler's configurations, from the project's folder: of the worker, and of others that run next to it. Default: the project's own. */
  readonly configs?: readonly string[];
  /** Variables and secrets of the worker, such as `API_TOKENS`. Without that one no token is asked for. */
  readonly variables?: Readonly<Record<string, string>>;
  /** A folder with a state to begin with, such as one from `headspring dev --persist-to`. It is copied, and stays as it is. */
  readonly state?: string;
  /** A store that runs: the new one is another worker on the same state, such as one that only answers queries (`createQueryWorker`). */
  readonly nextTo?: TestStore;
  /** The port. Default: one that is free. */
  readonly port?: number;
}

/** A store that a test has started; see {@link startStore}. */
export interface TestStore extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:20123`, also after {@link TestStore.startAgain}. */
  readonly url: string;
  /** What wrangler and the worker have printed: warnings and errors. */
  readonly output: string;
  /** Ends it at once (SIGKILL), as a crash would. What was acknowledged is on the disk; the queue's messages are lost. */
  kill(): Promise<void>;
  /** Starts it again on the same state and port, after {@link TestStore.kill} or in place of what runs. */
  startAgain(): Promise<void>;
  /** Ends it, and removes its state. */
  stop(): Promise<void>;
}

/**
 * Starts the store of a project for a test, by the project's own wrangler, on a free port and with a state of its own, and waits until it
 * answers. It takes some two seconds. Stop it when the test is over; it ends with the process that started it in any case.
 *
 * @example
 * const store = await startStore();
 * const deposit = { method: "POST", headers: { "Idempotency-Key": "first" }, body: '{"amount":500}' };
 * await fetch(`${store.url}/aggregates/account/1/Deposit`, deposit);
 * await store.kill();
 * await store.startAgain();
 * await fetch(`${store.url}/aggregates/account/1/Deposit`, deposit); // the first answer again: it was stored
 * await store.stop();
 *
 * @throws {Error} when the project has no wrangler, or the worker does not start: with what it printed; also when `nextTo` is not a store that it has started
 */
export async function startStore({ project = process.cwd(), nextTo, port, ...options }: StoreOptions = {}): Promise<TestStore> {
  const store = new LocalStore({
    ...options,
    project,
    port: port ?? (await freePort()),
    ...(nextTo === undefined ? {} : { folder: folderOf(nextTo) }),
  });
  await store.listening();
  return store;
}

function folderOf(store: TestStore): string {
  // Two workers without a common state would both run, and a test of them would look for its mistake elsewhere.
  if (store instanceof LocalStore && existsSync(store.folder)) return store.folder;
  throw new Error("`nextTo` must be a store that `startStore` has started and that has not been stopped");
}
