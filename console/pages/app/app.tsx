/** The app: its streams, who follows them and appends to them, as a picture and as a list; and each event type with its schema. */

import { Link } from "wouter-preact";
import { Empty } from "../../parts/empty.tsx";
import { Json } from "../../parts/json.tsx";
import { Page, Section } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Table } from "../../parts/table.tsx";
import type { AppReport, CategoryDefinition } from "../../store/event.ts";
import { useQuery } from "../../store/location.ts";
import { query, segments, to } from "../../store/paths.ts";
import { useGet, useResource } from "../../store/resource.ts";
import { whyNot } from "../../store/rights.ts";
import { get } from "../../store/store.ts";
import { type Webhook, graphOf, neighboursOf } from "./graph.ts";
import { Picture } from "./picture.tsx";

export function AppPage() {
  const isAdmin = whyNot("admin") === undefined;
  const app = useResource(`app ${isAdmin}`, async (signal) => {
    const [report, hooks] = await Promise.all([
      get<AppReport>("/app", signal),
      isAdmin ? get<{ webhooks: Webhook[] }>("/webhooks", signal) : { webhooks: [] },
    ]);
    return { report, graph: graphOf(report, hooks.webhooks) };
  });
  const [parameters, change] = useQuery();
  const about = parameters.get("about") ?? undefined;
  return (
    <Page title="The app" actions={<Link href="/declare">Declare</Link>}>
      <Remote of={app} lines={16}>
        {({ report, graph }) => {
          if (report.categories.length === 0) {
            return (
              <Empty title="The app has no streams yet">
                <p>
                  <Link href={to.declare("stream")}>Declare a stream</Link>, or add an aggregate to the app’s code.
                </p>
              </Empty>
            );
          }
          return (
            <>
              <Picture graph={graph} about={about} onChoose={(key) => change({ about: key === about ? undefined : key }, true)} />
              <Section title="Streams">
                <Table
                  label="Streams"
                  rows={report.categories}
                  keyOf={({ name }) => name}
                  isMarked={({ name }) => about === `category ${name}`}
                  columns={[
                    { title: "Name", cell: ({ name }) => <Link href={`/app${query({ about: `category ${name}` })}`}>{name}</Link> },
                    { title: "Kind", cell: ({ kind, origin }) => `${kind}${origin === "api" ? ", over HTTP" : ""}` },
                    { title: "Event types", cell: ({ events }) => <bdi>{events.map(({ type }) => type).join(", ")}</bdi> },
                    { title: "Commands", cell: ({ commands }) => commands?.join(", ") ?? "–" },
                    { title: "Followed by", cell: ({ name }) => neighboursOf(graph, `category ${name}`, "from").join(", ") || "–" },
                    { title: "Appended to by", cell: ({ name }) => neighboursOf(graph, `category ${name}`, "to").join(", ") || "clients" },
                  ]}
                />
              </Section>
              {about?.startsWith("category ") ? <Category key={about} name={about.slice("category ".length)} /> : null}
            </>
          );
        }}
      </Remote>
    </Page>
  );
}

function Category({ name }: { name: string }) {
  const definition = useGet<CategoryDefinition & { readonly origin: string; readonly versions: Readonly<Record<string, object>> }>(
    segments("streams", name),
  );
  return (
    <Section
      title={name}
      actions={
        <>
          <Link href={to.category(name)}>Its streams</Link>
          <Link href={to.command(name)}>Send to it</Link>
          {definition.value?.origin === "api" ? <Link href={to.declare("stream", name)}>Change it</Link> : null}
        </>
      }
    >
      <Remote of={definition} lines={8}>
        {({ description, key, strict, events, versions }) => (
          <>
            {description === undefined ? null : (
              <p>
                <bdi>{description}</bdi>
              </p>
            )}
            {key === undefined ? null : <p class="dim">The member “{key}” names an event’s stream.</p>}
            {strict ? null : <p class="dim">Other event types are taken, too.</p>}
            {Object.keys(events).map((type) => {
              const known = Object.entries(versions[type] ?? {});
              return (
                <details key={type}>
                  <summary>
                    <bdi>{type}</bdi>{" "}
                    <span class="dim">
                      {known.length > 1 ? `versions ${known.map(([version]) => version).join(", ")}` : `version ${known[0]?.[0] ?? 1}`}
                    </span>
                  </summary>
                  {known.toReversed().map(([version, schema]) => (
                    <Json key={version} value={schema} label={`Schema of ${type}, version ${version}`} />
                  ))}
                </details>
              );
            })}
          </>
        )}
      </Remote>
    </Section>
  );
}
