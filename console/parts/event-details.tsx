/** One event as a whole: what it says, what made it, and the ways to its stream and its story. */

import { Link } from "wouter-preact";
import type { StoredEvent } from "../store/event.ts";
import { to } from "../store/paths.ts";
import { Json } from "./json.tsx";
import { StreamLink, Time, count } from "./show.tsx";

/** @param isInStory the page tells its story already */
export function EventDetails({ event, isInStory = false }: { event: StoredEvent; isInStory?: boolean }) {
  const { stream, version, position, type, data, meta, time, recordedAt, schemaVersion, id } = event;
  const maker = makerOf(meta);
  return (
    <div class="event-details">
      <dl class="pairs">
        <dt>Type</dt>
        <dd>
          <bdi>{type}</bdi> {schemaVersion === undefined ? null : <span class="dim">schema version {schemaVersion}</span>}
        </dd>
        <dt>Stream</dt>
        <dd>
          <StreamLink stream={stream} version={version} /> <span class="dim">at version {count(version)}</span>
        </dd>
        {position === undefined ? null : (
          <>
            <dt>Position</dt>
            <dd>
              <Link href={to.log({ at: position, open: position })}>{count(position)}</Link>
            </dd>
          </>
        )}
        {maker === undefined ? null : (
          <>
            <dt>Made by</dt>
            <dd>
              <bdi>{maker}</bdi>
            </dd>
          </>
        )}
        <dt>Recorded</dt>
        <dd>
          <Time at={recordedAt} />
        </dd>
        {time === recordedAt ? null : (
          <>
            <dt>Happened</dt>
            <dd>
              <Time at={time} />
            </dd>
          </>
        )}
        <dt>Id</dt>
        <dd>
          <code>{id}</code>
        </dd>
      </dl>
      {isInStory ? null : (
        <p class="row">
          <Link href={to.storyOf(event) ?? "/story"}>What led to it and what followed</Link>
        </p>
      )}
      {event.erased ? <p>Its data was erased.</p> : null}
      {event.unlifted === undefined ? null : <p role="alert">The app’s code cannot read it: {event.unlifted}</p>}
      <h3>Data</h3>
      <Json value={data} label={`Data of ${type}`} />
      <h3>Meta</h3>
      <Json value={meta} label={`Meta of ${type}`} />
    </div>
  );
}

/** What made an event, in words; undefined where the store does not know. */
function makerOf(meta: StoredEvent["meta"]): string | undefined {
  const { $processor, $command, $timer, by } = meta;
  const sender = typeof by === "string" ? ` from ${by}` : "";
  if (typeof $timer === "string") return `timer ${$timer}`;
  if (typeof $processor === "string") return `processor ${$processor}${typeof $command === "string" ? `, by its command ${$command}` : ""}`;
  return typeof $command === "string" ? `command ${$command}${sender}` : sender === "" ? undefined : `an append${sender}`;
}
