/** Where things are: paths of the API, and the page's own. */

import { type StoredEvent, partsOf } from "./event.ts";

/** A query, with its `?`; empty without parameters. Lists repeat their parameter. */
export function query(parameters: Readonly<Record<string, unknown>>): string {
  const all = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== "") all.append(name, String(one));
  }
  const text = all.toString();
  return text === "" ? "" : `?${text}`;
}

/** Segments as a path: ids may have any character. */
export function segments(...parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join("");
}

/** The API's path of a stream. */
export function streamPath(stream: string): string {
  const { category, id } = partsOf(stream);
  return segments("streams", category, id);
}

/** The API's path of the event at a position: a page of the log, empty where the caller may not see it. */
export function eventAt(position: number): string {
  return `/log${query({ after: position - 1, to: position, limit: 1 })}`;
}

/** The page's paths. Each page owns the one that begins with its name. */
export const to = {
  log: (parameters: Readonly<Record<string, unknown>> = {}) => `/log${query(parameters)}`,
  stream: (stream: string, version?: number) => {
    const { category, id } = partsOf(stream);
    return `${segments("streams", category, id)}${query({ version })}`;
  },
  category: (category: string) => `/streams${query({ category })}`,
  /** The story of one correlation, with an event of it in focus. */
  story: (correlationId: string, event?: string) => `${segments("story", correlationId)}${query({ event })}`,
  /** The story of whatever this event belongs to. */
  storyOfEvent: (position: number) => `/story${query({ position })}`,
  /** The story that an event belongs to; undefined: it has no position yet. */
  storyOf: ({ id, position, meta: { correlationId } }: Pick<StoredEvent, "id" | "position" | "meta">): string | undefined =>
    typeof correlationId === "string" ? to.story(correlationId, id) : position === undefined ? undefined : to.storyOfEvent(position),
  consumer: (name: string) => segments("consumers", name),
  source: (name: string) => segments("sources", name),
  webhook: (id: string) => segments("webhooks", id),
  view: (name: string, key?: string) => `${segments("views", name)}${query({ key })}`,
  command: (category: string, id?: string, command?: string) => `/commands${query({ category, id, command })}`,
  process: (stream: string) => `/processes${query({ stream })}`,
  declare: (kind: "stream" | "view" | "processor" | "source", name?: string) => `/declare${segments(kind)}${query({ name })}`,
} as const;
