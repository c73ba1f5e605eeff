/** Webhooks, as consumers that the code declares or that were added at run time. */

import type { App } from "../app.ts";
import type { DeclaredKind } from "../kind.ts";
import { WEBHOOK_ID_PREFIX, type Webhook, filterOfWebhook, secretOf, urlOf } from "./webhook.ts";

export const webhooksInCode = {
  name: "webhook",
  keepsOwnPlace: true,
  has: (app, consumer) => app.webhooks.has(consumer) || consumer.startsWith(WEBHOOK_ID_PREFIX),
  inCode: (app, variables) =>
    activeWebhooks(app, variables).map((webhook) => ({
      name: webhook.name,
      filter: filterOfWebhook(webhook),
      startsAtHead: webhook.start === "head",
    })),
} as const satisfies DeclaredKind;

/** The code's webhooks that are on in this deployment: those with a URL and a secret. */
export function activeWebhooks(app: App, variables: object): Webhook[] {
  return [...app.webhooks.values()].filter(
    (webhook) => urlOf(webhook, variables) !== undefined && secretOf(webhook, variables) !== undefined,
  );
}
