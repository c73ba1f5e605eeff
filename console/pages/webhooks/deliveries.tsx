/** The deliveries of a webhook by status, the newest first; and one of them with its attempts and its payload. */

import { Link, useLocation } from "wouter-preact";
import { Act } from "../../parts/act.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Section } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Status, StreamLink, Time, count, counted } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { query, segments, to } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";
import { One } from "./delivery.tsx";
import type { Delivery, WebhookReport } from "./webhook.ts";
import { useQuery } from "../../store/location.ts";

/** Milliseconds between two looks. */
const EVERY = 2_000;
/** Deliveries of a page. */
const PAGE = 30;
const STATUSES = ["pending", "parked", "delivered", "skipped"];

interface DeliveriesPage {
  readonly deliveries: readonly Delivery[];
  readonly waiting: number;
  readonly hasMore: boolean;
  readonly next?: string;
}

export function Deliveries({ of, changed }: { of: WebhookReport; changed: () => void }) {
  const [search] = useQuery();
  const [, navigate] = useLocation();
  const status = search.get("status") ?? "";
  const after = search.get("after") ?? "";
  const chosen = search.get("delivery");
  const path = segments("webhooks", of.id);
  const page = useGet<DeliveriesPage>(`${path}/deliveries${query({ status, after, limit: PAGE })}`, { every: EVERY });
  const at = (parameters: object) => `${to.webhook(of.id)}${query({ status, after, ...parameters })}`;
  const reload = () => (page.reload(), changed());
  return (
    <Section title="Deliveries" actions={<Actions of={of} changed={reload} />}>
      <nav class="row" aria-label="Status of the deliveries">
        {["", ...STATUSES].map((one) => (
          <Link key={one} href={at({ status: one, after: "" })} replace aria-current={one === status ? "true" : undefined}>
            {one || "all"}
          </Link>
        ))}
      </nav>
      <Remote of={page} lines={10}>
        {({ deliveries, waiting, next }) => (
          <>
            {waiting > 0 ? <p>Read and not tried yet: {counted(waiting, "event")}.</p> : null}
            {deliveries.length === 0 ? (
              <Empty title={status === "" ? "Nothing has been sent yet" : `No delivery is ${status}`}>
                <p>“Test” sends a message now; “Replay” sends events that are there already.</p>
              </Empty>
            ) : (
              <List deliveries={deliveries} at={at} />
            )}
            <div class="row end">
              {after === "" ? null : <Link href={at({ after: "" })}>Newest</Link>}
              {next ? <Link href={at({ after: new URLSearchParams(next.split("?")[1]).get("after") })}>Older</Link> : null}
            </div>
          </>
        )}
      </Remote>
      <Dialog title={`Delivery ${chosen}`} isOpen={chosen !== null} onClose={() => navigate(at({}), { replace: true })}>
        <One id={chosen ?? ""} of={of} changed={reload} />
      </Dialog>
    </Section>
  );
}

function List({ deliveries, at }: { deliveries: readonly Delivery[]; at: (parameters: object) => string }) {
  return (
    <Table
      label="Deliveries"
      rows={deliveries}
      keyOf={({ id }) => id}
      columns={[
        { title: "Status", cell: ({ status }) => <Status is={status} /> },
        {
          title: "Event",
          cell: ({ id, type }) => (
            <Link href={at({ delivery: id })}>
              <bdi>{type}</bdi>
            </Link>
          ),
        },
        { title: "Position", isNumber: true, cell: ({ position }) => count(position) },
        { title: "Stream", cell: ({ stream }) => <StreamLink stream={stream} /> },
        { title: "Attempts", isNumber: true, cell: ({ attempts }) => count(attempts) },
        { title: "Last", cell: ({ lastAttemptAt }) => <Time at={lastAttemptAt} /> },
        {
          title: "Outcome",
          cell: ({ response, error, durationMs, nextAttemptAt, behind = 0 }) => (
            <>
              <bdi class="cut">{error ?? response}</bdi> {error ? "" : `${count(durationMs)} ms`}
              {nextAttemptAt ? (
                <span class="dim">
                  next at <Time at={nextAttemptAt} />
                </span>
              ) : null}
              {behind > 0 ? <div>blocks {counted(behind, "later event")} of its stream</div> : null}
            </>
          ),
        },
      ]}
    />
  );
}

function Actions({ of: { id, parked, pending, blocked }, changed }: { of: WebhookReport; changed: () => void }) {
  return (
    <>
      <Act
        label="Send all parked"
        right="admin"
        call={{ method: "POST", path: `${segments("webhooks", id)}/deliveries/retry` }}
        off={parked === 0 ? "Nothing is parked." : undefined}
        before={async () =>
          `${counted(parked, "parked delivery is", "parked deliveries are")} tried again, 1,000 with each call, under the same ids.`
        }
        done={({ retried, left }: { retried: number; left: number }) => `${count(retried)} are tried again; ${count(left)} are left.`}
        then={changed}
      />
      <Act
        label="Send what waits now"
        right="admin"
        call={{ method: "POST", path: `${segments("consumers", id)}/retry` }}
        off={pending + parked === 0 ? "Nothing waits." : undefined}
        before={async () =>
          `${counted(pending, "pending delivery", "pending deliveries")} and ${counted(parked, "parked one")} are tried at once.`
        }
        done={() => "What waits is sent now."}
        then={changed}
      />
      <Act
        label="Give up what blocks"
        right="admin"
        isDangerous
        call={{ method: "POST", path: `${segments("consumers", id)}/skip` }}
        off={blocked === undefined ? "No stream waits." : undefined}
        before={async () =>
          `The deliveries that ${counted(blocked?.streams ?? 0, "stream waits", "streams wait")} for are parked, so that the streams go on. They can be sent later.`
        }
        done={() => "What blocked is parked."}
        then={changed}
      />
    </>
  );
}
