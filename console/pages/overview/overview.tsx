/** The first page: whether the store is well, and what happened last. An empty store shows the first call to make. */

import { Link } from "wouter-preact";
import { Curl } from "../../parts/curl.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Page, Section } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Status, count, counted, Figure } from "../../parts/show.tsx";
import type { AppReport, ConsumerReport, LogPage } from "../../store/event.ts";
import { to } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";
import { whyNot } from "../../store/rights.ts";
import type { SourceReport } from "../sources/source.ts";
import { EventTable } from "../../parts/event-table.tsx";

/** Milliseconds between two looks. */
const EVERY = 2_000;
/** Of the sources: each is asked. */
const SOURCES_EVERY = 10_000;
/** Events that are shown. */
const LATEST = 12;
/** Consumers and sources with these need somebody. */
const UNWELL = new Set(["failed", "retrying", "paused", "rebuilding", "catching-up"]);

export function OverviewPage() {
  const latest = useGet<LogPage>(`/log?direction=backward&limit=${LATEST}`, { every: EVERY });
  return (
    <Page title="Overview">
      <Remote of={latest} lines={LATEST + 4}>
        {({ head, events }) =>
          head === 0 ? (
            <FirstCall />
          ) : (
            <>
              <Figures head={head} />
              <Section title="Latest events" actions={<Link href={to.log()}>Live log</Link>}>
                <EventTable label="Latest events" events={events} />
              </Section>
            </>
          )
        }
      </Remote>
    </Page>
  );
}

function Figures({ head }: { head: number }) {
  const isAdmin = whyNot("admin") === undefined;
  const report = useGet<{ consumers: ConsumerReport[] }>(isAdmin ? "/consumers" : undefined, { every: EVERY });
  const found = useGet<{ sources: SourceReport[] }>(isAdmin ? "/sources" : undefined, { every: SOURCES_EVERY });
  const consumers = report.value?.consumers ?? [];
  const sources = found.value?.sources ?? [];
  const failed = [...consumers, ...sources].filter(({ status }) => status === "failed");
  return (
    <>
      <dl class="figures">
        <Figure title="Events">{count(head)}</Figure>
        <Figure title="Consumers">{isAdmin ? count(consumers.length) : "–"}</Figure>
        <Figure title="Failed" isBad={failed.length > 0}>
          {isAdmin ? count(failed.length) : "–"}
        </Figure>
        <Figure title="Furthest behind">{isAdmin ? counted(Math.max(0, ...consumers.map(({ lag }) => lag)), "event") : "–"}</Figure>
      </dl>
      {isAdmin ? (
        <Unwell
          consumers={consumers.filter(({ status }) => UNWELL.has(status))}
          sources={sources.filter(({ status = "", lastError }) => UNWELL.has(status) && (status !== "catching-up" || lastError))}
        />
      ) : null}
    </>
  );
}

function Unwell({ consumers, sources }: { consumers: readonly ConsumerReport[]; sources: readonly SourceReport[] }) {
  if (consumers.length + sources.length === 0) return null;
  return (
    <Section title="Needs a look" actions={<Link href="/consumers">All consumers</Link>}>
      <ul class="plain-list">
        {consumers.map(({ name, kind, status, lag }) => (
          <li key={name}>
            <Status is={status} /> <Link href={to.consumer(name)}>{name}</Link>{" "}
            <span class="dim">
              {kind}, {counted(lag, "event")} behind
            </span>
          </li>
        ))}
        {sources.map(({ name, kind, status = "" }) => (
          <li key={`source ${name}`}>
            <Status is={status} /> <Link href={to.source(name)}>{name}</Link> <span class="dim">a source: {kind}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** An app with an aggregate gets a command to send; one with plain categories only an event; one with nothing a category to declare. */
function FirstCall() {
  const app = useGet<AppReport>("/app");
  return (
    <Empty title="This store has no events yet">
      <Remote of={app}>
        {({ categories }) => {
          const aggregate = categories.find(({ commands }) => commands !== undefined && commands.length > 0);
          const plain = categories.find(({ kind }) => kind === "plain");
          if (aggregate) {
            return (
              <p>
                Send its first command: <Link href={to.command(aggregate.name)}>{aggregate.name}</Link> takes{" "}
                {aggregate.commands?.join(", ")}.
              </p>
            );
          }
          return plain ? (
            <>
              <p>Append its first fact:</p>
              <Curl call={{ method: "POST", path: `/streams/${plain.name}`, body: {} }} />
            </>
          ) : (
            <>
              <p>Declare a stream, then append facts to it:</p>
              <Curl call={{ method: "PUT", path: "/streams/reading", body: { key: "sensor", schema: { type: "object" } } }} />
              <Curl call={{ method: "POST", path: "/streams/reading", body: { sensor: "s1", celsius: 21.5 } }} />
            </>
          );
        }}
      </Remote>
    </Empty>
  );
}
