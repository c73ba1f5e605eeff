/** ⑥ Webhooks as a kind of consumer: each reports for itself, from its object. */

import { type ConsumerKind, DONE, notPossible } from "../consumers/kind.ts";
import { type ConsumerReport, NEW, reportOf } from "../consumers/report.ts";
import { consumersInCode } from "../definitions/consumers.ts";
import { webhooksInCode } from "../definitions/webhooks/kind.ts";
import { familiesOfWebhooks } from "./families.ts";
import { filterOf } from "../deliveries/interest.ts";
import type { RunCount } from "../consumers/run-count.ts";
import { UNKNOWN_WEBHOOK, type WebhookReport, type WebhookRpc } from "../store/webhook-protocol.ts";

export const webhookKind: ConsumerKind = {
  ...webhooksInCode,

  async wake(store, name) {
    const position = await store.webhook(name).wake();
    // The webhook's object runs code without it, and cannot tell how far it is: the log wakes it until newer code can.
    if (position === UNKNOWN_WEBHOOK && consumersInCode(store.app, store.variables).filters.has(name)) return undefined;
    return position === UNKNOWN_WEBHOOK || position === Number.MAX_SAFE_INTEGER ? { position: 0, resting: true } : { position };
  },

  async report(store, name, { head }) {
    const webhook = await store.webhook(name).report();
    return { report: consumerReport(name, webhook, head), filter: filterOf(webhook ?? {}), ...(webhook ? { own: webhook } : {}) };
  },

  async control(store, name, action, position) {
    const answer = await store.webhook(name).control(action, position);
    return answer && ("refused" in answer ? notPossible(answer.refused) : DONE);
  },

  async count(store, name, action, position) {
    const webhook = store.webhook(name);
    if (action === "reset") return countAfter(webhook, name, position ?? 0);
    const answer = await webhook.countControl(action, position);
    if (!answer || "refused" in answer) return answer && notPossible(answer.refused);
    const { after, deliveries } = answer;
    const counted = await countAfter(webhook, name, after);
    return counted && { ...counted, deliveries };
  },

  families: familiesOfWebhooks,
};

/** What it delivers also depends on its predicate, which its object knows. */
async function countAfter(webhook: WebhookRpc, name: string, from: number): Promise<RunCount | undefined> {
  const counted = await webhook.countReplay({ from: { position: from + 1 } });
  if (counted && "refused" in counted) return { consumer: name, from, events: 0, position: from, to: from }; // there is nothing after `from`
  return counted && { consumer: name, from, ...counted };
}

/** @param webhook undefined: it has just been removed */
function consumerReport(name: string, webhook: WebhookReport | undefined, head: number): ConsumerReport {
  const { position = 0, status, attempts = 0, lastError, totals, health, blocked } = webhook ?? {};
  const { delivered: processed = 0, failed: failures = 0 } = totals ?? {};
  const known = reportOf(name, "webhook", { ...NEW, position, attempts, processed, failures }, head);
  const stands = status === "paused" || status === "failed" ? { status } : {};
  const progress = health?.lastSuccessAt === undefined ? {} : { lastProgressAt: health.lastSuccessAt };
  return { ...known, ...progress, ...stands, ...(lastError ? { lastError } : {}), ...(blocked ? { blocked } : {}) };
}
