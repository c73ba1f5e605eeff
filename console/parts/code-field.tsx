/** A field for an expression: it completes names, and underlines the part that is wrong. */

import { useId, useRef, useState } from "preact/hooks";
import type { Completing } from "../../src/definitions/expressions/complete.ts";
import type { Completion } from "../../src/definitions/expressions/completions.ts";
import { type Issue, Issues } from "./issues.tsx";
import "./code-field.css";

interface CodeFieldProps {
  label: string;
  value: string;
  onChange: (text: string) => void;
  /** What may follow at a place of the text. */
  complete: (text: string, offset: number) => Completing;
  issues: readonly Issue[];
  isOptional?: boolean;
  about?: string;
}

const NOTHING: Completing = { from: 0, to: 0, items: [] };
/** Names that are shown at once. */
const SHOWN = 10;

export function CodeField({ label, value, onChange, complete, issues, isOptional = false, about }: CodeFieldProps) {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  // Where the caret is while something is being completed.
  const [caret, setCaret] = useState<number>();
  const [at, setAt] = useState(0);
  const [isAsked, ask] = useState(false);
  const { from, to, items } = caret === undefined ? NOTHING : complete(value, caret);
  // By itself only where a word or a member has begun: Enter and Tab mean something else everywhere else.
  const hasBegun = isAsked || from < (caret ?? 0) || /\.\??$/.test(value.slice(0, caret));
  const written = value.slice(from, to);
  const found = hasBegun ? items.filter(({ name }) => name !== written).slice(0, SHOWN) : [];
  const isOpen = found.length > 0;
  const chosen = Math.min(at, found.length - 1);
  const wrong = issues.find((issue) => issue.at)?.at;
  const take = ({ name, kind, shown }: Completion) => {
    // What takes something is written with its parenthesis; what takes nothing, with both.
    const text = kind === "name" || kind === "member" ? name : shown.endsWith("()") ? `${name}()` : `${name}(`;
    onChange(value.slice(0, from) + text + value.slice(to));
    setCaret(undefined);
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(from + text.length, from + text.length);
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === " " && event.ctrlKey) {
      setCaret(area.current!.selectionStart);
      ask(true);
    } else if (!isOpen) return;
    else if (event.key === "ArrowDown") setAt((chosen + 1) % found.length);
    else if (event.key === "ArrowUp") setAt((chosen + found.length - 1) % found.length);
    else if (event.key === "Enter" || event.key === "Tab") take(found[chosen]!);
    else if (event.key === "Escape") setCaret(undefined);
    else return;
    event.preventDefault();
  };
  return (
    <div class="field">
      <label for={id}>
        <bdi>{label}</bdi> {isOptional ? <span class="dim">(optional)</span> : null}
      </label>
      <div class="code">
        <pre aria-hidden="true">
          {value.slice(0, wrong?.start)}
          {wrong ? <mark>{value.slice(wrong.start, wrong.end) || " "}</mark> : null}
          {wrong ? value.slice(wrong.end) : null}{" "}
        </pre>
        <textarea
          ref={area}
          id={id}
          rows={1}
          spellcheck={false}
          autocomplete="off"
          aria-autocomplete="list"
          aria-controls={isOpen ? `${id}-names` : undefined}
          aria-activedescendant={isOpen ? `${id}-${chosen}` : undefined}
          aria-invalid={issues.length > 0}
          aria-describedby={`${id}-about`}
          value={value}
          onInput={({ currentTarget }) => {
            onChange(currentTarget.value);
            setCaret(currentTarget.selectionStart);
            setAt(0);
            ask(false);
          }}
          onKeyDown={onKeyDown}
          onBlur={() => setCaret(undefined)}
        />
        {isOpen ? (
          <ul id={`${id}-names`} role="listbox" aria-label="Names">
            {found.map((one, index) => (
              <li
                key={`${one.kind} ${one.name}`}
                id={`${id}-${index}`}
                role="option"
                aria-selected={index === chosen}
                // Before the field loses the focus.
                onMouseDown={(event) => {
                  event.preventDefault();
                  take(one);
                }}
              >
                <code>{one.shown}</code> <span class="dim">{[one.gives, one.what].filter(Boolean).join(": ")}</span>
              </li>
            ))}
          </ul>
        ) : null}
      </div>
      <div id={`${id}-about`}>
        {about === undefined ? null : <p class="dim">{about}</p>}
        <Issues of={issues} />
      </div>
    </div>
  );
}
