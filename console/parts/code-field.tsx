/** A field for an expression: it completes names, and underlines the part that is wrong. */

import { useId, useRef, useState } from "preact/hooks";
import { type Name, completionsOf, wordBefore } from "./completion.ts";
import { type Issue, Issues } from "./issues.tsx";
import "./code-field.css";

interface CodeFieldProps {
  label: string;
  value: string;
  onChange: (text: string) => void;
  names: readonly Name[];
  issues: readonly Issue[];
  isOptional?: boolean;
  about?: string;
}

export function CodeField({ label, value, onChange, names, issues, isOptional = false, about }: CodeFieldProps) {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  // Where the caret is while something is being completed.
  const [caret, setCaret] = useState<number>();
  const [at, setAt] = useState(0);
  const word = caret === undefined ? undefined : wordBefore(value, caret);
  const found = word === undefined ? [] : completionsOf(word, names);
  const isOpen = found.length > 0;
  const chosen = Math.min(at, found.length - 1);
  const wrong = issues.find((issue) => issue.at)?.at;
  const take = ({ text }: Name) => {
    const start = caret! - word!.length;
    onChange(value.slice(0, start) + text + value.slice(caret));
    setCaret(undefined);
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(start + text.length, start + text.length);
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === " " && event.ctrlKey) {
      setCaret(area.current!.selectionStart);
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
          }}
          onKeyDown={onKeyDown}
          onBlur={() => setCaret(undefined)}
        />
        {isOpen ? (
          <ul id={`${id}-names`} role="listbox" aria-label="Names">
            {found.map((name, index) => (
              <li
                key={name.text}
                id={`${id}-${index}`}
                role="option"
                aria-selected={index === chosen}
                // Before the field loses the focus.
                onMouseDown={(event) => {
                  event.preventDefault();
                  take(name);
                }}
              >
                <code>{name.text}</code> <span class="dim">{[name.type, name.about].filter(Boolean).join(". ")}</span>
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
