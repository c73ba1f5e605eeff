/** All views of the store. */

import { Link } from "wouter-preact";
import { Empty } from "../../parts/empty.tsx";
import { Page } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Status, count } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import type { ViewReport } from "../../store/event.ts";
import { to } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";

export function ViewList() {
  const views = useGet<{ views: ViewReport[] }>("/views");
  return (
    <Page title="Views" actions={<Link href={to.declare("view")}>Declare a view</Link>}>
      <Remote of={views}>
        {({ views: all }) =>
          all.length === 0 ? (
            <Empty title="This store has no views">
              <p>
                A view has a row for each stream, or for each value of a key, which events change.{" "}
                <Link href={to.declare("view")}>Declare one</Link> and see at once which rows the latest events make; or add one to the
                app’s code with <code>view(…)</code>.
              </p>
            </Empty>
          ) : (
            <Table
              label="Views"
              rows={all}
              keyOf={({ name, origin, shadowed }) => `${name} ${origin} ${shadowed}`}
              columns={[
                {
                  title: "Name",
                  cell: ({ name, shadowed }) => (shadowed ? `${name} (the code’s counts)` : <Link href={to.view(name)}>{name}</Link>),
                },
                { title: "Status", cell: ({ status }) => (status === undefined ? "–" : <Status is={status} />) },
                { title: "Up to position", isNumber: true, cell: ({ position }) => (position === undefined ? "–" : count(position)) },
                { title: "Declared", cell: ({ origin }) => (origin === "api" ? "over HTTP" : "in code") },
                { title: "Description", cell: ({ description }) => <bdi>{description}</bdi> },
              ]}
            />
          )
        }
      </Remote>
    </Page>
  );
}
