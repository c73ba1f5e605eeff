/** What a source would make of changes that somebody makes up: nothing is read outside. */

import { useState } from "preact/hooks";
import { JsonField } from "../../parts/json-field.tsx";
import { Json } from "../../parts/json.tsx";
import { Remote } from "../../parts/remote.tsx";
import { type Schema, beginning, hasUnparsed } from "../../parts/schema.ts";
import type { AppReport } from "../../store/event.ts";
import { useResource } from "../../store/resource.ts";
import { call } from "../../store/store.ts";

interface Previewed {
  readonly outcome: string;
  readonly why?: string;
  readonly event?: { readonly stream: string; readonly type: string; readonly data: unknown };
  readonly error?: { readonly path: string; readonly message: string };
}

/** @param definition undefined: it cannot be tried yet. What was made up stays */
export function Changed({ name, definition, app }: { name: string; definition: string | undefined; app: AppReport }) {
  const [written, setWritten] = useState<unknown>();
  const wanted = definition === undefined ? undefined : (JSON.parse(definition) as { kind?: unknown }).kind;
  const schema = (app.sourceKinds.find((kind) => kind.name === wanted)?.change ?? true) as Schema;
  const made = written ?? (beginning(schema, schema) || {});
  const key = definition === undefined || hasUnparsed(made) ? undefined : `${name} ${definition} ${JSON.stringify(made)}`;
  const preview = useResource(key, async (signal) => {
    const given = [made].flat();
    const body = { name, definition: JSON.parse(definition!) as unknown, changes: given };
    return (await call("/sources/preview", { method: "POST", body, signal })).body as { previews: Previewed[] };
  });
  return (
    <>
      <JsonField label="A change, or a list of them" value={made} onChange={setWritten} />
      {key === undefined ? null : (
        <Remote of={preview} lines={4}>
          {({ previews }) => (
            <>
              {previews.map(({ why, event, error }, index) => (
                <div key={index} class="processed">
                  {why === undefined ? null : <p class="dim">Passed over: {why}</p>}
                  {error ? (
                    <p class="issue">
                      <code>{error.path}</code> <bdi>{error.message}</bdi>
                    </p>
                  ) : null}
                  {event ? (
                    <>
                      <p>
                        appends <strong>{event.type}</strong> to <bdi>{event.stream}</bdi>
                      </p>
                      <Json value={event.data} label={`Data of ${event.type}`} />
                    </>
                  ) : null}
                </div>
              ))}
            </>
          )}
        </Remote>
      )}
    </>
  );
}
