/** Figures for monitoring, as Prometheus reads them. */

import { Hono } from "hono";
import { type Measured, type StoreFigures, measure } from "../operations/measure.ts";
import { type Family, type Labels, METRICS_TYPE, metricsText } from "../telemetry/prometheus.ts";
import type { ConsumerStatus } from "../store/consumer-protocol.ts";
import { type HttpEnv, storeOf } from "./request.ts";

const STATUSES = ["live", "catching-up", "paused", "failed", "rebuilding"] as const satisfies ConsumerStatus[];

export function metricsRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.get("/", async (context) => {
    const store = storeOf(context);
    const text = metricsText(familiesOf(store.name, await measure(store)));
    return context.body(text, 200, { "content-type": METRICS_TYPE, "cache-control": "no-store" });
  });

  return routes;
}

/** Operators build on these: add to them, rename none. */
function familiesOf(store: string, { log, consumers, webhooks, databases }: StoreFigures): Family[] {
  const ofStore = (value: number): Family["samples"] => [[{ store }, value]];

  const labelsOf = ({ report: { name: consumer, kind } }: Measured): Labels => ({ store, consumer, kind });
  const each = (value: (one: Measured) => number | undefined): Family["samples"] =>
    consumers.flatMap((one) => {
      const known = value(one);
      return known === undefined ? [] : [[labelsOf(one), known] as const];
    });
  const states = consumers.flatMap((one) =>
    STATUSES.map((status) => [{ ...labelsOf(one), status }, one.report.status === status ? 1 : 0] as const),
  );
  const hooks = consumers.flatMap(({ webhook }) => (webhook ? [webhook] : []));
  const deliveries = (statuses: readonly ("pending" | "parked")[]): Family["samples"] =>
    hooks.flatMap((hook) => statuses.map((status) => [{ store, consumer: hook.id, status }, hook[status]] as const));
  const ended = hooks.flatMap(({ id, totals }) =>
    (["delivered", "parked", "skipped"] as const).map((status) => [{ store, consumer: id, status }, totals[status]] as const),
  );
  const rates = hooks.flatMap(({ id, health: { successRate } }) =>
    successRate === undefined ? [] : [[{ store, consumer: id }, successRate] as const],
  );
  const failing = hooks.flatMap(({ id, health: { failingSince } }) =>
    failingSince === undefined ? [] : [[{ store, consumer: id }, seconds(failingSince)] as const],
  );

  const blocked = hooks.map(({ id, blocked }) => [{ store, consumer: id }, blocked?.streams ?? 0] as const);
  const full = hooks.map(({ id, blocked }) => [{ store, consumer: id }, blocked?.fullSince === undefined ? 0 : 1] as const);
  const blockedSince = hooks.flatMap(({ id, blocked }) => (blocked ? [[{ store, consumer: id }, seconds(blocked.since)] as const] : []));

  return [
    gauge("log_head", "Position of the last event in the store's log.", ofStore(log.head)),
    counter("log_events_total", "Events that the store's log has accepted: the same number as its head, as a counter.", ofStore(log.head)),
    gauge("log_segments", "Objects that make up the log.", ofStore(log.segments)),
    gauge("log_segment_bytes", "Bytes in the last of these objects; at 8 GiB the next one begins.", ofStore(log.bytes)),
    gauge("log_subscriptions", "Live subscriptions of the log, server-sent events included.", ofStore(log.subscriptions)),
    gauge(
      "database_bytes",
      "Bytes in a D1 database, for all stores together; the maximum is 10 GB.",
      [...databases].map(([database, bytes]) => [{ store, database }, bytes]),
    ),
    gauge(
      "consumer_position",
      "Last position that the consumer has processed: it has committed the effects, or had nothing to do.",
      each(({ report }) => report.position),
    ),
    gauge(
      "consumer_lag",
      "Positions between the consumer and the log's head.",
      each(({ report }) => report.lag),
    ),
    gauge(
      "consumer_lag_seconds",
      "Age of the first event that the consumer has yet to process; 0 if there is none.",
      each((one) => one.lagSeconds),
    ),
    gauge("consumer_status", "1 for the present status of the consumer, 0 for the others.", states),
    gauge(
      "consumer_attempts",
      "Failed attempts at the event that the consumer processes now.",
      each(({ report }) => report.attempts),
    ),
    counter(
      "consumer_processed_total",
      "Events whose effects were committed. For a webhook: deliveries that arrived.",
      each(({ report }) => report.processed),
    ),
    counter(
      "consumer_failures_total",
      "Attempts that failed.",
      each(({ report }) => report.failures),
    ),
    gauge(
      "consumer_last_progress_timestamp_seconds",
      "When the consumer last made progress.",
      each(({ report: { lastProgressAt } }) => (lastProgressAt === undefined ? undefined : seconds(lastProgressAt))),
    ),
    gauge(
      "consumer_rebuild_position",
      "Position that the rebuild of a view has reached.",
      each(({ report }) => report.rebuild?.position),
    ),
    counter("webhook_deliveries_total", "Deliveries that have ended, by outcome.", ended),
    gauge(
      "webhook_deliveries",
      "Deliveries that have not ended, and parked ones, which can be retried.",
      deliveries(["pending", "parked"]),
    ),
    gauge("webhook_success_ratio", "Share of the attempts of the last 24 hours that succeeded.", rates),
    gauge("webhook_failing_since_timestamp_seconds", "Time of the first failure since the last success.", failing),
    gauge("webhook_blocked_streams", "Streams whose events wait for one that has failed.", blocked),
    gauge("webhook_blocked_since_timestamp_seconds", "When the first of these streams began to wait.", blockedSince),
    gauge("webhook_full", "1 when as many streams wait as may: the webhook accepts no further event.", full),
    gauge("webhooks", "Webhooks in the store.", ofStore(webhooks.all)),
    gauge("webhooks_not_measured", "Webhooks of the store whose figures are not included.", ofStore(webhooks.all - webhooks.measured)),
  ];
}

function gauge(name: string, help: string, samples: Family["samples"]): Family {
  return { name: `headspring_${name}`, type: "gauge", help, samples };
}

function counter(name: string, help: string, samples: Family["samples"]): Family {
  return { name: `headspring_${name}`, type: "counter", help, samples };
}

/** RFC 3339 as seconds since 1970. */
function seconds(time: string): number {
  return Date.parse(time) / 1_000;
}
