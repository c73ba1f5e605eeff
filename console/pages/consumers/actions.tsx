/** What an operator can do with a consumer: each with what would happen, before it does. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Act } from "../../parts/act.tsx";
import { count, counted } from "../../parts/show.tsx";
import type { ConsumerError, ConsumerReport } from "../../store/event.ts";
import { segments } from "../../store/paths.ts";
import { call } from "../../store/store.ts";

interface ActionsProps {
  of: ConsumerReport;
  changed: () => void;
}

export function Actions({ of, changed }: ActionsProps) {
  const { name, status, lag, kind, rebuild } = of;
  // What stops the table that is being built is retried and skipped by the view's name, too.
  const lastError = rebuild?.lastError ?? of.lastError;
  const reached = rebuild?.lastError ? rebuild.position : of.position;
  const action = (what: string, body?: unknown) => ({ method: "POST" as const, path: `${segments("consumers", name)}/${what}`, body });

  const isPaused = status === "paused";
  const stuck = lastError?.event && lastError.event.position > reached ? lastError.event : undefined;
  const behind = lag === 0 ? "Nothing waits for it." : `${counted(lag, "event")} of the log ${lag === 1 ? "waits" : "wait"} for it.`;
  const nothing = isPaused ? "It is paused: resume it first." : "Nothing has failed.";
  return (
    <>
      {lastError ? (
        <Act
          right="admin"
          then={changed}
          label="Retry"
          isPrimary={status === "failed"}
          call={action("retry")}
          off={isPaused ? nothing : undefined}
          before={async (signal) => (
            <>
              <Stuck error={lastError} does="is tried again at once, with all its attempts ahead." />
              {kind === "processor" && of.origin === "api" && stuck ? <p>{await wouldDo(name, stuck.position, signal)}</p> : null}
              <p>{behind}</p>
            </>
          )}
          done={() => `${name} tries again.`}
        />
      ) : null}
      {stuck || kind === "webhook" ? (
        <Act
          right="admin"
          then={changed}
          label="Skip"
          isDangerous
          call={action("skip", stuck && kind !== "webhook" ? { position: stuck.position } : undefined)}
          before={async () => (
            <>
              <Stuck
                error={lastError}
                does={
                  kind === "webhook"
                    ? "and all others that block their streams are parked. They can be sent later."
                    : "is never processed by this consumer, not even in a rebuild. It stays on record here."
                }
              />
              <p>{behind}</p>
            </>
          )}
          done={() => `${name} has skipped what failed.`}
        />
      ) : null}
      {isPaused ? (
        <Act
          right="admin"
          then={changed}
          label="Resume"
          isPrimary
          call={action("resume")}
          before={async () => `It continues after position ${count(of.position)}. ${behind}`}
          done={() => `${name} continues.`}
        />
      ) : (
        <Act
          right="admin"
          then={changed}
          label="Pause"
          call={action("pause")}
          off={status === "failed" ? "It has failed, and does nothing anyway." : undefined}
          before={async () => "It stops. Events wait in the log; nothing is lost."}
          done={() => `${name} is paused.`}
        />
      )}
      {kind === "view" ? null : <Reset {...{ of, changed }} />}
    </>
  );
}

function Stuck({ error, does }: { error: ConsumerError | undefined; does: string }) {
  const event = error?.event;
  return (
    <p>
      {event ? (
        <>
          <bdi>{event.type}</bdi> at position {count(event.position)} (<bdi>{event.stream}</bdi>, version {event.version}) {does}
        </>
      ) : (
        `What failed ${does}`
      )}
    </p>
  );
}

/** Begins again after a position: the whole log, or less of it. */
function Reset({ of: { name, kind, head }, changed }: ActionsProps) {
  const [position, setPosition] = useState(0);
  const path = `${segments("consumers", name)}/reset`;
  return (
    <span class="row">
      <Act
        label="Reset"
        right="admin"
        isDangerous
        call={{ method: "POST", path, body: { position } }}
        before={(signal) => wouldRun(path, position, kind === "webhook" ? "sent" : "processed", signal)}
        done={({ warning }: { warning?: string }) => `${name} begins again after position ${count(position)}. ${warning ?? ""}`}
        then={changed}
      />
      <label class="row">
        to position
        <input
          class="short"
          type="number"
          min={0}
          max={head}
          value={position}
          onInput={({ currentTarget }) => setPosition(Math.max(0, Math.floor(Number(currentTarget.value))))}
        />
      </label>
    </span>
  );
}

/** How many events a reset would run again: the store counts them. */
export async function wouldRun(path: string, position: number, verb: string, signal: AbortSignal): Promise<ComponentChildren> {
  const answer = await call(`${path}?dryRun=true`, { method: "POST", body: { position }, signal });
  const { events, position: counted_, to } = answer.body as { events: number; position: number; to: number };
  return (
    <>
      <strong>{counted_ < to ? `At least ${counted(events, "event")}` : counted(events, "event")}</strong> would be {verb} again, from
      position {count(position + 1)} to {count(to)}
      {counted_ < to ? `; counting took too long and ended at position ${count(counted_)}` : ""}.
    </>
  );
}

/** What a processor over HTTP would do with the event as it is now: its preview. Code cannot be asked. */
async function wouldDo(name: string, event: number, signal: AbortSignal): Promise<string> {
  const { body } = await call(`${segments("processors", name)}/preview`, { method: "POST", body: { event }, signal });
  const { error, emits = [] } = body as Preview;
  if (error) return `It would fail again: ${error.path}: ${error.message}`;
  return emits.length === 0
    ? "It would emit nothing."
    : `It would emit ${emits.map(({ type, stream }) => `${type} to ${stream}`).join(", ")}.`;
}

interface Preview {
  readonly error?: { readonly path: string; readonly message: string };
  readonly emits?: readonly { readonly type: string; readonly stream: string }[];
}
