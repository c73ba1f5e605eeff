/** What a page reads: loaded when it is shown, loaded again when it is asked for, kept while it is loaded again. */

import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { HeadspringError } from "headspring/client";
import { get, token } from "./store.ts";

export interface Resource<Value> {
  /** Absent until the first answer; the earlier one while it is loaded again. */
  readonly value?: Value;
  /** Why the last attempt failed. */
  readonly error?: HeadspringError;
  readonly reload: () => void;
}

export interface ResourceOptions {
  /** Milliseconds after which it is loaded again, while the page is visible. */
  readonly every?: number;
}

/**
 * Loads something.
 *
 * @param key what it depends on: another key begins from scratch. Undefined: there is nothing to load yet.
 */
export function useResource<Value>(
  key: string | undefined,
  load: (signal: AbortSignal) => Promise<Value>,
  { every }: ResourceOptions = {},
): Resource<Value> {
  const [state, setState] = useState<{ key?: string; value?: Value; error?: HeadspringError }>({});
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const secret = token.value;

  // Before the page is painted: afterwards it would ask a frame later.
  useLayoutEffect(() => {
    if (key === undefined) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async () => {
      try {
        const value = await latest.current(abort.signal);
        if (!abort.signal.aborted) setState({ key, value });
      } catch (error) {
        if (!abort.signal.aborted) setState((before) => ({ ...(before.key === key ? before : { key }), error: error as HeadspringError }));
      }
      if (every !== undefined && !abort.signal.aborted) timer = setTimeout(visible, every);
    };
    // A hidden page asks for nothing.
    const visible = () => {
      if (!document.hidden) void run();
      else document.addEventListener("visibilitychange", visible, { once: true, signal: abort.signal });
    };
    void run();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [key, turn, secret, every]);

  const reload = useCallback(() => setTurn((before) => before + 1), []);
  const { value, error } = state.key === key ? state : { value: undefined, error: undefined };
  return { value, error, reload };
}

/** Loads a path of this store's API. */
export function useGet<Value>(path: string | undefined, options?: ResourceOptions): Resource<Value> {
  return useResource<Value>(path, (signal) => get<Value>(path!, signal), options);
}
