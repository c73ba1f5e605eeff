/** `GET /metrics` as figures, and as pictures of what has happened while the page is open. */

import { Link } from "wouter-preact";
import { Chart } from "../../parts/chart.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Section } from "../../parts/page.tsx";
import { Figure, bytes, count, counted, duration } from "../../parts/show.tsx";
import type { Resource } from "../../store/resource.ts";
import { seriesOf } from "../../store/series.ts";
import { type Sample, sumOf, valuesOf } from "./metrics.ts";

const RATE = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const perSecond = (value: number) => `${RATE.format(value)}/s`;

const CHARTS: readonly (readonly [name: string, label: string, show: (value: number) => string])[] = [
  ["events", "Events per second", perSecond],
  ["processed", "Processed per second", perSecond],
  ["failures", "Failed attempts per second", perSecond],
  ["furthest", "Events that the last consumer is behind", (value) => counted(value, "event")],
  ["oldest", "Seconds that the oldest event waits", (value) => duration(value * 1_000)],
  ["subscriptions", "Live subscriptions", count],
];

export function Health({ of }: { of: Resource<Sample[]> }) {
  return (
    <Section title="Health">
      <Remote of={of} lines={16}>
        {(samples) => {
          const status = (is: string) => sumOf(samples, "consumer_status", { status: is });
          const segments = sumOf(samples, "log_segments");
          return (
            <>
              <dl class="figures">
                <Figure title="Events">{count(sumOf(samples, "log_head"))}</Figure>
                <Figure title="Log">
                  {segments > 1 ? `${count(segments - 1)} × 8 GiB + ` : ""}
                  {bytes(sumOf(samples, "log_segment_bytes"))}
                </Figure>
                {samples.flatMap(({ name, labels, value }) =>
                  name === "database_bytes" ? (
                    <Figure key={labels.database} title={`D1 ${labels.database}, all stores`} isBad={value > 7e9}>
                      {bytes(value)}
                    </Figure>
                  ) : (
                    []
                  ),
                )}
                <Figure title="Consumers live">
                  <Link href="/consumers">
                    {count(status("live"))} of {count(valuesOf(samples, "consumer_lag").length)}
                  </Link>
                </Figure>
                <Figure title="Failed" isBad={status("failed") > 0}>
                  {count(status("failed"))}
                </Figure>
                <Figure title="Parked deliveries" isBad={sumOf(samples, "webhook_deliveries", { status: "parked" }) > 0}>
                  {count(sumOf(samples, "webhook_deliveries", { status: "parked" }))}
                </Figure>
              </dl>
              <div class="charts">
                {CHARTS.map(([name, label, show]) => (
                  <Chart key={name} label={label} points={seriesOf(name)} show={show} />
                ))}
              </div>
            </>
          );
        }}
      </Remote>
    </Section>
  );
}
