/** Declaring over HTTP: streams, views, processors and sources, without code and without a deployment. */

import { Link } from "wouter-preact";
import { Empty } from "../../parts/empty.tsx";
import { Page, Section } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import type { AppReport } from "../../store/event.ts";
import { useQuery, useSegments } from "../../store/location.ts";
import { to } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";
import { KINDS, type Kind, isKind } from "./kinds.ts";
import { Loaded } from "./loaded.tsx";
import "./declare.css";

export function DeclarePage() {
  const [kind] = useSegments();
  const [parameters] = useQuery();
  const name = parameters.get("name") ?? undefined;
  return kind !== undefined && isKind(kind) ? <Loaded key={`${kind} ${name}`} kind={kind} name={name} /> : <Chooser />;
}

/** What each is for. */
const ABOUT: Readonly<Record<Kind, string>> = {
  stream: "Events of one kind, which a schema checks. Clients append them by POST.",
  view: "Rows that events make: the latest data, sums, counts. They are queried, and followed live.",
  processor: "What happens to each event: filter, set, look up, emit to another stream.",
  source: "Data that comes in by itself: from a database, a queue or a broker, each change once.",
};

function Chooser() {
  const app = useGet<AppReport>("/app");
  return (
    <Page title="Declare">
      <div class="figures">
        {(Object.keys(KINDS) as Kind[]).map((kind) => (
          <div key={kind}>
            <h2>
              <Link href={to.declare(kind)}>Declare a {kind}</Link>
            </h2>
            <p class="dim">{ABOUT[kind]}</p>
          </div>
        ))}
      </div>
      <Section title="Declared over HTTP">
        <Remote of={app}>
          {({ categories, views, processors, sources }) => {
            const all = [
              ...categories.map((one) => ({ ...one, is: "stream" as const })),
              ...views.map((one) => ({ ...one, is: "view" as const })),
              ...processors.map((one) => ({ ...one, is: "processor" as const })),
              ...sources.map((one) => ({ ...one, is: "source" as const })),
            ].filter(({ origin }) => origin === "api");
            return all.length === 0 ? (
              <Empty title="Nothing yet">
                <p>What the app’s code declares is in its code. Here you add to it, and it takes effect with the next request.</p>
              </Empty>
            ) : (
              <ul>
                {all.map(({ is, name }) => (
                  <li key={`${is} ${name}`}>
                    {is} <Link href={to.declare(is, name)}>{name}</Link>
                  </li>
                ))}
              </ul>
            );
          }}
        </Remote>
      </Section>
    </Page>
  );
}
