/** A value written as JSON. Text that is not JSON yet becomes an {@link Unparsed}, which says why. */

import { useId, useState } from "preact/hooks";
import { type Issue, Issues } from "./issues.tsx";
import { Unparsed, parsed } from "./schema.ts";

interface JsonFieldProps {
  label: string;
  value: unknown;
  onChange: (value: unknown) => void;
  /** Empty leaves it out. */
  isOptional?: boolean;
  issues?: readonly Issue[];
}

/** Lines of the field at most, before it scrolls. */
const MAX_LINES = 24;

export function JsonField({ label, value, onChange, isOptional = false, issues = [] }: JsonFieldProps) {
  const id = useId();
  const [text, setText] = useState(() => (value instanceof Unparsed ? value.text : (JSON.stringify(value, null, 2) ?? "")));
  const problem = value instanceof Unparsed ? value.problem : undefined;
  return (
    <div class="field">
      <label for={id}>
        <bdi>{label}</bdi> {isOptional ? <span class="dim">(optional)</span> : null}
      </label>
      <textarea
        id={id}
        dir="auto"
        spellcheck={false}
        rows={Math.min(MAX_LINES, Math.max(typeof value === "object" ? 3 : 1, text.split("\n").length))}
        value={text}
        aria-invalid={problem !== undefined || issues.length > 0}
        aria-describedby={`${id}-about`}
        onInput={({ currentTarget: { value: typed } }) => {
          setText(typed);
          onChange(typed.trim() === "" && isOptional ? undefined : parsed(typed));
        }}
      />
      <div id={`${id}-about`}>
        {problem === undefined ? null : <p class="issue">Not valid JSON yet: {problem}</p>}
        <Issues of={issues} />
      </div>
    </div>
  );
}
