/** What the address says, in pieces: a page keeps there what a person would send to a colleague. */

import { useMemo } from "preact/hooks";
import { usePathname, useSearch } from "wouter-preact/use-browser-location";
import { query } from "./paths.ts";
import { base } from "./store.ts";

/** The path below the page's own, decoded once: of `/streams/order/42` it is `["order", "42"]`. wouter's `useLocation` decodes a part of it. */
export function useSegments(): readonly string[] {
  const path = usePathname();
  return useMemo(() => path.slice(base.length).split("/").slice(2).filter(Boolean).map(decoded), [path]);
}

/**
 * The parameters of the query, and a function that changes some of them; undefined removes one. Not wouter's: that one decodes the
 * query before it is parsed, so that a `%26` in a value begins another parameter.
 */
export function useQuery(): readonly [URLSearchParams, typeof changeQuery] {
  const search = useSearch();
  return [useMemo(() => new URLSearchParams(search), [search]), changeQuery];
}

/** @param isStep whether “back” should undo it */
function changeQuery(changes: Readonly<Record<string, unknown>>, isStep = false): void {
  const before = new URLSearchParams(location.search);
  const all = Object.fromEntries([...before.keys()].map((name) => [name, before.getAll(name)]));
  // wouter notices every change of the history.
  history[isStep ? "pushState" : "replaceState"](null, "", location.pathname + query({ ...all, ...changes }));
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
