/** Reads `GET /metrics` again and again, and keeps its figures over time. */

import { type Resource, useResource } from "../../store/resource.ts";
import { record, recordRate } from "../../store/series.ts";
import { get } from "../../store/store.ts";
import { type Sample, samplesOf, sumOf, valuesOf } from "./metrics.ts";

/** Milliseconds between two looks: each asks the log and every webhook. */
const EVERY = 5_000;

export function useMetrics(): Resource<Sample[]> {
  return useResource("metrics", load, { every: EVERY });
}

async function load(signal: AbortSignal): Promise<Sample[]> {
  const samples = samplesOf(await get<string>("/metrics", signal));
  recordRate("events", sumOf(samples, "log_events_total"));
  recordRate("processed", sumOf(samples, "consumer_processed_total"));
  recordRate("failures", sumOf(samples, "consumer_failures_total"));
  record("furthest", Math.max(0, ...valuesOf(samples, "consumer_lag")));
  record("oldest", Math.max(0, ...valuesOf(samples, "consumer_lag_seconds")));
  record("subscriptions", sumOf(samples, "log_subscriptions"));
  return samples;
}
