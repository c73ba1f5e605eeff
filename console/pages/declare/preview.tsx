/** What a definition makes of the latest events, or of one that somebody makes up. Nothing is stored. */

import { useRef, useState } from "preact/hooks";
import { JsonField } from "../../parts/json-field.tsx";
import { Loading, Remote } from "../../parts/remote.tsx";
import { type Schema, beginning, hasUnparsed } from "../../parts/schema.ts";
import type { AppReport, CategoryDefinition } from "../../store/event.ts";
import { segments } from "../../store/paths.ts";
import { useResource } from "../../store/resource.ts";
import { call, get } from "../../store/store.ts";
import type { Tried } from "./effect.tsx";
import { type Definition, type Kind } from "./kinds.ts";
import { Fitting } from "./preview-stream.tsx";
import { Processed } from "./preview-processor.tsx";
import { Changed } from "./preview-source.tsx";
import { Rows } from "./preview-view.tsx";

interface PreviewProps {
  kind: Kind;
  name: string;
  tried: Tried | undefined;
  /** As JSON; undefined: it cannot be tried yet. */
  definition: string | undefined;
  app: AppReport;
}

/** Events of a view's preview, and of a processor's. */
const LAST = { view: 100, processor: 5 } as const;

export function Preview(props: PreviewProps) {
  const { kind, tried, definition } = props;
  if (kind === "stream") return tried ? <Fitting tried={tried} /> : null;
  if (kind === "source") return <Changed {...props} />;
  return definition === undefined ? null : <Made {...props} kind={kind} definition={definition} />;
}

function Made({ kind, name, definition, app }: PreviewProps & { kind: "view" | "processor"; definition: string }) {
  const [made, setMade] = useState<unknown>();
  const given = hasUnparsed(made) ? undefined : made;
  const last = useRef<unknown>();
  const preview = useResource<Definition>(`${kind} ${name} ${definition} ${JSON.stringify(given)}`, async (signal) => {
    const events = given === undefined ? { last: LAST[kind] } : kind === "view" ? { events: [given], last: LAST.view } : { event: given };
    const { body } = await call(`/${kind}s/preview`, {
      method: "POST",
      body: { name, definition: JSON.parse(definition), ...events },
      signal,
    });
    return body;
  });
  // The earlier one stays while the next one is made.
  if (preview.value !== undefined) last.current = preview.value;
  const value = preview.value ?? (last.current as Definition);
  return (
    <>
      {preview.error ? <Remote of={preview}>{() => null}</Remote> : null}
      {value === undefined ? (
        preview.error ? null : (
          <Loading lines={8} />
        )
      ) : kind === "view" ? (
        <Rows preview={value} />
      ) : (
        <Processed preview={value} />
      )}
      <MakeUp from={[JSON.parse(definition).from].flat()[0]} app={app} made={made} onChange={setMade} />
    </>
  );
}

/** An event that was never written: where the log has none yet, or for a case that has not happened. */
function MakeUp({ from, app, made, onChange }: { from: string; app: AppReport; made: unknown; onChange: (made: unknown) => void }) {
  const [isOpen, setOpen] = useState(false);
  const open = async () => {
    const { events } = await get<CategoryDefinition>(segments("streams", from));
    const [type, schema] = Object.entries(events)[0] ?? ["Noted", true];
    onChange({ stream: `${from}/1`, type, data: beginning(schema as Schema, schema as Schema) || {} });
    setOpen(true);
  };
  if (!app.categories.some(({ name }) => name === from)) return null;
  return isOpen ? (
    <>
      <JsonField label="An event that you make up" value={made} onChange={onChange} />
      <button
        type="button"
        onClick={() => {
          onChange(undefined);
          setOpen(false);
        }}
      >
        Without it
      </button>
    </>
  ) : (
    <p>
      <button type="button" onClick={() => void open()}>
        Try it with an event that you make up
      </button>
    </p>
  );
}
