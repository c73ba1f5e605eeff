/** How long a client waits before it tries again. */

import { backoffMs, jittered } from "../core/backoff.ts";

/** Ours: a restart of the store goes unnoticed, and a store that is away for long is asked twice a minute. */
const PAUSES = { firstDelayMs: 100, maxDelayMs: 30_000 };
/** The most that the store asks for, in milliseconds. What comes from elsewhere must not put a client to sleep for days. */
const LONGEST_MS = 60_000;

/**
 * @param attempt 0 for the first repetition
 * @param retryAfter the header of the answer: seconds. A date, which the store never sends, counts as absent.
 * @returns milliseconds, with a chance in it, so that the clients of a store that was away do not return together
 */
export function pauseBefore(attempt: number, retryAfter?: string | null): number {
  const asked = Math.min(LONGEST_MS, (Number(retryAfter) || 0) * 1_000);
  return Math.max(asked, jittered(backoffMs(PAUSES, attempt + 1), 1, Math.random()));
}

/** Resolves after so many milliseconds, or at once when the signal aborts or the network is back. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      forget();
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    const forget = onceOnline(end);
    if (signal?.aborted) end();
    else signal?.addEventListener("abort", end);
  });
}

/**
 * Calls when the browser has a network again after it had none. Node and Workers do not know.
 *
 * @returns ends that
 */
export function onceOnline(call: () => void): () => void {
  if ((globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine === undefined) return () => {};
  const target = globalThis as unknown as EventTarget;
  const remove = target.removeEventListener.bind(target);
  target.addEventListener("online", call);
  return () => remove("online", call);
}
