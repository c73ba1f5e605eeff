/** The console reads `GET /metrics` as the store writes it. */

import { expect, it } from "vitest";
import { samplesOf, sumOf, valuesOf } from "../../../console/pages/stores/metrics.ts";
import { counter, gauge, metricsText } from "../../../src/telemetry/prometheus.ts";

const NAME = 'a "b" \\n\n,c="d"}';

it("the console reads back names, labels of any characters and values, whatever else the figures contain", () => {
  const text = metricsText([
    gauge("log_head", 'with "quotes" and\nlines', [[{ store: "s" }, 12]]),
    counter("consumer_processed_total", "x", [
      [{ store: "s", consumer: NAME, kind: "view" }, 3],
      [{ store: "s", consumer: "b", kind: "webhook" }, 4.5],
    ]),
  ]);
  const samples = samplesOf(`${text}\nother_metric{a="b"} 1\nno figure\n`);
  expect(samples).toEqual([
    { name: "log_head", labels: { store: "s" }, value: 12 },
    { name: "consumer_processed_total", labels: { store: "s", consumer: NAME, kind: "view" }, value: 3 },
    { name: "consumer_processed_total", labels: { store: "s", consumer: "b", kind: "webhook" }, value: 4.5 },
  ]);
  expect(sumOf(samples, "consumer_processed_total")).toBe(7.5);
  expect(valuesOf(samples, "consumer_processed_total", { consumer: NAME })).toEqual([3]);
});
