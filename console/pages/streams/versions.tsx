/** A stream's events as a list of any length: pages of it are read when they come into sight. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { LongList, showRow } from "../../parts/long-list.tsx";
import { Time, count } from "../../parts/show.tsx";
import type { StoredEvent } from "../../store/event.ts";
import { query, streamPath } from "../../store/paths.ts";
import { get } from "../../store/store.ts";

/** Pixels; `.log-row` has the same. */
const ROW = 28;
const PAGE = 100;
/** Milliseconds that the list must stand still before it reads: a slider passes thousands of versions. */
const STILL_MS = 80;
/** Characters of an event's data in its row. */
const SHOWN = 160;

export function Versions({ stream, head, version, go }: { stream: string; head: number; version: number; go: (version: number) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(version - 1);
  const events = useEvents(stream, head, top);
  useLayoutEffect(() => {
    const element = box.current!;
    showRow(element, version - 1, ROW);
    setTop(Math.floor(element.scrollTop / ROW));
  }, [version, head]);
  return (
    <LongList
      label="Events by version. Arrow keys go to the next one."
      box={box}
      count={head}
      rowHeight={ROW}
      onTop={setTop}
      onKeyDown={(event) => {
        const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20, Home: -head, End: head }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        go(version + by);
      }}
      row={(index) => {
        const event = events.get(index + 1);
        return (
          <div role="listitem" key={index}>
            <button
              type="button"
              class="log-row version-row"
              tabIndex={-1}
              aria-current={index + 1 === version ? "true" : undefined}
              onClick={() => go(index + 1)}
            >
              <span class="number">{count(index + 1)}</span>
              {event ? <Time at={event.recordedAt} /> : <span class="dim">…</span>}
              <bdi>{event?.type}</bdi>
              <bdi class="dim">{event && JSON.stringify(event.data).slice(0, SHOWN)}</bdi>
            </button>
          </div>
        );
      }}
    />
  );
}

/** The events around a row, by version. A version never changes; only an erasure empties it. */
function useEvents(stream: string, head: number, top: number): ReadonlyMap<number, StoredEvent> {
  const [events, setEvents] = useState<ReadonlyMap<number, StoredEvent>>(new Map());
  const page = Math.floor(top / PAGE);
  const from = page * PAGE + 1;
  const to = Math.min(head, from + 2 * PAGE - 1);
  useEffect(() => {
    if (events.has(from) && events.has(to)) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      get<{ events: StoredEvent[] }>(`${streamPath(stream)}${query({ from, to, limit: 2 * PAGE })}`, abort.signal)
        // Pages that were read before are forgotten: what a person looks at is in the newest ones.
        .then(({ events: read }) =>
          setEvents((before) => new Map([...[...before].slice(-8 * PAGE), ...read.map((one) => [one.version, one] as const)])),
        )
        .catch(() => {});
    }, STILL_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [stream, from, to]);
  return events;
}
