/** The settings of a webhook: a new one, or a change of one that is there. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { HeadspringError } from "headspring/client";
import { Copy } from "../../parts/copy.tsx";
import { Failure } from "../../parts/remote.tsx";
import { useSending } from "../../parts/sending.ts";
import { type Call, curlOf } from "../../store/curl.ts";
import { segments } from "../../store/paths.ts";
import { call as ask } from "../../store/store.ts";
import type { WebhookReport } from "./webhook.ts";

const lines = (text: string, by: RegExp) => text.split(by).flatMap((one) => one.trim() || []);

/** A member that is left empty is absent; in a change, null takes it away. */
function bodyOf(form: FormData, before: WebhookReport | undefined): Record<string, unknown> {
  const text = (name: string) => {
    const value = form.get(name);
    return typeof value === "string" ? value.trim() : "";
  };
  const list = (name: string) => (text(name) === "" ? undefined : lines(text(name), /[,\s]+/));
  const number = (name: string) => (text(name) === "" ? undefined : Number(text(name)));
  const headers = lines(text("headers"), /\n/).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim() || null];
  });
  const all: Record<string, unknown> = {
    url: text("url"),
    description: text("description") || undefined,
    types: list("types"),
    categories: list("categories"),
    where: text("where") === "" ? undefined : JSON.parse(text("where")),
    rate: number("rate"),
    concurrency: number("concurrency"),
    asymmetric: form.has("asymmetric") || undefined,
    format: text("format") === "event" ? undefined : text("format"),
    headers: headers.length === 0 ? undefined : Object.fromEntries(headers),
  };
  if (!before) return { ...all, from: text("from") === "head" ? "head" : Number(text("from")) };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => {
      const was = before[name as keyof WebhookReport];
      if (name === "headers") return value === undefined ? [] : [[name, value]];
      if (JSON.stringify(value) === JSON.stringify(was)) return [];
      return [[name, value ?? null]];
    }),
  );
}

export function Settings({ of, done }: { of?: WebhookReport; done: (made: WebhookReport) => void }) {
  const [error, setError] = useState<HeadspringError>();
  const [mistake, setMistake] = useState("");
  const [call, setCall] = useState<Call>();
  const read = (form: HTMLFormElement) => {
    try {
      const body = bodyOf(new FormData(form), of);
      const made = { path: of ? segments("webhooks", of.id) : "/webhooks", method: of ? ("PATCH" as const) : ("POST" as const), body };
      setCall(made);
      setMistake("");
      return made;
    } catch (thrown) {
      setMistake(`The condition is not JSON: ${(thrown as Error).message}`);
      return undefined;
    }
  };
  const [isBusy, send] = useSending();
  const submit = (event: JSX.TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const made = read(event.currentTarget);
    if (made) void send(() => save(made));
  };
  const save = async ({ path, ...request }: Call) => {
    try {
      const { body } = await ask(path, request);
      done(body as WebhookReport);
    } catch (thrown) {
      if (!(thrown instanceof HeadspringError)) throw thrown;
      setError(thrown);
    }
  };
  return (
    <form onSubmit={submit} onInput={({ currentTarget }) => void read(currentTarget)}>
      <div class="settings">
        <Field
          label="URL"
          class="wide"
          name="url"
          type="url"
          required
          defaultValue={of?.url}
          placeholder="https://example.com/hook"
          autofocus
        />
        <Field label="Event types, all if empty" name="types" defaultValue={of?.types?.join(", ")} placeholder="OrderPlaced, OrderReady" />
        <Field label="Categories, all if empty" name="categories" defaultValue={of?.categories?.join(", ")} />
        {of ? null : (
          <Field label="Begins after position (head: now; 0: everything)" name="from" defaultValue="head" pattern="head|\d+" required />
        )}
        <Field label="Description" name="description" defaultValue={of?.description} />
        <Field label="Deliveries per second, at most" name="rate" type="number" min="0.001" max="1000" step="any" defaultValue={of?.rate} />
        <Field label="At the same time, at most" name="concurrency" type="number" min="1" max="6" defaultValue={of?.concurrency} />
        <label class="field">
          Body
          <select name="format">
            <option value="event">event: type, timestamp, data</option>
            <option value="cloudevents" selected={of?.format === "cloudevents"}>
              one CloudEvent
            </option>
          </select>
        </label>
        <label class="row">
          <input type="checkbox" name="asymmetric" defaultChecked={of?.asymmetric} /> Also sign with Ed25519
        </label>
        <label class="field wide">
          Headers, one on each line, as “name: value”
          {of?.headers ? `; there are ${of.headers.join(", ")} (a name without a value takes it away)` : ""}
          <textarea name="headers" rows={2} spellcheck={false} />
        </label>
        <label class="field wide">
          Condition, as JSON
          <textarea
            name="where"
            rows={3}
            spellcheck={false}
            placeholder='{"path": "data.total", "op": "gte", "value": 100}'
            aria-invalid={mistake !== ""}
            defaultValue={of?.where ? JSON.stringify(of.where, null, 2) : ""}
          />
        </label>
      </div>
      {mistake === "" ? null : <p role="alert">{mistake}</p>}
      {error ? <Failure error={error} /> : null}
      <div class="row end">
        {call ? <Copy text={curlOf(call)} label="Copy as curl" /> : null}
        <button type="submit" class="primary" aria-disabled={isBusy}>
          {of ? "Save" : "Add it"}
        </button>
      </div>
    </form>
  );
}

function Field({ label, class: kind = "", ...input }: JSX.InputHTMLAttributes & { label: string; class?: string }) {
  return (
    <label class={`field ${kind}`}>
      {label}
      <input autocomplete="off" spellcheck={false} type="text" {...input} />
    </label>
  );
}
