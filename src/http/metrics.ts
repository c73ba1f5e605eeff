/** Figures for monitoring, as Prometheus reads them. */

import { Hono } from "hono";
import { type Measured, type StoreFigures, measure } from "../operations/measure.ts";
import { type Family, type Labels, METRICS_TYPE, counter, gauge, metricsText, secondsOf } from "../telemetry/prometheus.ts";
import type { ConsumerStatus } from "../store/consumer-protocol.ts";
import type { ReportedSource } from "../operations/source-reports.ts";
import { type SourceProgress, SourceStatus } from "../store/source-protocol.ts";
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
function familiesOf(store: string, { log, consumers, sources, families, databases }: StoreFigures): Family[] {
  const ofStore = (value: number): Family["samples"] => [[{ store }, value]];

  const labelsOf = ({ report: { name: consumer, kind } }: Measured): Labels => ({ store, consumer, kind });
  const each = (value: (one: Measured) => number | undefined) => samplesOf(consumers, labelsOf, value);
  const states = statesOf(consumers, labelsOf, STATUSES, ({ report }) => report.status);
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
      each(({ report: { lastProgressAt } }) => (lastProgressAt === undefined ? undefined : secondsOf(lastProgressAt))),
    ),
    gauge(
      "consumer_rebuild_position",
      "Position that the rebuild of a view has reached.",
      each(({ report }) => report.rebuild?.position),
    ),
    ...familiesOfSources(store, sources),
    ...families,
  ];
}

/** One sample for each, unless there is no value for it. */
function samplesOf<One>(all: readonly One[], labelsOf: (one: One) => Labels, value: (one: One) => number | undefined): Family["samples"] {
  return all.flatMap((one) => {
    const known = value(one);
    return known === undefined ? [] : [[labelsOf(one), known] as const];
  });
}

/** One sample for each and each status that it may have: 1 for the one that it has. */
function statesOf<One>(
  all: readonly One[],
  labelsOf: (one: One) => Labels,
  statuses: readonly string[],
  statusOf: (one: One) => string,
): Family["samples"] {
  return all.flatMap((one) => statuses.map((status) => [{ ...labelsOf(one), status }, statusOf(one) === status ? 1 : 0] as const));
}

/** Sources whose objects have not answered are left out. */
function familiesOfSources(store: string, sources: readonly ReportedSource[]): Family[] {
  const known = sources.flatMap(({ source, progress }) =>
    progress ? [{ labels: { store, source: source.name, kind: source.outside.kind.name }, progress }] : [],
  );
  const labelsOf = ({ labels }: (typeof known)[number]): Labels => labels;
  const each = (value: (one: SourceProgress) => number | undefined) => samplesOf(known, labelsOf, ({ progress }) => value(progress));
  const states = statesOf(known, labelsOf, SourceStatus.options, ({ progress }) => progress.status);
  return [
    gauge("source_status", "1 for the present status of the source, 0 for the others.", states),
    gauge(
      "source_lag_entries",
      "Changes that the source has yet to read, if its kind can tell.",
      each(({ lag }) => lag.entries),
    ),
    gauge(
      "source_lag_bytes",
      "Bytes that the outside keeps for the source, if its kind can tell.",
      each(({ lag }) => lag.bytes),
    ),
    gauge(
      "source_lag_seconds",
      "Age of the first change that the source has yet to store, if its kind can tell.",
      each(({ lag }) => lag.seconds),
    ),
    counter(
      "source_changes_total",
      "Changes that the source has read and settled.",
      each(({ changes }) => changes),
    ),
    counter(
      "source_appended_total",
      "Events that the source has appended.",
      each(({ appended }) => appended),
    ),
    gauge(
      "source_attempts",
      "Failed attempts in a row: 0 while the source works.",
      each(({ attempts }) => attempts),
    ),
    gauge(
      "source_waiting",
      "Messages that were brought to the source and wait in it.",
      each(({ waiting }) => waiting),
    ),
    gauge(
      "source_last_progress_timestamp_seconds",
      "When the source last made progress.",
      each(({ lastProgressAt }) => (lastProgressAt === undefined ? undefined : secondsOf(lastProgressAt))),
    ),
  ];
}
