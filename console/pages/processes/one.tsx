/** One process manager or saga: how far it is, its steps, its commands on the way, its timers, and what it undid. */

import { Link } from "wouter-preact";
import { Json } from "../../parts/json.tsx";
import { Section } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { Cell, Status, StreamLink, Time, counted } from "../../parts/show.tsx";
import { Table } from "../../parts/table.tsx";
import { type StoredEvent, partsOf } from "../../store/event.ts";
import { query, segments, streamPath, to } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";
import { type ProcessRow, Waits } from "./waits.tsx";

/** `GET /sagas/{name}/{id}`. */
interface Saga {
  readonly version: number;
  readonly status: string;
  readonly failure?: { readonly step?: string; readonly reason: string; readonly detail?: string };
  readonly undoFailed?: readonly string[];
  readonly parent?: string;
  readonly input: unknown;
  readonly steps: readonly Step[];
}

interface Step {
  readonly name: string;
  readonly after: readonly string[];
  readonly status: string;
  readonly attempts: number;
  readonly undoAttempts: number;
  readonly reason?: string;
  readonly result?: unknown;
  readonly version?: number;
}

/** `GET /aggregates/{name}/{id}` of a process manager. */
interface Manager {
  readonly version: number;
  readonly status: string;
  readonly state: unknown;
  readonly inFlight?: readonly { readonly commandId: string; readonly stream: string; readonly command: string; readonly data: unknown }[];
  readonly timers?: readonly { readonly command: string; readonly key?: string; readonly due: string; readonly data: unknown }[];
}

/** Milliseconds between two looks. */
const EVERY = 3_000;

export function OneProcess({ stream, isSaga, view }: { stream: string; isSaga: boolean; view?: string }) {
  const { category, id } = partsOf(stream);
  const found = useGet<Saga | Manager>(segments(isSaga ? "sagas" : "aggregates", category, id), { every: EVERY });
  const row = useGet<ProcessRow>(view && segments("views", view, stream), { every: EVERY });
  const first = useGet<{ events: StoredEvent[] }>(`${streamPath(stream)}${query({ limit: 1 })}`);
  const correlation = first.value?.events[0]?.meta.correlationId;
  return (
    <Remote of={found} lines={10}>
      {(one) => (
        <>
          <p class="row">
            <Status is={one.status} />
            <span class="dim">version {one.version}</span>
            <StreamLink stream={stream} />
            {typeof correlation === "string" ? <Link href={to.story(correlation, first.value?.events[0]?.id)}>Its story</Link> : null}
            {"parent" in one && one.parent ? <Link href={to.process(one.parent)}>Started by {one.parent}</Link> : null}
          </p>
          {"steps" in one ? <SagaParts {...one} /> : <ManagerParts {...one} />}
          {row.value && row.value.waitingFor.length > 0 ? (
            <Section title="Waits for">
              <Waits of={row.value.waitingFor} />
            </Section>
          ) : null}
        </>
      )}
    </Remote>
  );
}

function SagaParts({ failure, undoFailed, input, steps }: Saga) {
  return (
    <>
      {failure ? (
        <div class="failure">
          <p>
            {failure.step === undefined ? (
              "It failed: "
            ) : (
              <>
                The step <bdi>{failure.step}</bdi> failed:{" "}
              </>
            )}
            <strong>
              <bdi>{failure.reason}</bdi>
            </strong>{" "}
            <bdi>{failure.detail}</bdi>
          </p>
          {undoFailed === undefined ? null : (
            <p>
              These steps could not be undone, and somebody has to look at them: <bdi>{undoFailed.join(", ")}</bdi>
            </p>
          )}
        </div>
      ) : null}
      <Section title="Steps">
        <Table
          label="Steps"
          rows={steps}
          keyOf={({ name }) => name}
          columns={[
            { title: "Step", cell: ({ name }) => <bdi>{name}</bdi> },
            { title: "Status", cell: ({ status }) => <Status is={status} /> },
            { title: "After", cell: ({ after }) => <bdi>{after.join(", ") || "–"}</bdi> },
            {
              title: "Attempts",
              isNumber: true,
              cell: ({ attempts, undoAttempts }) => (undoAttempts > 0 ? `${attempts}, undone in ${undoAttempts}` : attempts),
            },
            { title: "Outcome", cell: ({ reason, result }) => (reason === undefined ? <Cell value={result} /> : <bdi>{reason}</bdi>) },
          ]}
        />
      </Section>
      <Section title="Input">
        <Json value={input} label="Input" />
      </Section>
    </>
  );
}

function ManagerParts({ state, inFlight = [], timers = [] }: Manager) {
  return (
    <>
      <Section title="State">
        <Json value={state} label="State" />
      </Section>
      {inFlight.length === 0 ? null : (
        <Section title={`${counted(inFlight.length, "command")} on the way`}>
          <Table
            label="Commands on the way"
            rows={inFlight}
            keyOf={({ commandId }) => commandId}
            columns={[
              { title: "Command", cell: ({ command }) => command },
              { title: "To", cell: ({ stream }) => <StreamLink stream={stream} /> },
              { title: "Data", cell: ({ data }) => <Cell value={data} /> },
            ]}
          />
        </Section>
      )}
      {timers.length === 0 ? null : (
        <Section title="Timers">
          <Table
            label="Timers"
            rows={timers}
            keyOf={({ command, key }) => `${command} ${key}`}
            columns={[
              { title: "Due", cell: ({ due }) => <Time at={due} /> },
              { title: "Command", cell: ({ command, key }) => (key === undefined ? command : `${command}, ${key}`) },
              { title: "Data", cell: ({ data }) => <Cell value={data} /> },
            ]}
          />
        </Section>
      )}
    </>
  );
}
