/** Events of several streams, in the order that they are given. */

import type { StoredEvent } from "../store/event.ts";
import { EventLink, StreamLink, Time, count } from "./show.tsx";
import { Table } from "./table.tsx";

export function EventTable({ label, events }: { label: string; events: readonly StoredEvent[] }) {
  return (
    <Table
      label={label}
      rows={events}
      keyOf={({ id, position }) => `${position} ${id}`}
      columns={[
        { title: "Position", isNumber: true, cell: ({ position }) => count(position ?? 0) },
        { title: "Type", cell: (event) => <EventLink event={event} /> },
        { title: "Stream", cell: ({ stream, version }) => <StreamLink stream={stream} version={version} /> },
        { title: "Time", cell: ({ recordedAt }) => <Time at={recordedAt} /> },
      ]}
    />
  );
}
