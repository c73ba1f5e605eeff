/** What declaring something, or deleting it, would do: counted before it happens. */

import type { ComponentChildren } from "preact";
import { count, counted } from "../../parts/show.tsx";
import type { AppReport } from "../../store/event.ts";
import { get } from "../../store/store.ts";
import { query } from "../../store/paths.ts";
import type { Definition, Kind } from "./kinds.ts";

/** How many of the latest events of a category fit. */
export interface Fit {
  readonly checked: number;
  readonly fit: number;
  readonly misfits: readonly {
    readonly position?: number;
    readonly stream?: string;
    readonly issues?: readonly { path: string; message: string }[];
  }[];
}

/** The answer of `PUT …?dryRun=true`. */
export interface Tried {
  readonly outcome: "created" | "changed" | "same";
  /** A view's table is built. */
  readonly builds?: boolean;
  readonly fit?: Fit;
}

export async function effectOf(
  kind: Kind,
  name: string,
  { outcome, builds, fit }: Tried,
  { start }: Definition,
  signal: AbortSignal,
): Promise<ComponentChildren> {
  if (outcome === "same") return "Nothing changes: it is declared like this already.";
  const { head } = await get<{ head: number }>("/log/head", signal);
  if (outcome === "created") {
    if (kind === "source") return `${name} is new. It begins at once to read what is outside.`;
    if (kind === "stream") return `${name} is new. Clients can append to it at once.`;
    if (kind === "view") return `${name} is new. It is built from the beginning of the log, which has ${counted(head, "event")}.`;
    return start === "head"
      ? `${name} is new. It begins at the head of the log, position ${count(head)}: only what comes from now on is processed.`
      : `${name} is new. It begins at the beginning of the log: of ${counted(head, "event")} it processes those that it follows, and appends what it emits.`;
  }
  if (kind === "stream")
    return fit ? `Of its latest ${counted(fit.checked, "event")}, ${count(fit.fit)} fit.` : "It changes for the next event.";
  if (kind === "processor" || kind === "source") return "It goes on where it is, by the new definition.";
  return builds
    ? `A second table is built from the beginning of the log, which has ${counted(head, "event")}. Until it is ready, the rows of now answer.`
    : "Its rows stay as they are.";
}

export async function endOf(kind: Kind, name: string, { views, processors }: AppReport, signal: AbortSignal): Promise<ComponentChildren> {
  if (kind === "view")
    return "No route answers for it from now on, and its rows are removed an hour later. A view that a processor joins stays.";
  if (kind === "processor") return "It ends. What it has stored stays.";
  if (kind === "source") return "It ends, and what was made for it outside is removed. What it has stored stays.";
  const { streams, hasMore } = await get<{ streams: unknown[]; hasMore: boolean }>(
    `/log/streams${query({ category: name, limit: 1000 })}`,
    signal,
  );
  const followers = [...views, ...processors].filter(({ follows }) => follows.some(({ category }) => category === name));
  return (
    <>
      <p>
        {counted(streams.length, "stream")}
        {hasMore ? " and more" : ""} can no longer be read or written, for good, and the name cannot be used again. The log keeps the
        events.
      </p>
      {followers.length === 0 ? null : <p>{followers.map((one) => one.name).join(", ")} will get no more events of it.</p>}
    </>
  );
}
