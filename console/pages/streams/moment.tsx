/** A stream at one version: the state then, what the event there changed, and the event. */

import { EventDetails } from "../../parts/event-details.tsx";
import { Remote } from "../../parts/remote.tsx";
import { States, useKept } from "../../parts/states.tsx";
import type { StoredEvent } from "../../store/event.ts";
import { query, streamPath } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";

interface MomentProps {
  stream: string;
  version: number;
  isNow: boolean;
  hasState: boolean;
}

export function Moment({ stream, version, isNow, hasState }: MomentProps) {
  const { kept: events } = useKept(
    useGet<{ events: StoredEvent[] }>(`${streamPath(stream)}${query({ from: version, to: version, positions: true })}`),
  );
  const event = events.value?.events[0];
  return (
    <div class="moment">
      {hasState ? <States stream={stream} version={version} isNow={isNow} /> : null}
      <h2>Event {version}</h2>
      <Remote of={events} lines={10}>
        {() => (event ? <EventDetails event={event} /> : <p>The stream has no event of this version.</p>)}
      </Remote>
    </div>
  );
}
