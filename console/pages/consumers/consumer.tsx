/** One consumer: how far it is, why it stopped, what it would do again, and what can be done. */

import { Link } from "wouter-preact";
import { Chart } from "../../parts/chart.tsx";
import { Page, Section } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Figure, Status, Time, count, counted, duration } from "../../parts/show.tsx";
import type { AppReport, ConsumerError, ConsumerReport } from "../../store/event.ts";
import { segments, to } from "../../store/paths.ts";
import { type Resource, useGet, useResource } from "../../store/resource.ts";
import { record, seriesOf } from "../../store/series.ts";
import { get } from "../../store/store.ts";
import { Actions } from "./actions.tsx";
import { Failed, Skipped } from "./failed.tsx";
import { Rebuild } from "./rebuild.tsx";

/** Milliseconds between two looks. */
const EVERY = 2_000;

export function Consumer({ name }: { name: string }) {
  const report = useResource(
    `consumer ${name}`,
    async (signal) => {
      const found = await get<ConsumerReport>(segments("consumers", name), signal);
      record(`lag ${name}`, found.lag);
      record(`seconds ${name}`, found.lagSeconds);
      return found;
    },
    { every: EVERY },
  );
  const { value } = report;
  return (
    <Page title={name} actions={value && <Actions of={value} changed={report.reload} />}>
      <Remote of={report} lines={14}>
        {(of) => <Content of={of} report={report} />}
      </Remote>
    </Page>
  );
}

function Content({ of, report }: { of: ConsumerReport; report: Resource<ConsumerReport> }) {
  const { name, kind } = of;
  return (
    <>
      <p>
        <Status is={of.status} /> {kind}, declared {of.origin === "api" ? "over HTTP" : "in code"}.{" "}
        {kind === "view" ? <Link href={to.view(name)}>Its rows</Link> : null}
        {kind === "webhook" ? <Link href={to.webhook(name)}>Its deliveries</Link> : null}
        {kind === "processor" ? <Does name={name} /> : null}
      </p>
      {of.lastError ? <Failed error={of.lastError} attempts={of.attempts} says={meaning(of, of.lastError)} /> : null}
      {kind === "view" ? <Rebuild of={of} changed={report.reload} /> : null}
      <dl class="figures">
        <Figure title="Behind">{counted(of.lag, "event")}</Figure>
        <Figure title="Next event waits">{of.lagSeconds === 0 ? "–" : duration(of.lagSeconds * 1_000)}</Figure>
        <Figure title="Position">{`${count(of.position)} of ${count(of.head)}`}</Figure>
        <Figure title="Processed">
          {counted(of.processed, kind === "webhook" ? "delivery" : "event", kind === "webhook" ? "deliveries" : "events")}
        </Figure>
        <Figure title="Failed attempts">{count(of.failures)}</Figure>
        <Figure title="Last progress">{of.lastProgressAt ? <Time at={of.lastProgressAt} /> : "–"}</Figure>
      </dl>
      <div class="charts">
        <Chart label="Events behind" points={seriesOf(`lag ${name}`)} show={(value) => counted(value, "event")} />
        <Chart label="Seconds that the next event waits" points={seriesOf(`seconds ${name}`)} show={(value) => duration(value * 1_000)} />
      </div>
      {of.skipped ? (
        <Section title="Skipped events">
          <Skipped skipped={of.skipped} />
        </Section>
      ) : null}
    </>
  );
}

function meaning({ status, position }: ConsumerReport, { event }: ConsumerError): string {
  if (status === "failed") return "It has stopped.";
  if (status === "paused") return "It is paused.";
  return event && event.position <= position ? "It has got over this." : "It tries again by itself.";
}

const NAMES: Readonly<Record<string, string>> = { effect: "an effect", rules: "a list of rules" };

/** What it follows and emits. */
function Does({ name }: { name: string }) {
  const app = useGet<AppReport>("/app");
  const processor = app.value?.processors.find((one) => one.name === name);
  if (!processor) return null;
  const emits = (processor.emits ?? []).map(({ aggregate, category }) => aggregate ?? category);
  return (
    <>
      It is {NAMES[processor.kind] ?? `a ${processor.kind}`} that follows {processor.follows.map(({ category }) => category).join(", ")}
      {emits.length === 0 ? "" : ` and writes to ${emits.join(", ")}`}. <Link href="/app">The app</Link>
    </>
  );
}
