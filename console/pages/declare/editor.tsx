/** The editor of one definition: its form, what the store says of it while it is written, what it would make of the latest events, and its end. */

import { useEffect, useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { Act } from "../../parts/act.tsx";
import { Section } from "../../parts/page.tsx";
import { Failure } from "../../parts/remote.tsx";
import { SchemaForm } from "../../parts/schema-form.tsx";
import { hasUnparsed } from "../../parts/schema.ts";
import { issuesOf } from "../../parts/issues.tsx";
import type { AppReport } from "../../store/event.ts";
import { to } from "../../store/paths.ts";
import { useResource } from "../../store/resource.ts";
import { whyNot } from "../../store/rights.ts";
import { call } from "../../store/store.ts";
import { ExpressionField, ScopeContext, useScope } from "./expression-field.tsx";
import { type Definition, KINDS, type Kind, asSent, formOf } from "./kinds.ts";
import { Next } from "./next.tsx";
import { Preview } from "./preview.tsx";
import { SchemaField } from "./schema-field.tsx";
import { type Tried, effectOf, endOf } from "./effect.tsx";

interface EditorProps {
  kind: Kind;
  name?: string;
  isNew: boolean;
  beginning: Definition;
  app: AppReport;
}

/** Milliseconds after the last key until the store is asked. */
const PAUSE = 400;
const FORMATS = { expression: ExpressionField, schema: SchemaField };
/** A name for trying, before there is one. */
const UNNAMED = "unnamed";

export function Editor({ kind, name: given = "", isNew, beginning, app }: EditorProps) {
  const [, navigate] = useLocation();
  const [name, setName] = useState(given);
  const [definition, setDefinition] = useState<Definition>(beginning);
  const [saved, setSaved] = useState<string>();
  const isWhole = !hasUnparsed(definition);
  const body = isWhole ? asSent(definition) : undefined;
  const settled = useSettled(isWhole ? JSON.stringify(body) : undefined);
  const why = whyNot("admin");
  const path = KINDS[kind].path(name || UNNAMED);
  const tried = useResource<Tried>(settled !== undefined && why === undefined ? `${path} ${settled} ${saved}` : undefined, (signal) =>
    call(`${path}?dryRun=true`, { method: "PUT", body: JSON.parse(settled!), signal }).then((answer) => answer.body as Tried),
  );
  const { error } = tried;
  const issues = issuesOf(error);
  const scope = useScope(kind, definition, app);
  const off = !isWhole ? "What is written as JSON is not valid JSON yet." : name === "" ? "Give it a name." : undefined;
  return (
    <div class="halves">
      <div>
        {isNew ? (
          <label class="field short">
            Name
            <input
              autocomplete="off"
              spellcheck={false}
              autofocus
              value={name}
              placeholder={
                kind === "stream" ? "reading" : kind === "view" ? "latest-readings" : kind === "source" ? "stock-table" : "alarms"
              }
              onInput={({ currentTarget }) => setName(currentTarget.value.trim())}
            />
          </label>
        ) : null}
        <ScopeContext.Provider value={scope}>
          <SchemaForm
            label="Definition"
            schema={formOf(kind, app, isWhole ? definition : beginning)}
            value={definition}
            onChange={setDefinition}
            issues={issues}
            formats={FORMATS}
          />
        </ScopeContext.Provider>
        <div class="row end">
          {isNew ? null : (
            <Act
              label={`Delete ${name}`}
              right="admin"
              call={{ method: "DELETE", path }}
              isDangerous
              before={(signal) => endOf(kind, name, app, signal)}
              done={() => `${name} is deleted`}
              then={() => navigate("/declare")}
            />
          )}
          <Act
            label={isNew ? `Declare ${name || `the ${kind}`}` : "Save the change"}
            right="admin"
            isPrimary
            off={off}
            call={{ method: "PUT", path, body }}
            before={async (signal) => {
              const answer = await call(`${path}?dryRun=true`, { method: "PUT", body, signal });
              return effectOf(kind, name, answer.body as Tried, body, signal);
            }}
            done={() => `${name} is declared`}
            then={() => {
              setSaved(settled);
              if (isNew) navigate(to.declare(kind, name), { replace: true });
            }}
          />
        </div>
        {!isNew || saved !== undefined ? <Next kind={kind} name={name} /> : null}
      </div>
      <Section
        title={kind === "stream" ? "The latest events" : kind === "source" ? "With changes that you make up" : "With the latest events"}
      >
        {why === undefined ? null : <p>{why}</p>}
        {error ? <Failure error={error} /> : null}
        <Preview kind={kind} name={name || UNNAMED} tried={tried.value} definition={error ? undefined : settled} app={app} />
      </Section>
    </div>
  );
}

/** A value once it rests. */
function useSettled<Value>(value: Value): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
