/** What of the log is shown, and where it begins; all of it is in the address. */

import { useState } from "preact/hooks";
import type { AppReport } from "../../store/event.ts";
import { useQuery } from "../../store/location.ts";
import { useGet } from "../../store/resource.ts";
import type { LogFilter } from "./log-window.ts";

const KINDS = [
  { name: "type", label: "Event type", hint: "OrderPlaced" },
  { name: "category", label: "Category", hint: "order" },
  { name: "stream", label: "Stream", hint: "order/42" },
] as const;
/** Names that are offered while somebody types: an app may have thousands of event types. */
const OFFERED = 200;

export function filterOf(parameters: URLSearchParams): LogFilter {
  return { type: parameters.getAll("type"), category: parameters.getAll("category"), stream: parameters.getAll("stream") };
}

export function Filters({ filter }: { filter: LogFilter }) {
  const [, change] = useQuery();
  const { value: app } = useGet<AppReport>("/app");
  const categories = app?.categories ?? [];
  const offered = {
    type: [...new Set(categories.flatMap(({ events }) => events.map(({ type }) => type)))],
    category: categories.map(({ name }) => name),
    stream: categories.map(({ name }) => `${name}/`),
  };
  return (
    <>
      <div class="filters">
        {KINDS.map(({ name, label, hint }) => (
          <Add
            key={name}
            label={label}
            hint={hint}
            offered={offered[name]}
            add={(value) => change({ [name]: [...new Set([...filter[name], value])] }, true)}
          />
        ))}
        <Jump />
      </div>
      <ul class="chips" aria-label="Filters">
        {KINDS.flatMap(({ name, label }) =>
          filter[name].map((value) => (
            <li key={`${name} ${value}`}>
              <button
                type="button"
                aria-label={`Remove the filter ${label} ${value}`}
                onClick={() => change({ [name]: filter[name].filter((one) => one !== value) }, true)}
              >
                {label} <bdi>{value}</bdi> ×
              </button>
            </li>
          )),
        )}
      </ul>
    </>
  );
}

function Add({ label, hint, offered, add }: { label: string; hint: string; offered: readonly string[]; add: (value: string) => void }) {
  const [text, setText] = useState("");
  const submit = () => {
    if (text.trim() === "") return;
    add(text.trim());
    setText("");
  };
  const sought = text.toLowerCase();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <label>
        {label}
        <input
          type="text"
          list={`offered-${label}`}
          placeholder={hint}
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          // A name that was chosen from the list needs no Enter.
          onChange={() => offered.includes(text) && !text.endsWith("/") && submit()}
        />
      </label>
      <datalist id={`offered-${label}`}>
        {offered
          .filter((name) => name.toLowerCase().includes(sought))
          .slice(0, OFFERED)
          .map((name) => (
            <option key={name} value={name} />
          ))}
      </datalist>
    </form>
  );
}

/** To a position or a time. */
function Jump() {
  const [, change] = useQuery();
  return (
    <form
      class="jump"
      onSubmit={(event) => {
        event.preventDefault();
        const [{ value: at }, { value: since }] = [...event.currentTarget.querySelectorAll("input")] as [
          HTMLInputElement,
          HTMLInputElement,
        ];
        // Of both, the one that was filled in last counts; the other is emptied by it.
        change({ at, since: since === "" ? undefined : new Date(since).toISOString(), open: at }, true);
      }}
    >
      <label>
        Position
        <input type="number" min={1} step={1} onInput={emptyOther} />
      </label>
      <label>
        Time
        <input type="datetime-local" step={1} onInput={emptyOther} />
      </label>
      <button type="submit" aria-label="Go there">
        Go
      </button>
    </form>
  );
}

function emptyOther({ currentTarget }: { currentTarget: HTMLInputElement }): void {
  for (const one of currentTarget.form!.querySelectorAll("input")) if (one !== currentTarget) one.value = "";
}
