/** What an operator can do with a source. */

import { Act } from "../../parts/act.tsx";
import { segments } from "../../store/paths.ts";
import type { SourceReport } from "./source.ts";

export function Actions({ of: { name, status, lastError }, changed }: { of: SourceReport; changed: () => void }) {
  const action = (what: string, body?: unknown) => ({ method: "POST" as const, path: `${segments("sources", name)}/${what}`, body });
  const isPaused = status === "paused";
  const change = lastError?.change;
  return (
    <>
      {lastError && !isPaused ? (
        <Act right="admin" then={changed} label="Retry" isPrimary call={action("retry")} done={() => `${name} tries again.`} />
      ) : null}
      {change === undefined ? null : (
        <Act
          right="admin"
          then={changed}
          label="Skip"
          isDangerous
          call={action("skip", { change })}
          before={async () => (
            <p>
              The change at <bdi>{change}</bdi> is never appended. It stays on record here.
            </p>
          )}
          done={() => `${name} has skipped the change.`}
        />
      )}
      {isPaused ? (
        <Act right="admin" then={changed} label="Resume" isPrimary call={action("resume")} done={() => `${name} continues.`} />
      ) : (
        <Act
          right="admin"
          then={changed}
          label="Pause"
          call={action("pause")}
          before={async () => "It stops. What changes outside waits there, which may cost space there."}
          done={() => `${name} is paused.`}
        />
      )}
      <Act
        right="admin"
        then={changed}
        label="Reset"
        isDangerous
        call={action("reset")}
        before={async () => "It reads everything outside again, from the beginning. What it has appended before is not appended twice."}
        done={() => `${name} begins again.`}
      />
    </>
  );
}
