/** The state of an aggregate or a process before and after an event, and what the event changed. */

import { useRef } from "preact/hooks";
import { partsOf } from "../store/event.ts";
import { segments } from "../store/paths.ts";
import { type Resource, useResource } from "../store/resource.ts";
import { get } from "../store/store.ts";
import { Difference } from "./difference.tsx";
import { Json } from "./json.tsx";
import { Remote } from "./remote.tsx";
import { Status, Time, counted } from "./show.tsx";

/** `GET /aggregates/{name}/{id}`. */
interface State {
  readonly state: unknown;
  /** Of a process or a saga. */
  readonly status?: string;
  readonly failure?: unknown;
  readonly inFlight?: readonly unknown[];
  readonly timers?: readonly { readonly command: string; readonly key?: string; readonly due: string }[];
}

/** The state before and after the event: read by version, so that each is found again in the browser's memory. */
export function States({ stream, version, isNow }: { stream: string; version: number; isNow: boolean }) {
  const { category, id } = partsOf(stream);
  const path = segments("aggregates", category, id);
  const { kept: both, isStale } = useKept(
    useResource(`${path} ${version} ${isNow}`, async (signal) => {
      const [before, after] = await Promise.all([
        get<State>(`${path}?version=${version - 1}`, signal),
        // Timers are those of now.
        get<State>(isNow ? path : `${path}?version=${version}`, signal),
      ]);
      return { before, after };
    }),
  );
  return (
    <Remote of={both} lines={10}>
      {({ before, after }) => (
        <div class={isStale ? "stale" : ""}>
          <h2>What it changed</h2>
          <Difference before={comparable(before)} after={comparable(after)} />
          <h2>
            {isNow ? "State now" : `State at version ${version}`} {after.status === undefined ? null : <Status is={after.status} />}
          </h2>
          <Json value={comparable(after)} label="State" />
          {after.timers === undefined ? null : (
            <>
              <h3>{counted(after.timers.length, "timer")}</h3>
              <ul class="plain-list">
                {after.timers.map(({ command, key, due }) => (
                  <li key={`${command} ${key}`}>
                    <bdi>
                      {command} {key}
                    </bdi>{" "}
                    <span class="dim">
                      at <Time at={due} />
                    </span>
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      )}
    </Remote>
  );
}

/** A plain state is shown as it is; a process also has what it waits for. */
function comparable({ state, status, failure, inFlight }: State): unknown {
  return status === undefined ? state : { state, status, failure, inFlight };
}

/** While another version is read, the earlier one stays: what is shown must not blink while a slider is dragged. */
export function useKept<Value>(resource: Resource<Value>): { kept: Resource<Value>; isStale: boolean } {
  const kept = useRef<Value | undefined>(undefined);
  if (resource.value !== undefined) kept.current = resource.value;
  const isStale = resource.value === undefined && resource.error === undefined;
  return { kept: isStale ? { ...resource, value: kept.current } : resource, isStale };
}
