/** One event for a plain category: its form, and what it became. */

import { useState } from "preact/hooks";
import type { HeadspringError } from "headspring/client";
import { Act } from "../../parts/act.tsx";
import { issuesOf } from "../../parts/issues.tsx";
import { Failure } from "../../parts/remote.tsx";
import { SchemaForm } from "../../parts/schema-form.tsx";
import { type Schema, beginning, hasUnparsed } from "../../parts/schema.ts";
import type { CategoryDefinition } from "../../store/event.ts";
import { segments } from "../../store/paths.ts";
import { Conditions, type Given, NO_CONDITIONS, headersOf } from "./conditions.tsx";
import { Done, type Written } from "./done.tsx";

/** Where data begins in the body of an append. */
const DATA = /^(?:events\.0\.)?data(?:\.|$)/;

export function SendEvent({ definition, id, type, schema }: { definition: CategoryDefinition; id: string; type: string; schema: Schema }) {
  const { name, key, facts } = definition;
  const [data, setData] = useState<unknown>(() => beginning(schema, schema) || {});
  const [given, setGiven] = useState<Given>(NO_CONDITIONS);
  const [error, setError] = useState<HeadspringError>();
  const [written, setWritten] = useState<Written>();
  const isFact = facts && id === "";
  const path = id === "" ? segments("streams", name) : segments("streams", name, id);
  const off = hasUnparsed(data)
    ? "What is written as JSON is not valid JSON yet."
    : !isFact && type === ""
      ? "Say which type the event has."
      : undefined;
  return (
    <>
      <SchemaForm
        label={type || "Data"}
        schema={schema}
        value={data}
        onChange={setData}
        issues={issuesOf(error).map((issue) => ({ ...issue, path: issue.path.replace(DATA, "") }))}
      />
      {id === "" ? (
        <p class="dim">
          {key === undefined ? "Without an id it goes to a new stream." : `Without an id it goes to the stream that its “${key}” names.`}
        </p>
      ) : null}
      <Conditions given={given} onChange={setGiven} />
      <div class="row">
        <Act
          label={type === "" ? "Append" : `Append ${type}`}
          right="write"
          call={{ method: "POST", path, body: isFact ? data : { type, data }, headers: headersOf(given) }}
          off={off}
          isPrimary
          done={(answer: Written) => `${answer.events[0]?.type} is in ${answer.stream}`}
          then={(answer) => (setError(undefined), setWritten(answer))}
          failed={(problem) => (setError(problem), setWritten(undefined))}
        />
      </div>
      <div aria-live="polite">
        {error ? <Failure error={error} /> : null}
        {written ? <Done written={written} /> : null}
      </div>
    </>
  );
}
