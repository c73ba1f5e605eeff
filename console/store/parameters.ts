/** The parameters in the page's address: what a person would send to a colleague. */

import { useLocation, useSearch } from "wouter-preact";
import { query } from "./paths.ts";

type Changes = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** The parameters, and a function that changes some of them: undefined and the empty string take a parameter away. */
export function useParameters(): [URLSearchParams, (changes: Changes, options?: { replace?: boolean }) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const now = new URLSearchParams(search);
  const change = (changes: Changes, options?: { replace?: boolean }) => {
    const all: Record<string, unknown> = {};
    for (const name of now.keys()) all[name] = now.getAll(name);
    navigate(path + query({ ...all, ...changes }), options);
  };
  return [now, change];
}
