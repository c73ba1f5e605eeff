/** Consumers: how far each view, processor and webhook is, those that need somebody first. */

import { Link, useRoute } from "wouter-preact";
import { Empty } from "../../parts/empty.tsx";
import { Page } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Status, count, counted, duration } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import type { ConsumerReport } from "../../store/event.ts";
import { to } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";
import { Consumer } from "./consumer.tsx";
import { useQuery } from "../../store/location.ts";

/** Milliseconds between two looks. */
const EVERY = 2_000;
/** What needs somebody comes first. */
const ORDER = ["failed", "rebuilding", "catching-up", "paused", "live"];
const KINDS = ["view", "processor", "webhook"];

export function ConsumersPage() {
  const [, parameters] = useRoute("/consumers/:name");
  return parameters ? <Consumer key={parameters.name} name={parameters.name} /> : <Consumers />;
}

function Consumers() {
  const all = useGet<{ consumers: ConsumerReport[] }>("/consumers", { every: EVERY });
  const [parameters, change] = useQuery();
  const kind = parameters.get("kind") ?? "";
  return (
    <Page
      title="Consumers"
      actions={
        <label class="row">
          Kind
          <select class="short" value={kind} onChange={({ currentTarget }) => change({ kind: currentTarget.value })}>
            <option value="">all</option>
            {KINDS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      }
    >
      <Remote of={all} lines={12}>
        {({ consumers }) => {
          const shown = consumers.filter((one) => kind === "" || one.kind === kind).toSorted((one, other) => rank(one) - rank(other));
          return shown.length === 0 ? (
            <Empty title="Nothing follows the log yet">
              <p>
                Views, processors and webhooks do. <Link href={to.declare("view")}>Declare a view</Link>,{" "}
                <Link href={to.declare("processor")}>a processor</Link>, or <Link href="/webhooks?add=">add a webhook</Link>.
              </p>
            </Empty>
          ) : (
            <List consumers={shown} />
          );
        }}
      </Remote>
    </Page>
  );
}

function rank({ status, lastError }: ConsumerReport): number {
  return ORDER.indexOf(status) - (lastError ? 0.5 : 0);
}

function List({ consumers }: { consumers: readonly ConsumerReport[] }) {
  return (
    <Table
      label="Consumers"
      rows={consumers}
      keyOf={({ name }) => name}
      columns={[
        { title: "Status", cell: ({ status }) => <Status is={status} /> },
        {
          title: "Name",
          cell: ({ name }) => (
            <Link class="whole" href={to.consumer(name)}>
              {name}
            </Link>
          ),
        },
        { title: "Kind", cell: ({ kind, origin }) => `${kind}${origin === "api" ? ", over HTTP" : ""}` },
        { title: "Behind", isNumber: true, cell: behind },
        { title: "Processed", isNumber: true, cell: ({ processed }) => count(processed) },
        { title: "Failures", isNumber: true, cell: ({ failures }) => count(failures) },
        {
          title: "Last error",
          cell: ({ lastError, attempts }) =>
            lastError && (
              <bdi class="cut" title={lastError.message}>
                {attempts > 0 ? `${counted(attempts, "attempt")}: ` : ""}
                {lastError.message}
              </bdi>
            ),
        },
      ]}
    />
  );
}

/** Events, and how old the first of them is. */
function behind({ lag, lagSeconds }: Pick<ConsumerReport, "lag" | "lagSeconds">): string {
  return lag === 0 ? "0" : `${counted(lag, "event")}${lagSeconds > 0 ? `, ${duration(lagSeconds * 1_000)}` : ""}`;
}
