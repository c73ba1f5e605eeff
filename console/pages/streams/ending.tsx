/** The end of a stream: deleting it, and erasing what it says. */

import { Act } from "../../parts/act.tsx";
import { Section } from "../../parts/page.tsx";
import { counted } from "../../parts/show.tsx";
import { streamPath } from "../../store/paths.ts";
import type { Resource } from "../../store/resource.ts";

interface EndingProps {
  stream: string;
  version?: number;
  error: Resource<unknown>["error"];
  then: () => void;
}

export function Ending({ stream, version: seen, error, then }: EndingProps) {
  const isDeleted = error?.code === "stream-deleted";
  const version = isDeleted ? undefined : seen;
  if (version === undefined && !isDeleted) return null;
  const path = streamPath(stream);
  // As it is seen here: with another event since then, the store refuses.
  const headers: Record<string, string> = version === undefined ? {} : { "if-match": `"${version}"` };
  const events = version === undefined ? "its events" : counted(version, "event");
  return (
    <Section title="End this stream">
      <div class="row">
        {isDeleted ? null : (
          <Act
            label="Delete the stream"
            right="write"
            isDangerous
            call={{ method: "DELETE", path, headers }}
            before={async () => (
              <p>
                Appends one last event to <bdi>{stream}</bdi>. From then on nobody can read or write the stream, for good: its id cannot be
                used again. The log keeps {events}.
              </p>
            )}
            done={() => `${stream} has ended.`}
            then={then}
          />
        )}
        <Act
          label="Erase its data"
          right="write"
          isDangerous
          call={{ method: "DELETE", path: `${path}?erase=true`, headers }}
          before={async () => (
            <p>
              Deletes <bdi>{stream}</bdi> and removes data and meta of {events} from the stream and the log, for good. Views lose its rows,
              or are built again without it. What webhooks have sent already cannot be taken back.
            </p>
          )}
          done={() => `The data of ${stream} is erased.`}
          then={then}
        />
      </div>
    </Section>
  );
}
