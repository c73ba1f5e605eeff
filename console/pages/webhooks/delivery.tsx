/** One delivery: each attempt, the last answer, and the payload as it is sent. */

import { Link } from "wouter-preact";
import { Act } from "../../parts/act.tsx";
import { Json } from "../../parts/json.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Status, StreamLink, Time, count, counted } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import type { LogPage } from "../../store/event.ts";
import { query, segments, to, eventAt } from "../../store/paths.ts";
import { useGet, useResource } from "../../store/resource.ts";
import { call } from "../../store/store.ts";
import type { Delivery, WebhookReport } from "./webhook.ts";

interface OneProps {
  id: string;
  of: WebhookReport;
  changed: () => void;
}

export function One({ id, of, changed }: OneProps) {
  const position = id.split("-")[0];
  const found = useGet<{ deliveries: (Delivery & { webhook: string })[] }>(`/webhooks/deliveries${query({ position })}`);
  return (
    <Remote of={found} lines={12}>
      {({ deliveries }) => {
        const one = deliveries.find((each) => each.webhook === of.id && each.id === id);
        return one ? (
          <Content one={one} of={of} changed={() => (found.reload(), changed())} />
        ) : (
          <p>It is not on record any more: what arrived is kept for 30 days, what was parked for 90.</p>
        );
      }}
    </Remote>
  );
}

function Content({ one, of, changed }: { one: Delivery; of: WebhookReport; changed: () => void }) {
  const { history = [], status, position, excerpt, attempts } = one;
  return (
    <>
      <p>
        <Status is={status} /> <Link href={to.storyOfEvent(position)}>{one.type}</Link> of <StreamLink stream={one.stream} />, position{" "}
        {count(position)}, as <code>{one.webhookId}</code>
        {one.nextAttemptAt ? (
          <>
            ; next attempt <Time at={one.nextAttemptAt} />
          </>
        ) : null}
      </p>
      <Table
        label="Attempts"
        rows={history.toReversed()}
        keyOf={({ at }) => at}
        columns={[
          { title: "Attempt", cell: ({ at }) => <Time at={at} /> },
          { title: "Answer", cell: ({ response, error }) => <bdi>{[response, error].filter(Boolean).join(": ")}</bdi> },
          { title: "Took", isNumber: true, cell: ({ durationMs }) => `${count(durationMs)} ms` },
        ]}
      />
      {attempts > history.length ? <p class="dim">{counted(attempts - history.length, "earlier attempt")} are not on record.</p> : null}
      {excerpt === undefined ? null : (
        <>
          <h3>The last answer begins with</h3>
          <pre tabIndex={0} role="region" aria-label="The last answer" dir="auto">
            {excerpt}
          </pre>
        </>
      )}
      <h3>Payload</h3>
      <Payload position={position} format={of.format} />
      <div class="row end">
        <Act
          label="Send it now"
          right="admin"
          isPrimary
          call={{ method: "POST", path: `${segments("webhooks", of.id, "deliveries", one.id)}/retry` }}
          off={status === "parked" || status === "pending" ? undefined : `It is ${status}: replay its position to send it again.`}
          done={() => "It is sent now."}
          then={changed}
        />
      </div>
    </>
  );
}

/** Made of the event as it is now: what has been erased since is not in it. */
function Payload({ position, format }: { position: number; format?: string }) {
  const payload = useResource(`payload ${position}`, async (signal) => {
    const isCloudEvent = format === "cloudevents";
    const headers = isCloudEvent ? { accept: "application/cloudevents-batch+json" } : undefined;
    const { body } = await call(eventAt(position), { signal, headers });
    if (isCloudEvent) return (body as unknown[])[0];
    const [event] = (body as LogPage).events;
    return event && { type: event.type, timestamp: event.time, data: event };
  });
  return <Remote of={payload}>{(value) => <Json value={value} label="Payload" />}</Remote>;
}
