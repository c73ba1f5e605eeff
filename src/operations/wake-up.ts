/**
 * From a queue's message to consumers at work. The message says only "look"; the log and the checkpoints say the rest.
 *
 * A message may name several consumers. They run independently of each other, a few at a time, and those that could not run come back
 * without the others.
 */

import { type Acknowledgements, acknowledgements } from "./acknowledgements.ts";
import type { HeadspringEnv } from "../store/env.ts";
import * as z from "zod";
import type { App } from "../definitions/app.ts";
import { Budget, capsOf } from "../core/budget.ts";
import { AT_WORK_MS, CONSUMERS_AT_ONCE, WAKE_UP_ATTEMPTS } from "./limits.ts";
import { CONSUMER_BUDGET_MS, CONSUMER_CALLS } from "../core/limits.ts";
import { NAME, STORE_NAME } from "../core/names.ts";
import { openStore } from "../store/stores.ts";
import type { Store } from "../store/store.ts";
import { QUEUE_BATCH_MESSAGES } from "../log/limits.ts";
import type { Acknowledgement } from "../store/log-consumers.ts";
import { type Occasion, type WakeUp, wakeUpFor } from "../store/consumer-protocol.ts";
import { introduce } from "../store/introduce.ts";
import { kindOf } from "./kinds.ts";
import { logger } from "../telemetry/logger.ts";
import { traceIdOf } from "../telemetry/trace.ts";
import { span } from "../telemetry/span.ts";

const Consumer = z.string().regex(NAME);
const WakeUpMessage = z.object({
  store: z.string().regex(STORE_NAME),
  consumers: z.array(Consumer).min(1).optional(),
  consumer: Consumer.optional(),
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
  const { store, head, trace, asOf, consumer } = data;
  // Version 0.1 sends a message for each consumer.
  const consumers = data.consumers ?? (consumer === undefined ? [] : [consumer]);
  if (consumers.length === 0) return undefined;
  return wakeUpFor(store, [...new Set(consumers)], {
    head,
    ...(asOf === undefined ? {} : { asOf }),
    ...(trace === undefined ? {} : { trace }),
  });
}

/** A message of a queue. */
export interface Received {
  readonly message: Message;
  /** Undefined: it is something else. The same queue may bring anything. */
  readonly wakeUp: WakeUp | undefined;
}

export function receive({ messages }: MessageBatch): readonly Received[] {
  return messages.map((message) => ({ message, wakeUp: parseWakeUp(message.body) }));
}

/** A consumer that a batch names. */
interface Woken {
  readonly store: string;
  readonly consumer: string;
  /** The first message that names it. */
  readonly message: Message;
  readonly occasion: Occasion;
  /** Undefined: it did not get its turn. */
  hasRun?: boolean;
}

/** A message, and the consumers that it names. */
interface Heard {
  readonly message: Message;
  readonly woken: readonly Woken[];
}

/** Runs the consumers that a batch names, each once. */
export async function handleWakeUps(app: App, env: HeadspringEnv, batch: MessageBatch, received = receive(batch)): Promise<void> {
  const byConsumer = new Map<string, Woken>();
  const heard = received.flatMap((one) => hear(one, byConsumer) ?? []);
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
      next.hasRun = await wakeOne({ app, env, budget, acknowledge: acknowledge.one }, next);
      atWork -= 1;
    }
  };
  await Promise.all(Array.from({ length: CONSUMERS_AT_ONCE }, work));
  await settle(env, heard);
  await acknowledge.all();
}

/** Notes the consumers that a message names. Undefined: the message is dropped. */
function hear({ message, wakeUp }: Received, byConsumer: Map<string, Woken>): Heard | undefined {
  if (!wakeUp) {
    logger.error({ message: "unknown message in the wake-up queue, dropped", messageId: message.id });
    message.ack();
    return undefined;
  }
  const { store, consumers, consumer: _one, ...occasion } = wakeUp;
  if (message.attempts > WAKE_UP_ATTEMPTS) {
    // Nothing is lost: the log wakes them again. But something keeps failing.
    for (const consumer of consumers)
      logger.error({ message: "a wake-up was given up: its consumer could not run", messageId: message.id, store, consumer });
    message.ack();
    return undefined;
  }
  const woken = consumers.map((consumer) => {
    const key = `${store}/${consumer}`;
    const known = byConsumer.get(key) ?? { store, consumer, message, occasion };
    byConsumer.set(key, known);
    return known;
  });
  return { message, woken };
}

