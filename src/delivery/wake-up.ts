/** From a queue's message to a consumer at work. The message says only "look"; the log and the checkpoint say the rest. */

import { z } from "zod";
import type { App } from "../app.ts";
import { CONSUMER_BUDGET_MS } from "../limits.ts";
import { NAME, STORE_NAME } from "../names.ts";
import { logOf, webhookOf } from "../objects.ts";
import { processorConsumer } from "../processors/consumer.ts";
import type { Acknowledgement, WakeUp } from "../protocol.ts";
import { viewConsumer } from "../views/projector.ts";
import { isWebhook } from "./consumers.ts";
import { type Consumer, catchUp } from "./consumer.ts";

const WakeUpMessage = z.object({ store: z.string().regex(STORE_NAME), consumer: z.string().regex(NAME), head: z.int() });

/** Seconds before the queue hands a message back whose consumer could not even record its failure (D1 out of reach). */
const RETRY_SECONDS = 5;

/** Runs the consumers that a batch names, each once. */
export async function handleWakeUps(app: App, env: Env, batch: MessageBatch): Promise<void> {
  const byConsumer = new Map<string, { wakeUp: WakeUp; messages: Message[] }>();
  for (const message of batch.messages) {
    const parsed = WakeUpMessage.safeParse(message.body);
    if (!parsed.success) {
      console.error({ message: "a message in the wake-up queue is none of ours; it is dropped", id: message.id });
      message.ack();
      continue;
    }
    const key = `${parsed.data.store}/${parsed.data.consumer}`;
    const entry = byConsumer.get(key) ?? { wakeUp: parsed.data, messages: [] };
    entry.messages.push(message);
    byConsumer.set(key, entry);
  }
  const acknowledged = new Map<string, Acknowledgement[]>();
  await Promise.all(
    [...byConsumer.values()].map(async ({ wakeUp, messages }) => {
      try {
        const acknowledgement = await wake(app, env, wakeUp);
        if (acknowledgement) acknowledged.set(wakeUp.store, [...(acknowledged.get(wakeUp.store) ?? []), acknowledgement]);
        for (const message of messages) message.ack();
      } catch (error) {
        console.warn({ message: "a consumer could not run; the queue will try again", ...wakeUp, error: String(error) });
        for (const message of messages) message.retry({ delaySeconds: RETRY_SECONDS });
      }
    }),
  );
  await Promise.all([...acknowledged].map(([store, acknowledgements]) => logOf(env, store).acknowledge(acknowledgements)));
}

/** Runs one consumer, and says what the log may know of it. */
async function wake(app: App, env: Env, wakeUp: WakeUp): Promise<Acknowledgement | undefined> {
  const { store, consumer: name } = wakeUp;
  if (isWebhook(app, name)) {
    const position = await webhookOf(env, store, name).wake();
    return { consumer: name, position };
  }
  const consumer = consumerNamed(app, env, store, name);
  // A deployment without this consumer may still find messages of the one before.
  if (!consumer) return { consumer: name, position: 0, resting: true };

  const { position, outcome, retryInMs } = await catchUp(consumer, logOf(env, store), Date.now() + CONSUMER_BUDGET_MS);
  if (outcome === "behind" || retryInMs !== undefined) {
    await env.WAKE_UPS.send(wakeUp, { delaySeconds: Math.ceil((retryInMs ?? 0) / 1_000) });
  }
  return { consumer: name, position, resting: outcome === "resting" };
}

/** The view or processor of that name. */
export function consumerNamed(app: App, env: Env, store: string, name: string): Consumer | undefined {
  const view = app.views.get(name);
  if (view) return viewConsumer(env, store, view);
  const processor = app.processors.get(name);
  return processor && processorConsumer(app, env, store, processor);
}
