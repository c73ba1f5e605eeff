/** The way through a list that is read page by page. */

import type { ComponentChildren } from "preact";

interface PagerProps {
  /** Absent: this is the first page. */
  toFirst?: () => void;
  /** Absent: this is the last page. */
  toNext?: () => void;
  /** What else is said about the page. */
  children?: ComponentChildren;
}

export function Pager({ toFirst, toNext, children }: PagerProps) {
  return (
    <div class="row">
      {toFirst ? (
        <button type="button" onClick={toFirst}>
          First page
        </button>
      ) : null}
      {toNext ? (
        <button type="button" onClick={toNext}>
          Next page
        </button>
      ) : null}
      {children}
    </div>
  );
}
