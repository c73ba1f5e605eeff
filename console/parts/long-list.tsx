/**
 * A long list of which only the rows in sight are in the page: each row has the same height, so that where a row is needs no measuring. Its own:
 * the libraries for this measure rows, and cost ten times as much.
 */

import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** Rows that are kept above and below, so that scrolling shows no gaps. */
const MARGIN = 12;

interface LongListProps {
  label: string;
  count: number;
  /** Pixels of a row. */
  rowHeight: number;
  row: (index: number) => ComponentChildren;
  /** The first row in sight, whenever that is another one. */
  onTop?: (index: number, isAtStart: boolean, isAtEnd: boolean) => void;
  onKeyDown?: (event: KeyboardEvent) => void;
  /** A tree's rows are `treeitem`s; the one of this id is chosen. */
  tree?: { readonly chosen?: string };
  /** The element that scrolls, for a page that holds a row in its place while others come in before it. */
  box?: RefObject<HTMLDivElement>;
}

export function LongList({ label, count, rowHeight, row, onTop, onKeyDown, tree, box: given }: LongListProps) {
  const own = useRef<HTMLDivElement>(null);
  const box = given ?? own;
  const [range, setRange] = useState({ first: 0, shown: 40 });
  const measure = () => {
    const { scrollTop, clientHeight } = box.current!;
    const first = Math.floor(scrollTop / rowHeight);
    const shown = Math.ceil(clientHeight / rowHeight);
    setRange((before) => (before.first === first && before.shown === shown ? before : { first, shown }));
    return { first, scrollTop, shown };
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => measure());
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, [rowHeight]);
  const first = Math.max(0, Math.min(range.first, count) - MARGIN);
  const last = Math.min(count, range.first + range.shown + MARGIN);
  return (
    <div
      ref={box}
      class="long-list"
      tabIndex={0}
      role={tree ? "tree" : "list"}
      aria-activedescendant={tree?.chosen}
      aria-label={label}
      onKeyDown={onKeyDown}
      onScroll={() => {
        const { first: seen, scrollTop, shown } = measure();
        onTop?.(seen, scrollTop <= 0, seen + shown >= count);
      }}
    >
      <div style={{ height: `${count * rowHeight}px` }}>
        <div style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {Array.from({ length: Math.max(0, last - first) }, (_none, offset) => row(first + offset))}
        </div>
      </div>
    </div>
  );
}

/** Scrolls a list as little as shows the whole row. */
export function showRow(box: HTMLElement, index: number, rowHeight: number): void {
  const from = index * rowHeight;
  if (from < box.scrollTop) box.scrollTop = from;
  else if (from + rowHeight > box.scrollTop + box.clientHeight) box.scrollTop = from + rowHeight - box.clientHeight;
}
