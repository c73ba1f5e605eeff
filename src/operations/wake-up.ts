/** From a queue's message to a consumer at work. The message says only "look"; the log and the checkpoint say the rest. */

import type { HeadspringEnv } from "../store/env.ts";
import * as z from "zod";
import type { App } from "../definitions/app.ts";
import { Budget, capsOf } from "../core/budget.ts";
import { ACKNOWLEDGE_TOGETHER_MS, AT_WORK_MS, CONSUMERS_AT_ONCE, WAKE_UP_ATTEMPTS } from "./limits.ts";
import { CONSUMER_BUDGET_MS, CONSUMER_CALLS } from "../core/limits.ts";
import { NAME, STORE_NAME } from "../core/names.ts";
import { openStore } from "../store/stores.ts";
import type { Store } from "../store/store.ts";
import type { Acknowledgement } from "../store/log-protocol.ts";
import type { WakeUp } from "../store/consumer-protocol.ts";
import { introduce } from "./introduce.ts";
import { kindOf } from "./kinds.ts";
import { logger } from "../telemetry/logger.ts";
import { traceIdOf } from "../telemetry/trace.ts";
import { span } from "../telemetry/span.ts";

const WakeUpMessage = z.object({
  store: z.string().regex(STORE_NAME),
  consumer: z.string().regex(NAME),
  head: z.int(),
  asOf: z.number().optional(),
  trace: z.string().optional(),
});

/** Seconds before the queue delivers a message again whose consumer could not even record its failure (D1 out of reach). */
const RETRY_SECONDS = 5;

/** The content of a message; undefined: it is not a wake-up. */
function parseWakeUp(body: unknown): WakeUp | undefined {
  const { success, data } = WakeUpMessage.safeParse(body);
  if (!success) return undefined;
  const { trace, asOf, ...wakeUp } = data;
  return { ...wakeUp, ...(asOf === undefined ? {} : { asOf }), ...(trace === undefined ? {} : { trace }) };
}

/** Runs the consumers that a batch names, each once. */
export async function handleWakeUps(app: App, env: HeadspringEnv, batch: MessageBatch): Promise<void> {
  const byConsumer = new Map<string, Woken>();
  for (const message of batch.messages) {
    const parsed = parseWakeUp(message.body);
    if (!parsed) {
      logger.error({ message: "unknown message in the wake-up queue, dropped", messageId: message.id });
      message.ack();
      continue;
    }
    if (message.attempts > WAKE_UP_ATTEMPTS) {
      // Nothing is lost: the log wakes it again. But something keeps failing.
      const { store, consumer } = parsed;
      logger.error({ message: "a wake-up was given up: its consumer could not run", messageId: message.id, store, consumer });
      message.ack();
      continue;
    }
    const key = `${parsed.store}/${parsed.consumer}`;
    const entry = byConsumer.get(key) ?? { wakeUp: parsed, messages: [] };
    entry.messages.push(message);
    byConsumer.set(key, entry);
  }
  const budget = new Budget(capsOf(env));
  const acknowledge = acknowledgements({ app, env, budget });
  const waiting = [...byConsumer.values()];
  const deadline = Date.now() + CONSUMER_BUDGET_MS;
  let atWork = 0;

  /** Whether another consumer can make progress in this invocation. */
  const hasRoom = (): boolean => Date.now() < deadline && budget.fits((atWork + 1) * CONSUMER_CALLS);
  const work = async (): Promise<void> => {
    for (let isFirst = waiting.length === byConsumer.size; isFirst || hasRoom(); isFirst = false) {
      const next = waiting.shift();
      if (!next) return;
      atWork += 1;
      await wakeOne({ app, env, budget, acknowledge: acknowledge.one }, next);
      atWork -= 1;
    }
  };
  await Promise.all(Array.from({ length: CONSUMERS_AT_ONCE }, work));
  await postpone(env, waiting);
  await acknowledge.all();
}

/** A consumer, and the messages that name it. */
interface Woken {
  readonly wakeUp: WakeUp;
  readonly messages: Message[];
}

/** What the consumers of one batch share. */
interface Invocation {
  readonly app: App;
  readonly env: HeadspringEnv;
  readonly budget: Budget;
  readonly acknowledge: Acknowledge["one"];
}

/** Lets one consumer work. Never throws: the queue delivers again what cannot run. */
async function wakeOne({ app, env, budget, acknowledge }: Invocation, { wakeUp, messages }: Woken): Promise<void> {
  const { store, consumer, asOf } = wakeUp;
  const atWork = { consumer, position: -1, working: true, ...(asOf === undefined ? {} : { asOf }) };
  const signs = setInterval(() => {
    if (budget.fits(1)) acknowledge(store, atWork);
  }, AT_WORK_MS);
  try {
    const about = () => ({ store, consumer, head: wakeUp.head, traceId: traceIdOf(wakeUp.trace) });
    const acknowledgement = await span("consume", about, async (note) => {
      const counted = (await openStore(env, store, app)).counting(budget);
      // The consumers write only after that.
      await introduce(counted);
      const reached = await wake(counted, wakeUp);
      note({ position: reached?.position });
      return reached;
    });
    for (const message of messages) message.ack();
    // At once: another consumer of this batch may take its time.
    if (acknowledgement) acknowledge(store, acknowledgement);
  } catch (error) {
    logger.warn({ message: "a consumer could not run; the queue retries it", store, consumer }, error);
    for (const message of messages) message.retry({ delaySeconds: RETRY_SECONDS });
  } finally {
    clearInterval(signs);
  }
}

/** What this invocation has no room for is left to the next one. */
async function postpone(env: HeadspringEnv, rest: readonly Woken[]): Promise<void> {
  if (rest.length === 0) return;
  try {
    await env.WAKE_UPS.sendBatch(rest.map(({ wakeUp }) => ({ body: wakeUp })));
    for (const { messages } of rest) for (const message of messages) message.ack();
  } catch {
    for (const { messages } of rest) for (const message of messages) message.retry({ delaySeconds: RETRY_SECONDS });
  }
}

interface Acknowledge {
  readonly one: (store: string, acknowledgement: Acknowledgement) => void;
  /** Resolves when all acknowledgements are sent. */
  readonly all: () => Promise<unknown>;
}

/** Reports to the logs how far consumers are. Consumers of one store that are ready at about the same time share a call. */
function acknowledgements({ app, env, budget }: Omit<Invocation, "acknowledge">): Acknowledge {
  const open = new Map<string, Acknowledgement[]>();
  const calls: Promise<void>[] = [];
  const tell = async (store: string, together: readonly Acknowledgement[]): Promise<void> => {
    await scheduler.wait(ACKNOWLEDGE_TOGETHER_MS);
    open.delete(store);
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

/** Runs one consumer, and returns what to report to the log. */
async function wake(store: Store, wakeUp: WakeUp): Promise<Acknowledgement | undefined> {
  const { store: _store, consumer, ...more } = wakeUp;
  const woken = await (await kindOf(store, consumer))?.wake(store, consumer, Date.now() + CONSUMER_BUDGET_MS);
  // Another version of the code knows it: the previous one, or a newer one during a deployment. Only that one can tell how far it is, and
  // the log wakes it until it does.
  if (!woken) return undefined;
  const { againInMs, ...reached } = woken;
  if (againInMs !== undefined) await store.wake(consumer, more, Math.ceil(againInMs / 1_000));
  return { consumer, ...reached, ...(wakeUp.asOf === undefined ? {} : { asOf: wakeUp.asOf }) };
}
