/** Short notices of what an action did, in a corner, announced to screen readers. */

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Copy } from "../parts/copy.tsx";

/** Milliseconds that a notice stays. A failure stays until it is closed. Ours. */
const STAYS_MS = 8_000;

interface Notice {
  readonly id: number;
  readonly text: ComponentChildren;
  readonly isFailure: boolean;
  readonly curl?: string;
}

const notices = signal<readonly Notice[]>([]);
let count = 0;

export function notify(text: ComponentChildren, { isFailure = false, curl }: { isFailure?: boolean; curl?: string } = {}): void {
  const id = ++count;
  notices.value = [...notices.value, { id, text, isFailure, curl }];
  if (!isFailure) setTimeout(() => close(id), STAYS_MS);
}

function close(id: number): void {
  notices.value = notices.value.filter((one) => one.id !== id);
}

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, text, isFailure, curl }) => (
        <div key={id} class={isFailure ? "notice failure" : "notice"}>
          <div>{text}</div>
          <div class="row">
            {curl === undefined ? null : <Copy text={curl} label="Copy as curl" />}
            <button type="button" class="plain" onClick={() => close(id)}>
              Close
            </button>
          </div>
        </div>
      ))}
    </div>
  );
}
