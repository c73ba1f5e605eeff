/** JSON to read: indented and coloured, whatever it says. What events say is data: it becomes text, never markup. */

import { useMemo, useState } from "preact/hooks";
import { Copy } from "./copy.tsx";
import { count } from "./show.tsx";

/** Lines, and characters, that are shown at once. */
const LINES = 200;
/** Characters that change the direction of the text around them: shown as escapes, or a value could pretend to be another. */
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const CHARACTERS = 12_000;
const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[^"\d\-tfn]+|./g;

export function Json({ value, label = "JSON" }: { value: unknown; label?: string }) {
  const [isWhole, setWhole] = useState(false);
  const text = useMemo(() => readable(value), [value]);
  const shown = isWhole ? text : text.split("\n").slice(0, LINES).join("\n").slice(0, CHARACTERS);
  return (
    <div class="json">
      <pre tabIndex={0} role="region" aria-label={label} dir="auto">
        {coloured(shown)}
      </pre>
      <div class="row">
        <Copy text={text} />
        {shown.length === text.length ? null : (
          <button type="button" class="plain" onClick={() => setWhole(true)}>
            Show all {count(text.length)} characters
          </button>
        )}
      </div>
    </div>
  );
}

function readable(value: unknown): string {
  const text = JSON.stringify(value, null, 2) ?? "undefined";
  return text.replaceAll(DIRECTIONS, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function coloured(text: string) {
  return [...text.matchAll(TOKEN)].map(([whole, string, colon], index) => {
    if (string !== undefined) {
      return (
        <span key={index}>
          <span class={colon === undefined ? "string" : "name"}>{string}</span>
          {colon}
        </span>
      );
    }
    return /^(?:true|false|null|-?\d)/.test(whole) ? (
      <span key={index} class="literal">
        {whole}
      </span>
    ) : (
      whole
    );
  });
}
