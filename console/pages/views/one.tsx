/** One view: how far it is, its rows or a named query's, and the row that was chosen. */

import { Link } from "wouter-preact";
import { Empty } from "../../parts/empty.tsx";
import { Page } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Status, count } from "../../parts/show.tsx";
import type { ViewReport } from "../../store/event.ts";
import { useQuery } from "../../store/location.ts";
import { query, to } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";
import { columnsOf } from "./columns.ts";
import { NamedQuery } from "./named.tsx";
import { OneRow } from "./row.tsx";
import { Rows } from "./rows.tsx";

/** Milliseconds between two looks at how far it is. */
const EVERY = 3_000;

export function OneView({ name }: { name: string }) {
  const found = useGet<{ views: ViewReport[] }>(`/views${query({ name })}`, { every: EVERY });
  const [parameters, change] = useQuery();
  const key = parameters.get("key");
  const named = parameters.get("query");
  const view = found.value?.views.find(({ shadowed }) => !shadowed);
  return (
    <Page title={name} actions={<Link href="/views">All views</Link>}>
      <Remote of={found} lines={10}>
        {() =>
          view?.row === undefined ? (
            <Empty title={`There is no view ${name}`}>
              <p>
                <Link href={to.declare("view", name)}>Declare it</Link>, or look at <Link href="/views">those that there are</Link>.
              </p>
            </Empty>
          ) : (
            <>
              <About view={view} />
              {view.queries === undefined ? null : (
                <label class="field short">
                  Show
                  <select
                    value={named ?? ""}
                    onChange={({ currentTarget: { value } }) =>
                      change({ query: value, where: undefined, sort: undefined, cursor: undefined, key: undefined }, true)
                    }
                  >
                    <option value="">all rows</option>
                    {view.queries.map((one) => (
                      <option key={one}>{one}</option>
                    ))}
                  </select>
                </label>
              )}
              {named === null ? (
                <Rows view={name} keyColumn={view.key} columns={columnsOf(view.row)} />
              ) : (
                <NamedQuery key={named} view={name} query={named} />
              )}
              {key === null ? null : <OneRow key={key} view={name} id={key} close={() => change({ key: undefined })} />}
            </>
          )
        }
      </Remote>
    </Page>
  );
}

function About({ view: { name, status, position, stale, rebuild, origin, description, exposed } }: { view: ViewReport }) {
  return (
    <>
      {description === undefined ? null : (
        <p>
          <bdi>{description}</bdi>
        </p>
      )}
      <p class="row">
        {status === undefined ? null : <Status is={status} />}
        <span class="dim">up to position {count(position ?? 0)}</span>
        <Link href={to.consumer(name)}>How it is doing</Link>
        {origin === "api" ? <Link href={to.declare("view", name)}>Change it</Link> : null}
      </p>
      {stale || rebuild ? (
        <p class="effect">
          It is being built again. Until that is done,{" "}
          {stale ? "the rows are those of its earlier definition" : "the rows are those of before"}.
        </p>
      ) : null}
      {exposed === false ? <p class="effect">No route shows its rows: it is for processors to join.</p> : null}
    </>
  );
}
