/** The events in which the store reports about its webhooks. Nobody else can write them: their names begin with `$`. Pure. */

import * as z from "zod";

/** The category of the streams that the store writes about its webhooks. No user's category can have this name. */
export const SYSTEM_CATEGORY = "$webhook";
/** A webhook was switched off, because its endpoint is gone (410) or has failed for days. */
export const WEBHOOK_DISABLED = "$webhook.disabled";
/** It was switched on again. */
export const WEBHOOK_ENABLED = "$webhook.enabled";
/** The type of the message that `POST /webhooks/{id}/test` sends. Never stored. */
export const WEBHOOK_TEST = "$webhook.test";

/**
 * What the store reports about its webhooks, as a category that views, processors and webhooks in code can follow.
 * Declare it in the app like your own; facts about webhooks are written by the store only.
 *
 * @example
 * const trouble = reactor("trouble", {
 *   from: webhookEvents,
 *   emits: tickets,
 *   on: { "$webhook.disabled": ({ data }) => append(tickets, data.webhook, "TicketOpened", { reason: data.reason }) },
 * });
 * defineApp({ categories: [tickets, webhookEvents], processors: [trouble] });
 */
export const webhookEvents = {
  kind: "plain",
  name: SYSTEM_CATEGORY,
  description: "What the store reports about its webhooks.",
  events: {
    [WEBHOOK_DISABLED]: z.object({
      webhook: z.string(),
      /** Scheme, host and port of its URL. The rest may be secret: `GET /webhooks/{id}` has it. */
      origin: z.string().optional(),
      reason: z.enum(["gone", "failing"]),
      at: z.string(),
    }),
    [WEBHOOK_ENABLED]: z.object({ webhook: z.string(), origin: z.string().optional(), at: z.string() }),
  },
} as const;
