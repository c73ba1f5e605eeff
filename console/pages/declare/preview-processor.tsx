/** What a processor would do with each event, step by step. */

import { Json } from "../../parts/json.tsx";
import { Cell, count } from "../../parts/show.tsx";
import type { StoredEvent } from "../../store/event.ts";

interface EventPreview {
  readonly event: Partial<StoredEvent>;
  readonly outcome: "done" | "failed" | "passed";
  readonly why?: string;
  readonly steps: readonly Readonly<Record<string, unknown>>[];
  readonly emits: readonly {
    readonly stream?: string;
    readonly to: string;
    readonly type: string;
    readonly data: unknown;
    readonly accepted: boolean;
    readonly problem?: string;
  }[];
  readonly error?: { readonly path: string; readonly message: string };
}

/** Of one event, or of several. */
type ProcessorPreview = EventPreview | { readonly previews: readonly EventPreview[] };

export function Processed({ preview }: { preview: ProcessorPreview }) {
  const previews = "previews" in preview ? preview.previews : [preview];
  if (previews.length === 0) return <p class="dim">The log has no event that it follows.</p>;
  return (
    <>
      {previews.map((one, index) => (
        <One key={index} {...one} />
      ))}
    </>
  );
}

function One({ event, outcome, why, steps, emits, error }: EventPreview) {
  return (
    <div class="processed">
      <h3>
        <bdi>{event.type ?? "An event"}</bdi>{" "}
        <span class="dim">
          <bdi>{event.stream}</bdi>
          {event.position === undefined ? null : `, position ${count(event.position)}`}
        </span>
      </h3>
      {outcome === "passed" ? <p class="dim">Passed by: {why}</p> : null}
      {error ? (
        <p class="issue">
          <code>{error.path}</code> {error.message}
        </p>
      ) : null}
      {outcome === "done" && emits.length === 0 ? <p class="dim">It emits nothing.</p> : null}
      {emits.map(({ stream, to, type, data, accepted, problem }, index) => (
        <div key={index}>
          <p>
            emits <strong>{type}</strong> to <bdi>{stream ?? to}</bdi>
            {accepted ? null : <span class="issue">, which refuses it: {problem}</span>}
          </p>
          <Json value={data} label={`Data of ${type}`} />
        </div>
      ))}
      {steps.length === 0 ? null : (
        <details>
          <summary>Its steps</summary>
          <ol>
            {steps.map(({ path, step, data, ...rest }, index) => (
              <li key={index}>
                <code>{String(path)}</code> {String(step)}
                {rest.outcome || rest.taken !== undefined || rest.found !== undefined ? <Cell value={rest} /> : null} <Cell value={data} />
              </li>
            ))}
          </ol>
        </details>
      )}
    </div>
  );
}
