/** What tests of processors share: a quiet store, its log, and processors that run only when the test says so. */

import { storeNamed } from "../support.ts";
import { env } from "cloudflare:workers";
import * as z from "zod";
import { type Consumer } from "../../../src/consumers/consumer.ts";
import { catchUp } from "../../../src/consumers/catch-up.ts";
import type { RecordedEvent } from "../../../src/core/event.ts";
import { category, defineApp } from "../../../src/index.ts";
import type { Effect } from "../../../src/definitions/processors/effect.ts";
import { effectConsumer } from "../../../src/processors/effect-consumer.ts";
import { reactorConsumer } from "../../../src/processors/reactor-consumer.ts";
import type { Reactor } from "../../../src/definitions/processors/reactor.ts";
import { alarm, counter, reading } from "../app.ts";
import { quietStore } from "../delivery/support.ts";

/** The outcomes of calls to the outside. */
export const payment = category("payment", {
  events: { Paid: z.object({ receipt: z.string() }), Declined: z.object({ reason: z.string() }) },
});

const app = defineApp({ aggregates: [counter], categories: [reading, alarm, payment] });

/** A quiet store, and its log as clients see it. */
export function processorStore(name: string) {
  const quiet = quietStore(name);
  const { store, json } = quiet;
  const log = async (): Promise<RecordedEvent[]> => (await json("/log?limit=1000")).events;
  return {
    ...quiet,
    log,
    /** The types of a stream's events. */
    types: async (stream: string) => (await log()).filter((one) => one.stream === stream).map(({ type }) => type),
    run: (consumer: Consumer) => catchUp(consumer, storeNamed(store).log, Number.POSITIVE_INFINITY),
    reacting: (one: Reactor) => reactorConsumer(storeNamed(store, app), one),
    /** The effect, with the test as the outside; from the first event on. */
    calling: (one: Effect, outside?: (request: Request) => Promise<Response> | Response): Consumer => ({
      ...effectConsumer(storeNamed(store, app), one, outside),
      start: "beginning",
    }),
    /** What waits for its next attempt, or for a worker that has died, is due. */
    timePasses: () => env.VIEWS.prepare(`UPDATE headspring_checkpoints SET next_attempt_at = 0 WHERE store = ?`).bind(store).run(),
    /** As a crash leaves it that came after the effects and before the checkpoint. */
    forgetCheckpoint: (consumer: string) =>
      env.VIEWS.prepare(`DELETE FROM headspring_checkpoints WHERE store = ? AND consumer = ?`).bind(store, consumer).run(),
  };
}

/** One that is given up at once. */
export const strict = (consumer: Consumer): Consumer => ({ ...consumer, retry: { attempts: 1, firstDelayMs: 0, maxDelayMs: 0 } });
