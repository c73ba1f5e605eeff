/** Sources: what brings data in from outside, those that need somebody first. */

import { Link, useRoute } from "wouter-preact";
import { Empty } from "../../parts/empty.tsx";
import { Page } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Status, count } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { to } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";
import { One } from "./one.tsx";
import { type SourceReport, behind } from "./source.ts";

/** Milliseconds between two looks. */
const EVERY = 2_000;
/** What needs somebody comes first. */
const ORDER = ["failed", undefined, "retrying", "catching-up", "paused", "live"];

export function SourcesPage() {
  const [, parameters] = useRoute("/sources/:name");
  return parameters ? <One key={parameters.name} name={parameters.name} /> : <Sources />;
}

function Sources() {
  const all = useGet<{ sources: SourceReport[] }>("/sources", { every: EVERY });
  return (
    <Page title="Sources" actions={<Link href={to.declare("source")}>Declare a source</Link>}>
      <Remote of={all} lines={8}>
        {({ sources }) =>
          sources.length === 0 ? (
            <Empty title="Nothing comes in by itself">
              <p>
                A source follows a database, a queue or a broker, and appends what it sees to a stream.{" "}
                <Link href={to.declare("source")}>Declare a source</Link>, or add one to the app’s code.
              </p>
            </Empty>
          ) : (
            <Table
              label="Sources"
              rows={sources.toSorted((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status))}
              keyOf={({ name, shadowed }) => `${name} ${shadowed}`}
              columns={[
                { title: "Status", cell: (one) => <Status is={one.shadowed ? "shadowed" : (one.status ?? "unknown")} /> },
                {
                  title: "Name",
                  cell: ({ name }) => (
                    <Link class="whole" href={to.source(name)}>
                      {name}
                    </Link>
                  ),
                },
                { title: "Kind", cell: ({ kind, origin }) => `${kind}${origin === "api" ? ", over HTTP" : ""}` },
                { title: "To", cell: (one) => <Link href={to.category(one.to)}>{one.to}</Link> },
                { title: "Behind", cell: behind },
                { title: "Appended", isNumber: true, cell: ({ appended }) => (appended === undefined ? "–" : count(appended)) },
                {
                  title: "Last error",
                  cell: ({ problem, lastError }) => <bdi class="cut">{problem ?? lastError?.message}</bdi>,
                },
              ]}
            />
          )
        }
      </Remote>
    </Page>
  );
}
