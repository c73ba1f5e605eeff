/** The events of the log's window as rows, of which each keeps its place while others come in before it. */

import type { VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { LongList, showRow } from "../../parts/long-list.tsx";
import { Time, count } from "../../parts/show.tsx";
import type { StoredEvent } from "../../store/event.ts";
import type { LogWindow } from "./log-window.ts";

/** Pixels; the style has the same. */
const ROW = 28;
/** Characters of an event's data in its row. */
const SHOWN = 160;

interface RowsProps {
  window: LogWindow;
  rows: readonly StoredEvent[];
  /** The position around which it begins. */
  at?: number;
  /** The position of the open event; 0: none is. */
  open: number;
  openIt: (event: StoredEvent) => void;
  /** The reader has scrolled away from the newest event, or back. */
  onAway: (isAway: boolean) => void;
  isHeld: boolean;
}

export function Rows({ window, rows, at, open, openIt, onAway, isHeld }: RowsProps) {
  const box = useRef<HTMLDivElement>(null);
  /** The rows as they were drawn last, and the first in sight. */
  const drawn = useRef<{ rows: readonly StoredEvent[]; top: number }>({ rows: [], top: 0 });
  // The same element again is not compared again: at hundreds of events a second that is most of the work.
  const made = useRef({ open, elements: new Map<number, VNode>() });
  if (made.current.open !== open || made.current.elements.size > 2 * rows.length) made.current = { open, elements: new Map() };

  useLayoutEffect(() => {
    const { rows: before, top } = drawn.current;
    const element = box.current!;
    if (before.length === 0 && at !== undefined) {
      const index = rows.findIndex(({ position = 0 }) => position <= at);
      element.scrollTop = Math.max(0, index * ROW - element.clientHeight / 3);
    } else if (isHeld && before !== rows && before[top]) {
      const index = rows.findIndex(({ position }) => position === before[top]!.position);
      if (index >= 0 && index !== top) element.scrollTop += (index - top) * ROW;
    }
    drawn.current = { rows, top: Math.floor(element.scrollTop / ROW) };
  }, [rows]);

  const scrolled = (top: number, isAtStart: boolean, isAtEnd: boolean) => {
    drawn.current.top = top;
    onAway(!isAtStart);
    if (isAtEnd) void window.readEarlier();
    else if (isAtStart) void window.readLater();
  };
  const step = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const now = rows.findIndex(({ position }) => position === open);
    const index = now < 0 ? drawn.current.top : Math.max(0, Math.min(now + by, rows.length - 1));
    openIt(rows[index]!);
    showRow(box.current!, index, ROW);
  };
  return (
    <LongList
      label="Events, newest first. Arrow keys open the next one."
      box={box}
      count={rows.length}
      rowHeight={ROW}
      onTop={scrolled}
      onKeyDown={step}
      row={(index) => {
        const event = rows[index]!;
        const position = event.position!;
        let element = made.current.elements.get(position);
        if (!element) {
          element = (
            <Row
              key={position}
              event={event}
              mark={position === open ? "true" : position === at ? "location" : undefined}
              openIt={openIt}
            />
          );
          made.current.elements.set(position, element);
        }
        return element;
      }}
    />
  );
}

function Row({ event, mark, openIt }: { event: StoredEvent; mark?: "true" | "location"; openIt: (event: StoredEvent) => void }) {
  const { position, recordedAt, type, stream, data } = event;
  return (
    <div role="listitem">
      <button type="button" class="log-row" tabIndex={-1} aria-current={mark} onClick={() => openIt(event)}>
        <span class="number">{count(position!)}</span>
        <Time at={recordedAt} />
        <bdi>{type}</bdi>
        <bdi>{stream}</bdi>
        <bdi class="dim">{JSON.stringify(data).slice(0, SHOWN)}</bdi>
      </button>
    </div>
  );
}