/** What the consumers of one batch share. */
interface Invocation {
  readonly app: App;
  readonly env: HeadspringEnv;
  readonly budget: Budget;
  readonly acknowledge: Acknowledgements["one"];
}

/** Lets one consumer work. Never throws: false if it could not run, and has to be woken again. */
async function wakeOne({ app, env, budget, acknowledge }: Invocation, woken: Woken): Promise<boolean> {
  const { store, consumer, occasion } = woken;
  const { head, asOf, trace } = occasion;
  const atWork = { consumer, position: -1, working: true, ...(asOf === undefined ? {} : { asOf }) };
  const signs = setInterval(() => {
    if (budget.fits(1)) acknowledge(store, atWork);
  }, AT_WORK_MS);
  try {
    const about = () => ({ store, consumer, head, traceId: traceIdOf(trace) });
    const acknowledgement = await span("consume", about, async (note) => {
      const counted = (await openStore(env, store, app)).counting(budget);
      // The consumers write only after that.
      await introduce(counted);
      const reached = await wake(counted, woken);
      note({ position: reached?.position });
      return reached;
    });
    // At once: another consumer of this batch may take its time.
    if (acknowledgement) acknowledge(store, acknowledgement);
    return true;
  } catch (error) {
    logger.warn({ message: "a consumer could not run; the queue retries it", store, consumer }, error);
    return false;
  } finally {
    clearInterval(signs);
  }
}

const isFailed = ({ hasRun }: Woken) => hasRun === false;

/**
 * Acknowledges messages whose consumers have all run. If none of them could, the queue delivers the message again, and counts its attempts.
 * Otherwise a new message names those that are left: that could not run, or for which this invocation had no room.
 */
async function settle(env: HeadspringEnv, heard: readonly Heard[]): Promise<void> {
  const again = heard.filter(({ woken }) => woken.every(isFailed));
  const retried = new Set(again.flatMap(({ woken }) => woken));
  for (const { message } of again) message.retry({ delaySeconds: RETRY_SECONDS });
  const others = heard.filter((one) => !again.includes(one));
  const messages = others.flatMap(({ message, woken }) => {
    // A consumer that several messages name is left to the first of them.
    const left = woken.filter((one) => !one.hasRun && one.message === message && !retried.has(one));
    const [late, failed] = [left.filter((one) => !isFailed(one)), left.filter(isFailed)];
    return [...followUp(late), ...followUp(failed).map((request) => ({ ...request, delaySeconds: RETRY_SECONDS }))];
  });
  try {
    for (let first = 0; first < messages.length; first += QUEUE_BATCH_MESSAGES) {
      await env.WAKE_UPS.sendBatch(messages.slice(first, first + QUEUE_BATCH_MESSAGES));
    }
    for (const { message } of others) message.ack();
  } catch {
    // Consumers that have nothing to do are done at once.
    for (const { message, woken } of others) {
      if (woken.every(({ hasRun }) => hasRun)) message.ack();
      else message.retry({ delaySeconds: RETRY_SECONDS });
    }
  }
}

/** The message for consumers that one message has named. */
function followUp(woken: readonly Woken[]): MessageSendRequest<WakeUp>[] {
  const consumers = woken.map(({ consumer }) => consumer);
  return woken.slice(0, 1).map(({ store, occasion }) => ({ body: wakeUpFor(store, consumers, occasion) }));
}

/** Runs one consumer, and returns what to report to the log. */
async function wake(store: Store, { consumer, occasion }: Woken): Promise<Acknowledgement | undefined> {
  const woken = await (await kindOf(store, consumer))?.wake(store, consumer, Date.now() + CONSUMER_BUDGET_MS);
  // Another version of the code knows it: the previous one, or a newer one during a deployment. Only that one can tell how far it is, and
  // the log wakes it until it does.
  if (!woken) return undefined;
  const { againInMs, ...reached } = woken;
  if (againInMs !== undefined) await store.wake(consumer, occasion, Math.ceil(againInMs / 1_000));
  return { consumer, ...reached, ...(occasion.asOf === undefined ? {} : { asOf: occasion.asOf }) };
}
