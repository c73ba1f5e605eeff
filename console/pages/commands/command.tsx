/** One command: its form, what it would do now, and what it did. */

import { useState } from "preact/hooks";
import type { HeadspringError } from "headspring/client";
import { Act } from "../../parts/act.tsx";
import { Difference } from "../../parts/difference.tsx";
import { issuesOf } from "../../parts/issues.tsx";
import { Json } from "../../parts/json.tsx";
import { Section } from "../../parts/page.tsx";
import { Failure } from "../../parts/remote.tsx";
import { SchemaForm } from "../../parts/schema-form.tsx";
import { type Schema, beginning, hasUnparsed } from "../../parts/schema.ts";
import { StreamLink } from "../../parts/show.tsx";
import type { Call } from "../../store/curl.ts";
import { segments } from "../../store/paths.ts";
import { whyNot } from "../../store/rights.ts";
import { call as send } from "../../store/store.ts";
import { Conditions, type Given, NO_CONDITIONS, headersOf } from "./conditions.tsx";
import { Done, type Written } from "./done.tsx";

/** The answer of a dry run, with the state before it. */
interface Tried {
  readonly outcome: "accepted" | "refused";
  readonly events: readonly { readonly type: string; readonly data: unknown }[];
  readonly state: unknown;
  readonly reason?: string;
  readonly details?: unknown;
  readonly before: { readonly version: number; readonly state: unknown };
}

interface SendCommandProps {
  category: string;
  id: string;
  command: string;
  schema: Schema;
}

export function SendCommand({ category, id, command, schema }: SendCommandProps) {
  const [body, setBody] = useState(() => beginning(schema, schema));
  const [given, setGiven] = useState<Given>(NO_CONDITIONS);
  const [error, setError] = useState<HeadspringError>();
  const [tried, setTried] = useState<Tried>();
  const [written, setWritten] = useState<Written>();
  const path = segments("aggregates", category, id, command);
  const call: Call = { method: "POST", path, body: body ?? {}, headers: headersOf(given) };
  const off =
    id === "" ? "Say which stream: its id is missing." : hasUnparsed(body) ? "What is written as JSON is not valid JSON yet." : undefined;
  const begin = () => {
    setError(undefined);
    setTried(undefined);
    setWritten(undefined);
  };
  const tryIt = async () => {
    begin();
    try {
      const { "Idempotency-Key": _key, ...headers } = headersOf(given);
      const [{ body: before }, { body: answer }] = await Promise.all([
        send(segments("aggregates", category, id)).catch(absent),
        send(`${path}?dryRun=true`, { method: "POST", body: body ?? {}, headers }),
      ]);
      setTried({ ...answer, before });
    } catch (failed) {
      setError(failed as HeadspringError);
    }
  };
  const noTry = off ?? whyNot("write") ?? whyNot("read");
  return (
    <>
      <SchemaForm label={command} schema={schema} value={body} onChange={setBody} issues={issuesOf(error)} />
      <Conditions given={given} onChange={setGiven} />
      <div class="row">
        <button type="button" aria-disabled={noTry !== undefined} title={noTry} onClick={() => noTry === undefined && void tryIt()}>
          What would it do now?
        </button>
        <Act
          label={`Send ${command}`}
          right="write"
          call={call}
          off={off}
          isPrimary
          done={(answer: Written) =>
            `${command}: ${answer.events.length === 0 ? "nothing to do" : answer.events.map(({ type }) => type).join(", ")}`
          }
          then={(answer) => (begin(), setWritten(answer))}
          failed={(problem) => (begin(), setError(problem))}
        />
        {noTry === undefined ? null : <span class="dim">{noTry}</span>}
      </div>
      <div aria-live="polite">
        {error ? <Failure error={error} /> : null}
        {tried ? <Outcome stream={`${category}/${id}`} tried={tried} /> : null}
        {written ? <Done written={written} /> : null}
      </div>
    </>
  );
}

/** A stream that does not exist yet has no state before. */
function absent(error: HeadspringError): { body: Tried["before"] } {
  if (error.status !== 404) throw error;
  return { body: { version: 0, state: {} } };
}

function Outcome({ stream, tried }: { stream: string; tried: Tried }) {
  const { outcome, events, reason, details, before, state } = tried;
  return (
    <Section
      title={outcome === "refused" ? "It would be refused" : events.length === 0 ? "There would be nothing to do" : "It would be accepted"}
    >
      <p class="dim">
        Nothing is stored. <StreamLink stream={stream} /> is at version {before.version}.
      </p>
      {reason === undefined ? null : (
        <p>
          Reason: <strong>{reason}</strong>
        </p>
      )}
      {details === undefined ? null : <Json value={details} label="Details of the refusal" />}
      {events.map(({ type, data }, index) => (
        <div key={index}>
          <h3>
            <bdi>{type}</bdi>
          </h3>
          <Json value={data} label={`Data of ${type}`} />
        </div>
      ))}
      <h3>The state</h3>
      <Difference before={before.state} after={state} />
    </Section>
  );
}
