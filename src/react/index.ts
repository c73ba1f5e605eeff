/** React hooks over `headspring/client`: rows that stay current, and commands with their state. */

import { useCallback, useEffect, useRef, useState } from "react";
import type { Conditions, RequestOptions, ViewReader } from "../client/index.ts";

/** What a hook shows of a loop. */
interface Shown<Value> {
  /** What there is by now. It stays while connections break, and changes when there is news. */
  readonly value: Value;
  /** Nothing has arrived yet. */
  readonly isLoading: boolean;
  /** Why the loop has ended: an error that does not pass by itself, for example a token that is refused. */
  readonly error: unknown;
}

/**
 * The rows of a view that fulfil the conditions, kept current.
 *
 * @param view of a client that is made once, outside of components
 * @param conditions may be a new object in each render: its content counts
 *
 * @example
 * const { rows, isLoading } = useView(shop.views.stock, { "available.lt": 5 });
 * return isLoading ? <p>…</p> : <ul>{rows.map((row) => <li key={row.sku}>{row.sku}: {row.available}</li>)}</ul>;
 */
export function useView<Row>(
  view: Pick<ViewReader<Row>, "live">,
  conditions?: Conditions<Row>,
): { readonly rows: readonly Row[]; readonly isLoading: boolean; readonly error: unknown } {
  const { value, ...state } = useLoop<readonly Row[]>([], JSON.stringify(conditions), view, async function* rowsOf(options) {
    let rows = new Map<string, Row>();
    for await (const change of view.live(conditions, options)) {
      if (change.type === "rows") rows = new Map(change.rows);
      else if (change.type === "row") rows.set(change.key, change.row);
      else rows.delete(change.key);
      yield () => [...rows.values()];
    }
  });
  return { rows: value, ...state };
}

/**
 * One row of a view, kept current; undefined: there is none.
 *
 * @example const { row } = useRow(shop.views.stock, "apple");
 */
export function useRow<Row>(
  view: Pick<ViewReader<Row>, "watch">,
  key: string,
): { readonly row: Row | undefined; readonly isLoading: boolean; readonly error: unknown } {
  const { value, ...state } = useLoop<Row | undefined>(undefined, key, view, async function* rowOf(options) {
    for await (const row of view.watch(key, options)) yield () => row;
  });
  return { row: value, ...state };
}

/** The last call. */
interface CommandState<Result> {
  readonly isRunning: boolean;
  /** The last answer, refusals included. */
  readonly result: Result | undefined;
  /** Why the last call failed. */
  readonly error: unknown;
}

/**
 * A command with its state. `run` never throws: what fails is in `error`, and a refusal in `result`.
 *
 * @example
 * const receive = useCommand(shop.product("apple").ReceiveStock);
 * return <button disabled={receive.isRunning} onClick={() => receive.run({ quantity: 1 })}>+1</button>;
 */
export function useCommand<Input extends readonly unknown[], Result>(
  command: (...input: Input) => Promise<Result>,
): CommandState<Result> & { readonly run: (...input: Input) => Promise<Result | undefined> } {
  const [state, setState] = useState<CommandState<Result>>({ isRunning: false, result: undefined, error: undefined });
  const latest = useRef(command);
  latest.current = command;
  const calls = useRef(0);
  const run = useCallback(async (...input: Input) => {
    const call = ++calls.current;
    // The end of an older call is old news.
    const show = (next: CommandState<Result>) => call === calls.current && setState(next);
    setState(({ result }) => ({ isRunning: true, result, error: undefined }));
    try {
      const result = await latest.current(...input);
      show({ isRunning: false, result, error: undefined });
      return result;
    } catch (error) {
      show({ isRunning: false, result: undefined, error });
      return undefined;
    }
  }, []);
  return { ...state, run };
}

/**
 * Shows the newest of what a loop gives. What comes together is rendered together.
 *
 * @param content with `source` it names the loop: another one begins when either changes
 * @param loop gives functions, so that only what is rendered is computed
 */
function useLoop<Value>(
  empty: Value,
  content: string | undefined,
  source: object,
  loop: (options: RequestOptions) => AsyncIterable<() => Value>,
): Shown<Value> {
  const [shown, setShown] = useState<Shown<Value>>({ value: empty, isLoading: true, error: undefined });
  const latest = useRef({ loop, empty });
  latest.current = { loop, empty };
  useEffect(() => {
    const abort = new AbortController();
    let next: (() => Value) | undefined;
    const render = () => {
      const value = next;
      next = undefined;
      if (value && !abort.signal.aborted) setShown({ value: value(), isLoading: false, error: undefined });
    };
    const follow = async () => {
      for await (const value of latest.current.loop({ signal: abort.signal })) {
        if (!next) setTimeout(render);
        next = value;
      }
    };
    setShown({ value: latest.current.empty, isLoading: true, error: undefined });
    follow().catch((error: unknown) => {
      if (!abort.signal.aborted) setShown(({ value }) => ({ value, isLoading: false, error }));
    });
    return () => abort.abort();
  }, [source, content]);
  return shown;
}
