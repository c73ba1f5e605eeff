/** From a queue's message to a consumer at work. The message says only "look"; the log and the checkpoint say the rest. */

import { z } from "zod";
import type { App } from "../app.ts";
import { CONSUMER_BUDGET_MS } from "../limits.ts";
import { NAME, STORE_NAME } from "../names.ts";
import { logOf, webhookOf } from "../objects.ts";
import { envOfStore } from "../stores.ts";
import { processorConsumer } from "../processors/processor-consumer.ts";
import type { Acknowledgement } from "../log-protocol.ts";
import type { WakeUp } from "../protocol.ts";
import { type ViewProgress, project } from "../views/project.ts";
import { isWebhook } from "./consumers.ts";
import { catchUp } from "./consumer.ts";
import { logger } from "../telemetry/logger.ts";
import { traceIdOf } from "../telemetry/trace.ts";
import { span } from "../telemetry/span.ts";

const WakeUpMessage = z.object({
  store: z.string().regex(STORE_NAME),
  consumer: z.string().regex(NAME),
  head: z.int(),
  trace: z.string().optional(),
});

/** Seconds before the queue hands a message back whose consumer could not even record its failure (D1 out of reach). */
const RETRY_SECONDS = 5;

/** What a message says; undefined: it is none of ours. */
export function parseWakeUp(body: unknown): WakeUp | undefined {
  const { success, data } = WakeUpMessage.safeParse(body);
  if (!success) return undefined;
  const { trace, ...wakeUp } = data;
  return trace === undefined ? wakeUp : { ...wakeUp, trace };
}

/** Runs the consumers that a batch names, each once. */
export async function handleWakeUps(app: App, env: Env, batch: MessageBatch): Promise<void> {
  const byConsumer = new Map<string, { wakeUp: WakeUp; messages: Message[] }>();
  for (const message of batch.messages) {
    const parsed = parseWakeUp(message.body);
    if (!parsed) {
      logger.error({ message: "a message in the wake-up queue is none of ours; it is dropped", messageId: message.id });
      message.ack();
      continue;
    }
    const key = `${parsed.store}/${parsed.consumer}`;
    const entry = byConsumer.get(key) ?? { wakeUp: parsed, messages: [] };
    entry.messages.push(message);
    byConsumer.set(key, entry);
  }
  const acknowledged = new Map<string, Acknowledgement[]>();
  await Promise.all(
    [...byConsumer.values()].map(async ({ wakeUp, messages }) => {
      const { store, consumer } = wakeUp;
      try {
        const about = () => ({ store, consumer, head: wakeUp.head, traceId: traceIdOf(wakeUp.trace) });
        const acknowledgement = await span("consume", about, async (note) => {
          const reached = await wake(app, await envOfStore(env, store), wakeUp);
          note({ position: reached?.position });
          return reached;
        });
        if (acknowledgement) acknowledged.set(wakeUp.store, [...(acknowledged.get(wakeUp.store) ?? []), acknowledgement]);
        for (const message of messages) message.ack();
      } catch (error) {
        logger.warn({ message: "a consumer could not run; the queue will try again", store, consumer }, error);
        for (const message of messages) message.retry({ delaySeconds: RETRY_SECONDS });
      }
    }),
  );
  await Promise.all(
    [...acknowledged].map(async ([store, acknowledgements]) => logOf(await envOfStore(env, store), store).acknowledge(acknowledgements)),
  );
}

/** Runs one consumer, and says what the log may know of it. */
async function wake(app: App, env: Env, wakeUp: WakeUp): Promise<Acknowledgement | undefined> {
  const { store, consumer: name } = wakeUp;
  if (isWebhook(app, name)) {
    const position = await webhookOf(env, store, name).wake();
    return { consumer: name, position };
  }
  const progress = await run(app, env, wakeUp);
  // A deployment without this consumer may still find messages of the one before.
  if (!progress) return { consumer: name, position: 0, resting: true };

  const { outcome, retryInMs } = progress;
  const position = Math.min(progress.position, progress.building ?? progress.position);
  if (outcome === "behind" || retryInMs !== undefined) {
    await env.WAKE_UPS.send(wakeUp, { delaySeconds: Math.ceil((retryInMs ?? 0) / 1_000) });
  }
  return { consumer: name, position, resting: outcome === "resting" };
}

/** Lets the view or processor of that name work. */
async function run(app: App, env: Env, { store, consumer: name }: WakeUp): Promise<ViewProgress | undefined> {
  const deadline = Date.now() + CONSUMER_BUDGET_MS;
  const view = app.views.get(name);
  if (view) return project(env, store, view, deadline);
  const processor = app.processors.get(name);
  return processor && catchUp(processorConsumer(app, env, store, processor), logOf(env, store), deadline);
}
