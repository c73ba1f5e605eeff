/** Who follows the log, by name: the views, processors and webhooks of the code, and the webhooks added at run time. */

import type { EventFilter } from "../core/event.ts";
import { codeHash } from "../core/code-hash.ts";
import type { App } from "./app.ts";
import { filterOfProcessor } from "./processors/filter.ts";
import { filterOfView } from "./views/view.ts";
import { WEBHOOK_ID_PREFIX, type Webhook, filterOfWebhook, secretOf, urlOf } from "./webhooks/webhook.ts";

/** Every consumer that the code declares. A webhook whose variables hold no URL or no secret is off. */
export function consumersInCode(app: App, env: object): string[] {
  return [...app.views.keys(), ...app.processors.keys(), ...activeWebhooks(app, env).map(({ name }) => name)];
}

/** Every consumer that the code declares, with the events that it handles. */
export function filtersInCode(app: App, env: object): ReadonlyMap<string, EventFilter> {
  const views = [...app.views.values()].map((view) => [view.name, filterOfView(view)] as const);
  const processors = [...app.processors.values()].map((processor) => [processor.name, filterOfProcessor(processor)] as const);
  const webhooks = activeWebhooks(app, env).map((webhook) => [webhook.name, filterOfWebhook(webhook)] as const);
  return new Map<string, EventFilter>([...views, ...processors, ...webhooks]);
}

/** A name for the consumers of the code: under another one they want other events, or have something else to build. */
export function audienceHash(app: App, env: object): string {
  const filters = [...filtersInCode(app, env)].map(([name, { types, categories }]) => ({ name, types, categories }));
  const views = [...app.views.values()].map(({ name, key, indexes, row, handlers, revision }) => {
    const code = revision ?? [...handlers].map(([type, handler]) => [type, ...handler.code]);
    return { name, key, indexes, columns: Object.keys(row.shape), code };
  });
  return codeHash({ filters, views });
}

/** Those of the code that begin with what comes after their first deployment. */
export function startingAtHead(app: App, env: object): string[] {
  const processors = [...app.processors.values()].filter(({ start }) => start === "head");
  const webhooks = activeWebhooks(app, env).filter(({ start }) => start !== "beginning");
  return [...processors, ...webhooks].map(({ name }) => name);
}

/** The code's webhooks that are on in this deployment: those with a URL and a secret. */
export function activeWebhooks(app: App, env: object): Webhook[] {
  return [...app.webhooks.values()].filter((webhook) => urlOf(webhook, env) !== undefined && secretOf(webhook, env) !== undefined);
}

/** Whether the name is a webhook's, declared in code or added at run time. */
export function isWebhook(app: App, consumer: string): boolean {
  return app.webhooks.has(consumer) || consumer.startsWith(WEBHOOK_ID_PREFIX);
}
