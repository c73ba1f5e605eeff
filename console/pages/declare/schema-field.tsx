/** A schema of events: its members in a table, where it has only what the table can show, else as JSON. */

import { useState } from "preact/hooks";
import { Issues } from "../../parts/issues.tsx";
import { JsonField } from "../../parts/json-field.tsx";
import type { FieldProps } from "../../parts/schema-fields.tsx";
import { type Member, type Shape, TYPES, membersFrom, schemaFrom } from "./members.ts";

export function SchemaField({ label, path, value, onChange, context }: FieldProps) {
  const shape = membersFrom(value);
  const [isText, setText] = useState(shape === undefined);
  // A path in a schema begins with `#`.
  const issues = context.issues.filter((issue) => issue.path === path || issue.path.startsWith(`${path}#`));
  return (
    <fieldset>
      <legend>
        <bdi>{label}</bdi>{" "}
        {shape === undefined ? null : (
          <button type="button" class="plain" onClick={() => setText(!isText)}>
            {isText ? "As a table" : "As JSON Schema"}
          </button>
        )}
      </legend>
      {isText || shape === undefined ? (
        <JsonField label="JSON Schema" value={value} onChange={onChange} issues={issues} />
      ) : (
        <>
          <Members shape={shape} onChange={(next) => onChange(schemaFrom(next))} />
          <Issues of={issues} />
        </>
      )}
    </fieldset>
  );
}

function Members({ shape, onChange }: { shape: Shape; onChange: (shape: Shape) => void }) {
  const { members, isOpen } = shape;
  const [added, setAdded] = useState("");
  const change = (index: number, changes: Partial<Member>) =>
    onChange({ ...shape, members: members.with(index, { ...members[index]!, ...changes }) });
  const add = () => {
    if (added === "" || members.some(({ name }) => name === added)) return;
    onChange({ ...shape, members: [...members, { name: added, type: "text", isRequired: true, values: "" }] });
    setAdded("");
  };
  return (
    <>
      {members.length === 0 ? null : (
        <div class="scroll">
          <table class="fields">
            <thead>
              <tr>
                <th scope="col">Member</th>
                <th scope="col">Type</th>
                <th scope="col">Must be there</th>
                <th scope="col">
                  <span class="unseen">Remove</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {members.map(({ name, type, isRequired, values }, index) => (
                <tr key={name}>
                  <td>
                    <bdi>{name}</bdi>
                  </td>
                  <td>
                    <select
                      aria-label={`Type of ${name}`}
                      value={type}
                      onChange={({ currentTarget }) => change(index, { type: currentTarget.value as Member["type"] })}
                    >
                      {TYPES.map((one) => (
                        <option key={one}>{one}</option>
                      ))}
                    </select>
                    {type === "one of" ? (
                      <input
                        aria-label={`Values of ${name}`}
                        placeholder="new, paid, sent"
                        value={values}
                        onInput={({ currentTarget }) => change(index, { values: currentTarget.value })}
                      />
                    ) : null}
                  </td>
                  <td>
                    <input
                      type="checkbox"
                      aria-label={`${name} must be there`}
                      checked={isRequired}
                      onChange={({ currentTarget }) => change(index, { isRequired: currentTarget.checked })}
                    />
                  </td>
                  <td>
                    <button
                      type="button"
                      class="plain"
                      aria-label={`Remove ${name}`}
                      onClick={() => onChange({ ...shape, members: members.toSpliced(index, 1) })}
                    >
                      Remove
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div class="row">
        <input
          class="short"
          aria-label="Name of another member"
          placeholder="sensor"
          autocomplete="off"
          spellcheck={false}
          value={added}
          onInput={({ currentTarget }) => setAdded(currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && (event.preventDefault(), add())}
        />
        <button type="button" onClick={add}>
          Add member
        </button>
      </div>
      <label>
        <input type="checkbox" checked={!isOpen} onChange={({ currentTarget }) => onChange({ ...shape, isOpen: !currentTarget.checked })} />{" "}
        Only these members: a misspelt one is a mistake
      </label>
    </>
  );
}
