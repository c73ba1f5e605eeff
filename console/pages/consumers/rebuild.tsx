/** The rebuild of a view: its start, its progress, its end. It goes on without this page, and is found again by the view's address. */

import { useEffect, useRef } from "preact/hooks";
import { notify } from "../../frame/notices.tsx";
import { Act } from "../../parts/act.tsx";
import { Time, count, counted, duration } from "../../parts/show.tsx";
import { Section } from "../../parts/page.tsx";
import type { ConsumerReport } from "../../store/event.ts";
import { segments } from "../../store/paths.ts";
import { wouldRun } from "./actions.tsx";
import { Failed } from "./failed.tsx";

export function Rebuild({ of, changed }: { of: ConsumerReport; changed: () => void }) {
  const { name, rebuild, stale } = of;
  const since = useRef<string>();
  useEffect(() => {
    if (since.current && !rebuild) notify(`${name} is rebuilt, and answers from its new table: it took ${took(since.current)}.`);
    since.current = rebuild?.startedAt;
  }, [of]);
  return (
    <Section
      title="Rebuild"
      actions={
        <Act
          label="Rebuild"
          right="admin"
          call={{ method: "POST", path: `${segments("views", name)}/rebuild` }}
          off={rebuild ? "It is being rebuilt already." : undefined}
          before={(signal) => wouldRun(`${segments("consumers", name)}/reset`, 0, "processed", signal)}
          done={() => `${name} is being rebuilt.`}
          then={(body: ConsumerReport) => {
            // A short one is over before the next look.
            since.current = body.rebuild?.startedAt;
            changed();
          }}
        />
      }
    >
      {rebuild ? (
        <>
          <progress aria-label="Progress of the rebuild" max={Math.max(1, rebuild.head)} value={rebuild.position} />
          <p>
            {rebuild.status === "building" ? "" : `It has ${rebuild.status === "failed" ? "failed" : "been paused"}. `}
            {count(rebuild.position)} of {counted(rebuild.head, "event")} (
            {Math.floor((100 * rebuild.position) / Math.max(1, rebuild.head))}
            {" %)"}
            {rebuild.eventsPerSecond === undefined ? "" : `, ${counted(rebuild.eventsPerSecond, "event")}/s`}; begun{" "}
            <Time at={rebuild.startedAt} />
            {rebuild.estimatedEnd ? (
              <>
                , estimated end <Time at={rebuild.estimatedEnd} />, in{" "}
                {duration(Math.max(0, Date.parse(rebuild.estimatedEnd) - Date.now()))}
              </>
            ) : null}
            .
          </p>
          <p class="dim">
            {stale
              ? "Until then the rows are those of an earlier definition, and do not change."
              : "Until then the old rows answer, and are kept up to date."}{" "}
            You can leave this page.
          </p>
          {rebuild.lastError ? (
            <Failed
              error={rebuild.lastError}
              attempts={of.attempts}
              says={rebuild.status === "failed" ? "It has stopped." : "It tries again by itself."}
            />
          ) : null}
        </>
      ) : (
        <p class="dim">A rebuild folds the whole log into a new table, which then takes over in one step. Meanwhile the old one answers.</p>
      )}
    </Section>
  );
}

function took(since: string): string {
  return duration(Date.now() - Date.parse(since));
}
