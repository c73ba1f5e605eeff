/** What the store's use of this month costs, about. */

import { Section } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { bytes, count } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import type { LogPage } from "../../store/event.ts";
import { useGet } from "../../store/resource.ts";
import { type Range, costOf, totalOf } from "./cost.ts";
import { type Sample, sumOf } from "./metrics.ts";

/** Milliseconds between two looks. */
const EVERY = 60_000;
const DOLLARS = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumSignificantDigits: 3 });

function dollars([least, most]: Range): string {
  return least === most ? DOLLARS.format(least) : `${DOLLARS.format(least)} to ${DOLLARS.format(most)}`;
}

export function Cost({ samples }: { samples: Sample[] | undefined }) {
  const now = new Date();
  const begins = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth()));
  const ends = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1));
  const first = useGet<LogPage>(`/log?since=${begins.toISOString()}&limit=1`, { every: EVERY });
  return (
    <Section title="What this month’s use costs: an estimate">
      <Remote of={first} lines={8}>
        {({ events: [event], head }) => {
          const events = event ? head - event.position! + 1 : 0;
          const shared = head === 0 ? 0 : events / head;
          const processed = (kind: string) => Math.round(sumOf(samples ?? [], "consumer_processed_total", { kind }) * shared);
          const items = costOf({
            events,
            processed: { view: processed("view"), processor: processed("processor"), webhook: processed("webhook") },
            logBytes: sumOf(samples ?? [], "log_segment_bytes") + Math.max(0, sumOf(samples ?? [], "log_segments") - 1) * 2 ** 33,
            databaseBytes: sumOf(samples ?? [], "database_bytes"),
          });
          const [least, most] = totalOf(items);
          // Storage is for the whole month already.
          const [least0, most0] = totalOf(items.filter((item) => item.bytes === undefined));
          const pace = (ends.getTime() - begins.getTime()) / Math.max(1, now.getTime() - begins.getTime()) - 1;
          return (
            <>
              <p>
                So far <strong>{dollars([least, most])}</strong>; at this pace {dollars([least + least0 * pace, most + most0 * pace])} in
                the whole month (UTC).
              </p>
              <Table
                label="The estimate"
                rows={items}
                keyOf={({ what }) => what}
                columns={[
                  { title: "What", cell: ({ what }) => what },
                  {
                    title: "How much",
                    isNumber: true,
                    cell: (item) => (item.bytes === undefined ? count(item.count ?? 0) : bytes(item.bytes)),
                  },
                  { title: "Dollars", isNumber: true, cell: (item) => dollars(item.dollars) },
                ]}
              />
              <p class="dim">
                By the prices that docs/cost.md has measured on Workers Paid: the first figure as under steady load, the second as if each
                event came alone. What consumers have processed this month is taken from their share so far. Reads, queries and logs are not
                in it, and what the plan includes is not taken off.
              </p>
            </>
          );
        }}
      </Remote>
    </Section>
  );
}
