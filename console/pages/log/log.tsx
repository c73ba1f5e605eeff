/** The live log: everything that happens, as it happens, and everything that has happened. */

import { useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { Empty } from "../../parts/empty.tsx";
import { EventDetails } from "../../parts/event-details.tsx";
import { Page } from "../../parts/page.tsx";
import { Failure, Loading, Remote } from "../../parts/remote.tsx";
import { count, counted } from "../../parts/show.tsx";
import type { LogPage as EventPage, StoredEvent } from "../../store/event.ts";
import { useQuery } from "../../store/location.ts";
import { query, eventAt } from "../../store/paths.ts";
import { useGet, useResource } from "../../store/resource.ts";
import { get, token } from "../../store/store.ts";
import { Filters, filterOf } from "./filters.tsx";
import { LogWindow } from "./log-window.ts";
import { Rows } from "./rows.tsx";
import "./log.css";

export function LogPage() {
  const [parameters] = useQuery();
  const filter = filterOf(parameters);
  const since = parameters.get("since");
  const asked = Number(parameters.get("at") ?? Number.NaN);
  // A time is a position: that of the first event since then.
  const start = useResource(since === null ? undefined : `since ${since}`, async (signal) => {
    const { events } = await get<EventPage>(`/log${query({ since, limit: 1 })}`, signal);
    return { at: events[0]?.position };
  });
  const at = since === null ? (Number.isSafeInteger(asked) && asked > 0 ? asked : undefined) : start.value?.at;
  return (
    <Page title="Live log">
      <Filters filter={filter} />
      {since === null ? (
        <Log key={JSON.stringify([filter, at])} filter={filter} at={at} />
      ) : (
        <Remote of={start} lines={20}>
          {() => <Log key={JSON.stringify([filter, since])} filter={filter} at={at} />}
        </Remote>
      )}
    </Page>
  );
}

function Log({ filter, at }: { filter: ReturnType<typeof filterOf>; at?: number }) {
  const [parameters, change] = useQuery();
  const [isPaused, setPaused] = useState(false);
  const [isAway, setAway] = useState(at !== undefined);
  const [turn, setTurn] = useState(0);
  const secret = token.value;
  const window = useMemo(() => new LogWindow(filter), [turn, secret]);
  // Before the page is painted, as every resource.
  useLayoutEffect(() => {
    void window.begin(at);
    return () => window.end();
  }, [window]);
  useEffect(() => window.hold(isPaused || isAway), [window, isPaused, isAway]);
  const rows = window.rows.value;
  const open = Number(parameters.get("open") ?? 0);
  const openIt = (event: StoredEvent | undefined) => change({ open: event?.position });
  const newest = () => {
    setPaused(false);
    if (at === undefined && window.isFollowing.value) document.querySelector(".long-list")!.scrollTop = 0;
    else if (at === undefined) setTurn(turn + 1);
    else change({ at: undefined, since: undefined }, true);
    setAway(false);
  };
  return (
    <>
      {window.error.value === undefined ? null : (
        <Failure error={window.error.value} retry={() => setTurn(turn + 1)} isStale={rows.length > 0} />
      )}
      <State window={window} isHeld={isPaused || isAway} isPaused={isPaused} setPaused={setPaused} newest={newest} />
      <div class={open > 0 ? "beside two" : "beside"}>
        <div>
          {rows.length > 0 ? (
            <Rows window={window} rows={rows} at={at} open={open} openIt={openIt} onAway={setAway} isHeld={isPaused || isAway} />
          ) : window.isLoading.value ? (
            <Loading lines={20} />
          ) : (
            <NoEvents isFiltered={Object.values(filter).some(({ length }) => length > 0)} earlier={window.earlier.value} />
          )}
          <Earlier window={window} />
        </div>
        {open > 0 ? (
          <aside aria-label="The open event">
            <div class="head">
              <h2>Event {count(open)}</h2>
              <button type="button" class="plain" onClick={() => openIt(undefined)}>
                Close
              </button>
            </div>
            <Opened position={open} event={rows.find(({ position }) => position === open)} />
          </aside>
        ) : null}
      </div>
    </>
  );
}

/** Whether it follows, and what to do about it. */
function State(props: {
  window: LogWindow;
  isHeld: boolean;
  isPaused: boolean;
  setPaused: (isPaused: boolean) => void;
  newest: () => void;
}) {
  const { window, isHeld, isPaused, setPaused, newest } = props;
  const waiting = window.waiting.value;
  const isFollowing = window.isFollowing.value;
  return (
    <div class="log-state">
      <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
        {isPaused ? "Resume" : "Pause"}
      </button>
      <span role="status">
        {!isFollowing ? "You see the past." : isHeld ? `Held: ${counted(waiting, "new event")}.` : "Following what happens."}
      </span>
      {isHeld || !isFollowing ? (
        <button type="button" class="primary" onClick={newest}>
          Go to the newest
        </button>
      ) : null}
    </div>
  );
}

/** A filter may have to look far back; it says how far it is. */
function Earlier({ window }: { window: LogWindow }) {
  const earlier = window.earlier.value;
  if (window.rows.value.length === 0 && window.isLoading.value) return null;
  return (
    <p class="row dim">
      {earlier === null ? (
        "This is the log’s beginning."
      ) : (
        <>
          Looked back to position {count(earlier)}.
          <button type="button" class="plain" aria-disabled={window.isLoading.value} onClick={() => void window.readEarlier()}>
            {window.isLoading.value ? "Looking…" : "Look further back"}
          </button>
        </>
      )}
    </p>
  );
}

function NoEvents({ isFiltered, earlier }: { isFiltered: boolean; earlier: number | null }) {
  if (isFiltered) {
    return (
      <Empty title={earlier === null ? "No event fits these filters" : "No event so far fits these filters"}>
        <p>
          What fits appears here as it happens. <Link href="/log">Remove the filters</Link>
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing has happened in this store yet">
      <p>
        Events appear here as they happen. <Link href="/commands">Send a command</Link> in another tab and watch it arrive.
      </p>
    </Empty>
  );
}

function Opened({ position, event }: { position: number; event?: StoredEvent }) {
  const [kept, keep] = useState(event);
  const shown = event ?? (kept?.position === position ? kept : undefined);
  useEffect(() => keep(shown), [shown]);
  const loaded = useGet<EventPage>(shown ? undefined : eventAt(position));
  if (shown) return <EventDetails event={shown} />;
  return (
    <Remote of={loaded} lines={12}>
      {({ events: [found] }) => (found ? <EventDetails event={found} /> : <p>No event of this position that you may see.</p>)}
    </Remote>
  );
}
