/** Who follows the log, by name: the views, processors and webhooks of the code, and the webhooks added at run time. */

import type { App } from "./app.ts";
import { WEBHOOK_ID_PREFIX, type Webhook, secretOf, urlOf } from "./webhooks/webhook.ts";

/** Every consumer that the code declares. A webhook whose variables hold no URL or no secret is off. */
export function consumersInCode(app: App, env: Env): string[] {
  return [...app.views.keys(), ...app.processors.keys(), ...activeWebhooks(app, env).map(({ name }) => name)];
}

/** Those of the code that begin with what comes after their first deployment. */
export function startingAtHead(app: App, env: Env): string[] {
  const processors = [...app.processors.values()].filter(({ start }) => start === "head");
  const webhooks = activeWebhooks(app, env).filter(({ start }) => start !== "beginning");
  return [...processors, ...webhooks].map(({ name }) => name);
}

/** The code's webhooks that are on in this deployment: those with a URL and a secret. */
export function activeWebhooks(app: App, env: Env): Webhook[] {
  return [...app.webhooks.values()].filter((webhook) => urlOf(webhook, env) !== undefined && secretOf(webhook, env) !== undefined);
}

/** Whether the name is a webhook's, declared in code or added at run time. */
export function isWebhook(app: App, consumer: string): boolean {
  return app.webhooks.has(consumer) || consumer.startsWith(WEBHOOK_ID_PREFIX);
}
