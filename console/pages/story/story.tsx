/** Causation: everything that one request led to, as a tree in time. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { Redirect } from "wouter-preact";
import { Empty } from "../../parts/empty.tsx";
import { Page } from "../../parts/page.tsx";
import { Failure, Loading, Remote } from "../../parts/remote.tsx";
import { Time, count, counted, duration } from "../../parts/show.tsx";
import type { AppReport, StoredEvent } from "../../store/event.ts";
import { useQuery, useSegments } from "../../store/location.ts";
import { query, segments, to, eventAt } from "../../store/paths.ts";
import { useGet, useResource } from "../../store/resource.ts";
import { get, token } from "../../store/store.ts";
import { NodeDetails } from "./node-details.tsx";
import { Rows } from "./rows.tsx";
import { scaleOf } from "./scale.ts";
import { StoryReader } from "./story-reader.ts";
import { type StoryNode, treeOf } from "./tree.ts";
import "./story.css";

export function StoryPage() {
  const [correlationId] = useSegments();
  const [parameters] = useQuery();
  const position = parameters.get("position");
  const event = parameters.get("event");
  if (correlationId !== undefined) return <Story key={correlationId} correlationId={correlationId} near={position} />;
  if (position !== null || event !== null) return <Find position={position} event={event} />;
  return (
    <Page title="Stories">
      <Empty title="What led to an event, and what followed from it">
        <p>
          Choose any event in the live log or in a stream, or press Ctrl K and enter a position, a correlation id or the id of an event.
        </p>
      </Empty>
    </Page>
  );
}

/** From an event to the story that it belongs to. */
function Find({ position, event }: { position: string | null; event: string | null }) {
  const path = position === null ? `/log${segments("events", event!)}` : eventAt(Number(position));
  const found = useResource(path, async (signal) => ({ first: (await get<{ events: StoredEvent[] }>(path, signal)).events[0] }));
  return (
    <Page title="Stories">
      <Remote of={found} lines={12}>
        {({ first }) =>
          first ? (
            <Redirect replace to={addressOf(first)} />
          ) : (
            <Empty
              title={position === null ? "The latest part of the log has no event with this id" : "The log has no such position yet"}
            />
          )
        }
      </Remote>
    </Page>
  );
}

function addressOf({ id, meta, position }: StoredEvent): string {
  const { correlationId } = meta;
  if (typeof correlationId === "string") return to.story(correlationId, id);
  // A fact without a correlation begins one, under its own id.
  return `${segments("story", id)}${query({ event: id, position })}`;
}

function Story({ correlationId, near }: { correlationId: string; near: string | null }) {
  const secret = token.value;
  const [turn, setTurn] = useState(0);
  const reader = useMemo(() => new StoryReader(correlationId, near === null ? undefined : Number(near)), [secret, turn]);
  useEffect(() => {
    void reader.follow();
    return () => reader.end();
  }, [reader]);
  const app = useGet<AppReport>("/app");
  const events = reader.events.value;
  const deliveries = reader.deliveries.value;
  const consumers = reader.consumers.value;
  const progress = reader.progress.value;
  const kinds = useMemo(() => new Map(app.value?.processors.map(({ name, kind }) => [name, kind])), [app.value]);
  const roots = useMemo(() => treeOf({ events, deliveries, consumers, kinds }), [events, deliveries, consumers, kinds]);
  const isThrough = progress !== undefined && progress.read >= progress.head;
  return (
    <Page title={events.length === 0 ? "Story" : titleOf(roots)}>
      {reader.error.value ? <Failure error={reader.error.value} retry={() => setTurn(turn + 1)} isStale={events.length > 0} /> : null}
      {isThrough || reader.isFull.value || reader.error.value ? null : (
        <p class="dim" role="status">
          {progress === undefined ? "Reading…" : `Read the log to position ${count(progress.read)} of ${count(progress.head)}…`}
        </p>
      )}
      <Remote of={app} lines={16}>
        {(report) =>
          events.length > 0 ? (
            <Told roots={roots} events={events} report={report} />
          ) : isThrough ? (
            <Empty title="No event of this correlation">
              <p>
                Nothing that was asked for under <bdi>{correlationId}</bdi> has stored an event that you may see.
              </p>
            </Empty>
          ) : reader.error.value ? null : (
            <Loading lines={16} />
          )
        }
      </Remote>
      {reader.isOpen.value ? null : <p class="dim">Attempts of webhooks, and what fails, are shown to tokens with the right “admin”.</p>}
      {reader.isFull.value ? (
        <p class="row">
          These are the first {counted(events.length, "event")}.
          <button type="button" onClick={() => reader.readOn()}>
            Read on
          </button>
        </p>
      ) : null}
    </Page>
  );
}

function titleOf([first]: readonly StoryNode[]): string {
  return first === undefined
    ? "Story"
    : `Story of ${first.kind === "request" ? first.title.replace(/^C/, "c").replace(/^R/, "r") : first.title}`;
}

function Told({ roots, events, report }: { roots: readonly StoryNode[]; events: readonly StoredEvent[]; report: AppReport }) {
  const [parameters, change] = useQuery();
  const chosen = parameters.get("event") ?? undefined;
  const scale = useMemo(() => scaleOf(momentsOf(roots)), [roots]);
  const node = useMemo(() => (chosen === undefined ? undefined : find(roots, chosen)), [roots, chosen]);
  const streams = useMemo(() => new Set(events.map(({ stream }) => stream)).size, [events]);
  return (
    <>
      <p>
        {counted(events.length, "event")} in {counted(streams, "stream")}, from <Time at={new Date(scale.from).toISOString()} /> on, within{" "}
        {duration(scale.ms)}
        {scale.idleMs === 0 ? "" : `, of which nothing happened for ${duration(scale.idleMs)}`}.
      </p>
      <div class={node ? "beside two" : "beside"}>
        <Rows roots={roots} scale={scale} chosen={chosen} choose={(key) => change({ event: key })} />
        {node ? (
          <aside aria-label="What is chosen">
            <div class="head">
              <h2>
                <bdi>{node.title}</bdi>
              </h2>
              <button type="button" class="plain" onClick={() => change({ event: undefined })}>
                Close
              </button>
            </div>
            <NodeDetails key={node.key} node={node} report={report} />
          </aside>
        ) : null}
      </div>
    </>
  );
}

function momentsOf(nodes: readonly StoryNode[]): number[] {
  return nodes.flatMap(({ at, began, children }) => [...(began === undefined ? [at] : [began, at]), ...momentsOf(children)]);
}

function find(nodes: readonly StoryNode[], key: string): StoryNode | undefined {
  for (const node of nodes) {
    const found = node.key === key ? node : find(node.children, key);
    if (found) return found;
  }
  return undefined;
}
