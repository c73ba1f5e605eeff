/** One row, and the events that made it what it is. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Json } from "../../parts/json.tsx";
import { Section } from "../../parts/page.tsx";
import { Remote } from "../../parts/remote.tsx";
import { count } from "../../parts/show.tsx";
import type { StoredEvent } from "../../store/event.ts";
import { query, segments } from "../../store/paths.ts";
import { useGet } from "../../store/resource.ts";
import { EventTable } from "../../parts/event-table.tsx";

interface Behind {
  readonly events: readonly StoredEvent[];
  readonly hasMore: boolean;
  readonly next?: number;
  readonly scannedTo: number;
}

/** Events of a page. */
const EVENTS = 20;

export function OneRow({ view, id, close }: { view: string; id: string; close: () => void }) {
  const [after, setAfter] = useState<number>();
  const path = segments("views", view, id);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.scrollIntoView({ block: "nearest" }), []);
  const row = useGet(path);
  const behind = useGet<Behind>(`${path}/events${query({ after, limit: EVENTS })}`);
  return (
    <Section
      title={`Row ${id}`}
      actions={
        <button type="button" class="plain" onClick={close}>
          Close the row
        </button>
      }
    >
      <div class="halves" ref={box}>
        <div>
          <Remote of={row}>{(value) => <Json value={value} label={`Row ${id}`} />}</Remote>
        </div>
        <div>
          <h3>The events behind it, the latest first</h3>
          <Remote of={behind} lines={6}>
            {({ events, next, scannedTo }) => (
              <>
                {events.length === 0 ? (
                  <p class="dim">None from position {count(scannedTo)} on.</p>
                ) : (
                  <EventTable label={`Events behind row ${id}`} events={events} />
                )}
                <div class="row">
                  {after === undefined ? null : (
                    <button type="button" onClick={() => setAfter(undefined)}>
                      The latest
                    </button>
                  )}
                  {next === undefined ? null : (
                    <button type="button" onClick={() => setAfter(next)}>
                      Earlier events
                    </button>
                  )}
                </div>
              </>
            )}
          </Remote>
        </div>
      </div>
    </Section>
  );
}
