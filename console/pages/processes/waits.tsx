/** What a process waits for. */

import { StreamLink, Time } from "../../parts/show.tsx";

export interface Wait {
  readonly what: "command" | "event" | "saga" | "retry";
  readonly step?: string;
  readonly undo?: true;
  readonly stream?: string;
  readonly command?: string;
  readonly reason?: string;
  readonly until?: string;
}

/** A row of the view that `processesView` declares. */
export interface ProcessRow {
  readonly id: string;
  readonly process: string;
  readonly status: string;
  readonly started: string;
  /** The time of its latest event. */
  readonly since: string;
  readonly step?: string;
  readonly waitingFor: readonly Wait[];
  readonly failure?: { readonly step?: string; readonly reason: string };
  readonly undoFailed?: readonly string[];
}

/** Milliseconds after its time that something may be late: what is due is carried out within seconds. */
const LATE_MS = 60_000;

export function isLate({ until }: Wait): boolean {
  return until !== undefined && Date.now() - Date.parse(until) > LATE_MS;
}

export function Waits({ of, more = 0 }: { of: readonly Wait[]; more?: number }) {
  if (of.length === 0) return <span class="dim">–</span>;
  return (
    <ul class="plain-list">
      {of.map((wait, index) => (
        <li key={index}>
          <One {...wait} />
        </li>
      ))}
      {more > 0 ? <li class="dim">and {more} more</li> : null}
    </ul>
  );
}

function One({ what, step, undo, stream, command, reason, until }: Wait) {
  return (
    <>
      {undo ? "undoing " : null}
      {step === undefined ? null : (
        <>
          <bdi>{step}</bdi>:{" "}
        </>
      )}
      {what === "command" ? (
        <>
          the outcome of {command}
          {stream ? (
            <>
              {" "}
              to <StreamLink stream={stream} />
            </>
          ) : null}
        </>
      ) : what === "event" ? (
        "an event"
      ) : what === "saga" ? (
        <>the end of {stream ? <StreamLink stream={stream} /> : "a saga"}</>
      ) : (
        <>
          another attempt, after <bdi>{reason}</bdi>
        </>
      )}
      {until === undefined ? null : (
        <>
          , until <Time at={until} />
        </>
      )}
    </>
  );
}
