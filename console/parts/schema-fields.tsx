/** The parts of an object and of a list, in a form. */

import type { ComponentType } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Issue } from "./issues.tsx";
import { type Schema, type SchemaObject, beginning, memberOf, membersOf, resolved } from "./schema.ts";

export interface FieldProps {
  label: string;
  /** As issues name it: `lines.0.sku`. */
  path: string;
  schema: SchemaObject;
  value: unknown;
  isRequired: boolean;
  /** Undefined: the value is left out. */
  onChange: (value: unknown) => void;
  /** What the fields of a form share. */
  context: {
    readonly root: Schema;
    readonly issues: readonly Issue[];
    /** Fields of their own for a `format`. */
    readonly formats?: Readonly<Record<string, ComponentType<FieldProps>>>;
    /** Alternatives within alternatives, so far. */
    readonly depth?: number;
  };
}

/** Fields in fields: `as` is the component of each. */
type Parts = FieldProps & { as: ComponentType<FieldProps> };

export function MemberFields({ path, schema, value, onChange, context, as: Field }: Parts) {
  const given = typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  return (
    <>
      {membersOf(schema, context.root).map(({ name, schema: its, isRequired }) => (
        <Field
          key={name}
          label={name}
          path={below(path, name)}
          schema={its}
          value={memberOf(given, name)}
          isRequired={isRequired}
          onChange={(changed) => {
            // A member keeps its place while it is written.
            const { [name]: _before, ...rest } = given;
            onChange(changed === undefined ? rest : { ...given, [name]: changed });
          }}
          context={context}
        />
      ))}
    </>
  );
}

export function ListFields({ label, path, schema, value, onChange, context, as: Field }: Parts) {
  const items = Array.isArray(value) ? (value as readonly unknown[]) : [];
  const keys = useRef<number[]>([]);
  const made = useRef(0);
  // Each item keeps its fields when another one is taken out.
  while (keys.current.length < items.length) keys.current.push(made.current++);
  const one = label.replace(/(?<=[^s])s$/, "");
  return (
    <>
      {items.map((item, index) => (
        <div key={keys.current[index]} class="item">
          <Field
            label={`${one} ${index + 1}`}
            path={below(path, String(index))}
            schema={resolved(schema.prefixItems?.[index] ?? schema.items, context.root)}
            value={item}
            isRequired
            onChange={(changed) => onChange(items.with(index, changed ?? null))}
            context={context}
          />
          <button
            type="button"
            class="plain"
            aria-label={`Remove ${one} ${index + 1}`}
            onClick={() => {
              keys.current.splice(index, 1);
              onChange(items.toSpliced(index, 1));
            }}
          >
            Remove
          </button>
        </div>
      ))}
      <button type="button" onClick={() => onChange([...items, beginning(schema.items, context.root, one)])}>
        Add {one || "an item"}
      </button>
    </>
  );
}

/** Members of any name with values of one schema. */
export function RecordFields({ label, path, schema, value, onChange, context, as: Field }: Parts) {
  const members = typeof value === "object" && value !== null ? Object.entries(value) : [];
  const [added, setAdded] = useState("");
  const one = label.replace(/(?<=[^s])s$/, "") || "member";
  const its = resolved(schema.additionalProperties, context.root);
  const change = (next: readonly (readonly [string, unknown])[]) => onChange(Object.fromEntries(next));
  const add = () => {
    if (added === "" || memberOf(value, added) !== undefined) return;
    change([...members, [added, beginning(its, context.root, "")]]);
    setAdded("");
  };
  return (
    <>
      {members.map(([name, member], index) => (
        <div key={name} class="item">
          <Field
            label={name}
            path={below(path, name)}
            schema={its}
            value={member}
            isRequired
            onChange={(changed) => change(members.with(index, [name, changed]))}
            context={context}
          />
          <button type="button" class="plain" aria-label={`Remove ${name}`} onClick={() => change(members.toSpliced(index, 1))}>
            Remove
          </button>
        </div>
      ))}
      <div class="row">
        <input
          class="short"
          aria-label={`Name of another ${one}`}
          placeholder="name"
          autocomplete="off"
          spellcheck={false}
          value={added}
          onInput={({ currentTarget }) => setAdded(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            add();
          }}
        />
        <button type="button" onClick={add}>
          Add {one}
        </button>
      </div>
    </>
  );
}

function below(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
