/** The event that a consumer could not process, and those that it was made to skip. */

import { Link } from "wouter-preact";
import { Json } from "../../parts/json.tsx";
import { Remote } from "../../parts/remote.tsx";
import { StreamLink, Time, count, counted } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import type { ConsumerError, ConsumerReport, LogPage } from "../../store/event.ts";
import { to, eventAt } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";
import { useState } from "preact/hooks";

interface FailedProps {
  error: ConsumerError;
  attempts: number;
  /** What that means now. */
  says: string;
}

export function Failed({ error: { message, at, event }, attempts, says }: FailedProps) {
  return (
    <div class="failure" role="group" aria-label="Last error">
      <p>
        <strong>{says}</strong> {attempts > 0 ? `${counted(attempts, "attempt")} so far, the last at ` : "At "}
        <Time at={at} />:
      </p>
      <pre tabIndex={0} role="region" aria-label="Message" dir="auto">
        {message}
      </pre>
      {event ? (
        <>
          <p>
            At position {count(event.position)}: <Link href={to.storyOfEvent(event.position)}>{event.type}</Link>, version {event.version}{" "}
            of <StreamLink stream={event.stream} version={event.version} />
          </p>
          <EventAt position={event.position} />
        </>
      ) : null}
    </div>
  );
}

/** The event itself, where somebody wants to read it. */
function EventAt({ position }: { position: number }) {
  const [isOpen, open] = useState(false);
  const page = useGet<LogPage>(isOpen ? eventAt(position) : undefined);
  return (
    <details onToggle={({ currentTarget }) => open(currentTarget.open)}>
      <summary>The event</summary>
      {isOpen ? (
        <Remote of={page}>
          {({ events: [event] }) => (event ? <Json value={event} label="The event" /> : <p>No event of this position that you may see.</p>)}
        </Remote>
      ) : null}
    </details>
  );
}

export function Skipped({ skipped }: { skipped: NonNullable<ConsumerReport["skipped"]> }) {
  return (
    <Table
      label="Skipped events"
      rows={skipped}
      keyOf={({ event, skippedAt }) => `${event?.position} ${skippedAt}`}
      columns={[
        {
          title: "Position",
          isNumber: true,
          cell: ({ event }) => (event ? <Link href={to.storyOfEvent(event.position)}>{count(event.position)}</Link> : ""),
        },
        { title: "Type", cell: ({ event }) => <bdi>{event?.type}</bdi> },
        { title: "Stream", cell: ({ event }) => event && <StreamLink stream={event.stream} version={event.version} /> },
        { title: "Why it had failed", cell: ({ message }) => <bdi class="cut">{message}</bdi> },
        { title: "Skipped", cell: ({ skippedAt }) => <Time at={skippedAt} /> },
      ]}
    />
  );
}
