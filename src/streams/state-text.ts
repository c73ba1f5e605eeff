/** A state as JSON text, for readers over HTTP; or why it cannot be shown. */

import type { StreamState } from "../store/stream-reads.ts";
import { whyNotJson } from "../core/plain-json.ts";
import { StateUnavailable } from "./fold.ts";
import type { StateCache } from "./state.ts";

export type Shown = Pick<StreamState, "state" | "failed" | "unavailable">;

/** Gets an error of the app's own code. */
type OnError = (error: unknown) => void;

/** What a stream without a state shows. */
export const NO_STATE: Shown = { state: "null" };

/** The state at the stream's head. Synchronous: version and timers are read together with it. */
export function currentText(cache: StateCache, onError: OnError): Shown {
  try {
    return textOf(cache.current(), onError);
  } catch (error) {
    return withoutState(error, onError);
  }
}

/** The state as of an earlier version. */
export async function earlierText(cache: StateCache, version: number, onError: OnError): Promise<Shown> {
  try {
    return textOf(await cache.at(version), onError);
  } catch (error) {
    return withoutState(error, onError);
  }
}

function withoutState(error: unknown, onError: OnError): Shown {
  if (error instanceof StateUnavailable) return { ...NO_STATE, unavailable: error.message };
  onError(error);
  return { ...NO_STATE, failed: true };
}

/** The types refuse states that are not plain JSON; if one is not all the same, it is shown as far as JSON can. */
function textOf(state: unknown, onError: OnError): Shown {
  if (state === undefined) return NO_STATE;
  try {
    return { state: JSON.stringify(state) };
  } catch {
    const { path, kind } = whyNotJson(state, "state") ?? { path: "state", kind: "not a JSON value" };
    onError(new Error(`a state must be plain JSON, but ${path} is ${kind}`));
    return { ...NO_STATE, failed: true };
  }
}
