/** The figures that only webhooks have, for `GET /metrics`. */

import type { Found } from "../consumers/report.ts";
import type { WebhookReport } from "../store/webhook-protocol.ts";
import { type Family, counter, gauge, secondsOf } from "../telemetry/prometheus.ts";

/** Operators build on these: add to them, rename none. */
export function familiesOfWebhooks(store: string, measured: readonly Found[], all: number): Family[] {
  // What `webhookKind.report` has put there. A webhook that has just been removed has none.
  const hooks = measured.flatMap(({ own }) => (own === undefined ? [] : [own as WebhookReport]));
  const each = (value: (hook: WebhookReport) => number | undefined): Family["samples"] =>
    hooks.flatMap((hook) => {
      const known = value(hook);
      return known === undefined ? [] : [[{ store, consumer: hook.id }, known] as const];
    });
  const byStatus = <Status extends string>(statuses: readonly Status[], value: (hook: WebhookReport, status: Status) => number) =>
    hooks.flatMap((hook) => statuses.map((status) => [{ store, consumer: hook.id, status }, value(hook, status)] as const));

  return [
    counter(
      "webhook_deliveries_total",
      "Deliveries that have ended, by outcome.",
      byStatus(["delivered", "parked", "skipped"], ({ totals }, status) => totals[status]),
    ),
    gauge(
      "webhook_deliveries",
      "Deliveries that have not ended, and parked ones, which can be retried.",
      byStatus(["pending", "parked"], (hook, status) => hook[status]),
    ),
    gauge(
      "webhook_success_ratio",
      "Share of the attempts of the last 24 hours that succeeded.",
      each(({ health }) => health.successRate),
    ),
    gauge(
      "webhook_failing_since_timestamp_seconds",
      "Time of the first failure since the last success.",
      each(({ health: { failingSince } }) => (failingSince === undefined ? undefined : secondsOf(failingSince))),
    ),
    gauge(
      "webhook_blocked_streams",
      "Streams whose events wait for one that has failed.",
      each(({ blocked }) => blocked?.streams ?? 0),
    ),
    gauge(
      "webhook_blocked_since_timestamp_seconds",
      "When the first of these streams began to wait.",
      each(({ blocked }) => blocked && secondsOf(blocked.since)),
    ),
    gauge(
      "webhook_full",
      "1 when as many streams wait as may: the webhook accepts no further event.",
      each(({ blocked }) => (blocked?.fullSince === undefined ? 0 : 1)),
    ),
    gauge("webhooks", "Webhooks in the store.", [[{ store }, all]]),
    gauge("webhooks_not_measured", "Webhooks of the store whose figures are not included.", [[{ store }, all - measured.length]]),
  ];
}
