/** Where every consumer of a store stands. */

import type { App } from "../app.ts";
import { logOf, webhookOf } from "../objects.ts";
import type { ConsumerError, ConsumerStatus } from "../protocol.ts";
import { processorConsumer } from "../processors/consumer.ts";
import { viewConsumer } from "../views/projector.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { activeWebhooks } from "./consumers.ts";

export interface ConsumerReport {
  readonly name: string;
  readonly kind: "view" | "processor" | "webhook";
  readonly status: ConsumerStatus;
  /** The last position whose effects are committed. */
  readonly position: number;
  readonly head: number;
  /** Positions between the two. */
  readonly lag: number;
  /** Failed attempts at the event after `position`. */
  readonly attempts: number;
  readonly lastError?: ConsumerError;
}

export async function reportConsumers(app: App, env: Env, store: string): Promise<ConsumerReport[]> {
  const log = logOf(env, store);
  const [head, subscribers] = await Promise.all([log.head(), log.subscribers()]);
  const inD1 = [
    ...[...app.views.values()].map((view) => ({ kind: "view" as const, consumer: viewConsumer(env, store, view) })),
    ...[...app.processors.values()].map((processor) => ({
      kind: "processor" as const,
      consumer: processorConsumer(app, env, store, processor),
    })),
  ];
  const webhooks = [...activeWebhooks(app, env).map(({ name }) => name), ...subscribers];
  return Promise.all([
    ...inD1.map(async ({ kind, consumer }) => report(consumer.name, kind, await consumer.checkpoint.look(), head)),
    ...webhooks.map(async (name) => {
      const position = (await webhookOf(env, store, name).report())?.position ?? 0;
      return report(name, "webhook", { position, status: "active", attempts: 0, nextAttemptAt: 0 }, head);
    }),
  ]);
}

function report(
  name: string,
  kind: ConsumerReport["kind"],
  { position, status, attempts, error }: Checkpoint,
  head: number,
): ConsumerReport {
  const lag = Math.max(0, head - position);
  return {
    name,
    kind,
    status: status === "active" ? (lag === 0 ? "live" : "catching-up") : status,
    position,
    head,
    lag,
    attempts,
    ...(error ? { lastError: error } : {}),
  };
}
