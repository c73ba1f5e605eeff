/** What a write did. */

import { Link } from "wouter-preact";
import { Section } from "../../parts/page.tsx";
import { StreamLink, count } from "../../parts/show.tsx";
import { to } from "../../store/paths.ts";

export interface Written {
  readonly stream: string;
  readonly version: number;
  readonly position?: number;
  readonly events: readonly { readonly type: string; readonly version: number; readonly position?: number }[];
}

export function Done({ written: { stream, version, events } }: { written: Written }) {
  return (
    <Section title={events.length === 0 ? "There was nothing to do" : "It was accepted"}>
      <p>
        <StreamLink stream={stream} version={version} /> is at version {version}.
      </p>
      <ul>
        {events.map((event) => (
          <li key={event.version}>
            <bdi>{event.type}</bdi>{" "}
            {event.position === undefined ? (
              <span class="dim">its position follows</span>
            ) : (
              <Link href={to.storyOfEvent(event.position)}>What it led to, from position {count(event.position)}</Link>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
