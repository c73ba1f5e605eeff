/** Sources, for the worker's events: the cron and the first request wake those that the code declares, and a queue's messages are brought to theirs. */

import type { App } from "../definitions/app.ts";
import { DefinitionsInCode } from "../definitions/in-code.ts";
import type { HeadspringEnv } from "../store/env.ts";
import type { QueueClaim } from "../store/catalog-protocol.ts";
import { directoryOf, openStore } from "../store/stores.ts";
import { logger } from "../telemetry/logger.ts";
import { claimInCode } from "./source-queues.ts";
import { handleWakeUps, receive } from "./wake-up.ts";

/** Makes sure that the sources in code work: nobody declares them at run time. Never throws. */
export async function wakeSourcesInCode(app: App, env: HeadspringEnv): Promise<void> {
  await Promise.all(
    new DefinitionsInCode(app).sources.map(async ({ name, store }) => {
      try {
        await (await openStore(env, store, app, true)).source(name).wake();
      } catch (error) {
        logger.warn({ message: "a source could not be woken; the next sweep wakes it", store, consumer: name }, error);
      }
    }),
  );
}

/** Seconds before the queue brings messages again that could not be kept, or that no source follows so far. */
const AGAIN_SECONDS = 30;

/** A batch of any of the worker's queues: wake-ups, or messages that a source follows. */
export async function handleBatch(app: App, env: HeadspringEnv, batch: MessageBatch): Promise<void> {
  const inCode = claimInCode(app, batch.queue);
  if (inCode) return bring(app, env, inCode, batch);
  const received = receive(batch);
  // Nobody asks for the queue of wake-ups: one strange message in a batch is enough to ask.
  const source = received.every(({ wakeUp }) => wakeUp) ? undefined : await directoryOf(env).findQueue(batch.queue);
  if (source) return bring(app, env, source, batch);
  if (received.some(({ wakeUp }) => wakeUp)) return handleWakeUps(app, env, batch, received);
  // Their source may not be declared yet. The queue gives them up in the end, or passes them to its dead-letter queue.
  logger.error({ message: "messages of a queue that no source follows", count: batch.messages.length });
  batch.retryAll({ delaySeconds: AGAIN_SECONDS });
}

async function bring(app: App, env: HeadspringEnv, { store, source }: QueueClaim, batch: MessageBatch): Promise<void> {
  try {
    const messages = batch.messages.map(({ id, timestamp, body }) => ({ id, timestamp: timestamp.getTime(), body: jsonOf(body) }));
    await (await openStore(env, store, app, true)).source(source).take(messages);
    batch.ackAll();
  } catch (error) {
    const message = "messages could not be kept by their source; the queue brings them again";
    logger.warn({ message, store, consumer: source, count: batch.messages.length }, error);
    batch.retryAll({ delaySeconds: AGAIN_SECONDS });
  }
}

/** A message's body as JSON text. Bytes become base64, as the page about queues says. */
function jsonOf(body: unknown): string {
  if (body instanceof ArrayBuffer) return JSON.stringify({ base64: Buffer.from(body).toString("base64") });
  if (ArrayBuffer.isView(body))
    return JSON.stringify({ base64: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("base64") });
  try {
    return body === undefined ? "null" : JSON.stringify(body);
  } catch {
    // A bigint, or a circle: only `v8` messages can have them.
    return JSON.stringify({ unreadable: "the message is not JSON" });
  }
}
