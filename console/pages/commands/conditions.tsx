/** On what condition a write is carried out, and under which key. */

export interface Given {
  readonly key: string;
  /** The version that the stream must have. */
  readonly version: string;
  readonly correlation: string;
}

export const NO_CONDITIONS: Given = { key: "", version: "", correlation: "" };

const FIELDS = [
  ["version", "Only at version", "0: only a new stream"],
  ["key", "Idempotency key", "sent again under the same key, it happens once"],
  ["correlation", "Correlation id", "which conversation it belongs to"],
] as const;

export function Conditions({ given, onChange }: { given: Given; onChange: (given: Given) => void }) {
  return (
    <details class="conditions">
      <summary>Conditions and keys</summary>
      {FIELDS.map(([name, label, hint]) => (
        <label key={name} class="field">
          {label}
          <input
            autocomplete="off"
            spellcheck={false}
            placeholder={hint}
            value={given[name]}
            onInput={({ currentTarget }) => onChange({ ...given, [name]: currentTarget.value.trim() })}
          />
        </label>
      ))}
    </details>
  );
}

/** Headers are visible ASCII: other characters are percent-encoded. */
export function headersOf({ key, version, correlation }: Given): Record<string, string> {
  return {
    ...(version === "" ? {} : { "If-Match": `"${encodeURIComponent(version)}"` }),
    ...(key === "" ? {} : { "Idempotency-Key": encodeURI(key) }),
    ...(correlation === "" ? {} : { "Correlation-Id": encodeURI(correlation) }),
  };
}
