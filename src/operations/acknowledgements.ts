/** Reports to the logs of stores how far their consumers are. What fails is left to the log, which wakes them again. */

import type { App } from "../definitions/app.ts";
import type { Budget } from "../core/budget.ts";
import type { HeadspringEnv } from "../store/env.ts";
import type { Acknowledgement } from "../store/log-consumers.ts";
import { openStore } from "../store/stores.ts";
import { logger } from "../telemetry/logger.ts";
import { ACKNOWLEDGE_TOGETHER_MS } from "./limits.ts";

/** What sending needs: each call to a log is spent from the budget. */
interface Sending {
  readonly app: App;
  readonly env: HeadspringEnv;
  readonly budget: Budget;
}

/** Sends the acknowledgements of one batch. */
export interface Acknowledgements {
  /** Never throws, and is not awaited. */
  readonly one: (store: string, acknowledgement: Acknowledgement) => void;
  /** Resolves when all acknowledgements are sent. */
  readonly all: () => Promise<unknown>;
}

/** Reports to the logs how far consumers are. Consumers of one store that are ready at about the same time share a call. */
export function acknowledgements({ app, env, budget }: Sending): Acknowledgements {
  const open = new Map<string, Acknowledgement[]>();
  const calls: Promise<void>[] = [];
  const tell = async (store: string, together: readonly Acknowledgement[]): Promise<void> => {
    await scheduler.wait(ACKNOWLEDGE_TOGETHER_MS);
    open.delete(store);
    // Without a call left: the log wakes them again.
    if (!budget.fits(1)) return;
    budget.spend(1);
    await openStore(env, store, app)
      .then(({ log }) => log.acknowledge(together))
      .catch((error: unknown) => {
        const message = "the log could not be notified how far its consumers are; it wakes them again";
        logger.warn({ message, store, count: together.length }, error);
      });
  };
  return {
    one(store, acknowledgement) {
      const together = open.get(store);
      if (together) {
        together.push(acknowledgement);
        return;
      }
      const first = [acknowledgement];
      open.set(store, first);
      calls.push(tell(store, first));
    },
    all: () => Promise.all(calls),
  };
}
