/** One source: how far it is, what it fails at, and what can be done. */

import { Link } from "wouter-preact";
import { Json } from "../../parts/json.tsx";
import { Page, Section } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Figure, Status, Time, count, counted } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { segments, to } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";
import { Actions } from "./actions.tsx";
import { type SourceReport, behind } from "./source.ts";

/** Milliseconds between two looks. */
const EVERY = 2_000;

export function One({ name }: { name: string }) {
  const report = useGet<SourceReport>(segments("sources", name), { every: EVERY });
  const { value } = report;
  return (
    <Page title={name} actions={value?.status && <Actions of={value} changed={report.reload} />}>
      <Remote of={report} lines={12}>
        {(of) => <Content {...of} />}
      </Remote>
    </Page>
  );
}

function Content(of: SourceReport) {
  const { name, kind, origin, status, description, problem, retired, warning, skipped, definition, waiting, ended } = of;
  return (
    <>
      <p>
        <Status is={status ?? "unknown"} /> {kind}, declared {origin === "api" ? "over HTTP" : "in code"}; it appends to{" "}
        <Link href={to.category(of.to)}>{of.to}</Link>. {origin === "api" ? <Link href={to.declare("source", name)}>Change it</Link> : null}
      </p>
      {description === undefined ? null : (
        <p>
          <bdi>{description}</bdi>
        </p>
      )}
      {[problem, warning, retired && `${retired.join(", ")} has been retired: nothing can be appended to it.`].map((text) =>
        text === undefined ? null : (
          <p key={text} class="issue">
            <bdi>{text}</bdi>
          </p>
        ),
      )}
      <Failed {...of} />
      <dl class="figures">
        <Figure title="Behind">{behind(of)}</Figure>
        <Figure title="Position">
          <bdi>{of.position ?? "–"}</bdi>
        </Figure>
        <Figure title="Changes read">{of.changes === undefined ? "–" : count(of.changes)}</Figure>
        <Figure title="Appended">{of.appended === undefined ? "–" : counted(of.appended, "event")}</Figure>
        {ended ? <Figure title="Of deleted streams">{counted(ended, "change")}</Figure> : null}
        {waiting ? <Figure title="Waiting">{counted(waiting, "message")}</Figure> : null}
        <Figure title="Last progress">{of.lastProgressAt ? <Time at={of.lastProgressAt} /> : "–"}</Figure>
      </dl>
      {skipped?.length ? (
        <Section title="Skipped changes">
          <Table
            label="Skipped changes"
            rows={skipped}
            keyOf={({ change, skippedAt }) => `${change} ${skippedAt}`}
            columns={[
              { title: "Change", cell: ({ change }) => <bdi>{change}</bdi> },
              { title: "Why it had failed", cell: ({ message }) => <bdi class="cut">{message}</bdi> },
              { title: "Skipped", cell: ({ skippedAt }) => <Time at={skippedAt} /> },
            ]}
          />
        </Section>
      ) : null}
      {definition ? (
        <Section title="Definition">
          <Json value={definition} label="Definition" />
        </Section>
      ) : null}
    </>
  );
}

function Failed({ status, lastError, attempts = 0, nextAttemptAt }: SourceReport) {
  if (!lastError) return null;
  return (
    <div class="failure" role="group" aria-label="Last error">
      <p>
        <strong>{status === "failed" ? "It has stopped." : status === "paused" ? "It is paused." : "It tries again by itself."}</strong>{" "}
        {attempts > 0 ? `${counted(attempts, "attempt")} so far, the last at ` : "At "}
        <Time at={lastError.at} />
        {nextAttemptAt ? (
          <>
            , the next at <Time at={nextAttemptAt} />
          </>
        ) : null}
        :
      </p>
      <pre tabIndex={0} role="region" aria-label="Message" dir="auto">
        {lastError.message}
      </pre>
      {lastError.change === undefined ? null : (
        <p>
          At the change <bdi>{lastError.change}</bdi>
        </p>
      )}
    </div>
  );
}
