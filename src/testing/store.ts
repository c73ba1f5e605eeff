/** A store for a test: the project's own worker in the real runtime, which the test can kill and start again. Node only. */

import { cpSync, rmSync } from "node:fs";
import { LocalServer, forgetKilled, freePort, temporaryFolder } from "../local/server.ts";

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

/** The folder with the state of each. */
const states = new WeakMap<TestStore, string>();

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
 * @throws {Error} when the project has no wrangler, or the worker does not start: with what it printed
 */
export async function startStore({ project = process.cwd(), state, nextTo, port, ...options }: StoreOptions = {}): Promise<TestStore> {
  const own = nextTo === undefined ? temporaryFolder() : undefined;
  const persistTo = own ?? states.get(nextTo!) ?? "";
  if (state !== undefined) cpSync(state, persistTo, { recursive: true });
  const at = port ?? (await freePort());
  let output = "";
  let server: LocalServer | undefined;

  async function start(): Promise<LocalServer> {
    server = new LocalServer({ ...options, project, persistTo, port: at, output: (text) => (output += text) });
    await server.listening().catch(async (error: Error) => {
      await server?.stop();
      throw new Error(`${error.message}. It printed:\n${output}`);
    });
    return server;
  }

  async function kill(): Promise<void> {
    server?.kill();
    await server?.ended;
    await forgetKilled(persistTo);
  }

  async function stop(): Promise<void> {
    await server?.stop();
    if (own !== undefined) rmSync(own, { recursive: true, force: true, maxRetries: 10 });
  }

  const { url } = await start();
  const store: TestStore = {
    url,
    get output() {
      return output;
    },
    kill,
    startAgain: async () => {
      await kill();
      await start();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
  states.set(store, persistTo);
  return store;
}
