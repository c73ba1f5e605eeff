/** A form for what a JSON Schema describes, which can be written as JSON as well. The store says what is wrong: each issue stands at its field. */

import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { type Issue, Issues } from "./issues.tsx";
import { JsonField } from "./json-field.tsx";
import { type FieldProps, ListFields, MemberFields, RecordFields } from "./schema-fields.tsx";
import { MAX_DEPTH, type Schema, type SchemaObject, beginning, choicesOf, hasUnparsed, isOf, nameOf, resolved, typeOf } from "./schema.ts";
import "./schema-form.css";

interface SchemaFormProps {
  label: string;
  schema: Schema;
  value: unknown;
  onChange: (value: unknown) => void;
  issues?: readonly Issue[];
  formats?: FieldProps["context"]["formats"];
}

/** `value` may have an {@link Unparsed} in it while it is written as JSON. */
export function SchemaForm({ label, schema, value, onChange, issues = [], formats }: SchemaFormProps) {
  const { properties = {}, oneOf } = resolved(schema, schema);
  const hasFields = oneOf !== undefined || Object.keys(properties as object).length > 0;
  const [isText, setText] = useState(!hasFields);
  return (
    <div class="schema-form" role="group" aria-label={label}>
      <div class="head">
        <h2>{label}</h2>
        {hasFields ? (
          <button type="button" class="plain" disabled={isText && hasUnparsed(value)} onClick={() => setText(!isText)}>
            {isText ? "As a form" : "As JSON"}
          </button>
        ) : null}
      </div>
      {isText ? (
        <JsonField label={`${label} as JSON`} value={value} onChange={onChange} issues={issues} />
      ) : (
        <Field
          label=""
          path=""
          schema={resolved(schema, schema)}
          value={value}
          isRequired
          onChange={onChange}
          context={{ root: schema, issues, formats }}
        />
      )}
    </div>
  );
}

function Field(props: FieldProps) {
  const { schema, value, isRequired, label, onChange, context } = props;
  const { root, formats, depth = 0 } = context;
  const Special = formats?.[schema.format as string];
  if (Special) return <Special {...props} />;
  const choices = choicesOf(schema, root);
  if (choices && depth < MAX_DEPTH) {
    const inside = { ...props, context: { ...context, depth: depth + 1 } };
    return choices.length === 1 ? <Field {...inside} schema={choices[0]!} /> : <Choice key={props.path} {...inside} choices={choices} />;
  }
  const type = typeOf(schema);
  const Parts =
    type === "array"
      ? ListFields
      : type !== "object"
        ? undefined
        : schema.properties !== undefined
          ? MemberFields
          : typeof schema.additionalProperties === "object"
            ? RecordFields
            : undefined;
  if (!Parts) return <Plain {...props} type={type} />;
  // Not even one that must be there is opened by itself: it may contain itself.
  if (value === undefined && label !== "") {
    return (
      <div class="field">
        <button type="button" onClick={() => onChange(beginning(schema, root, label))}>
          Add {label}
        </button>
      </div>
    );
  }
  const remove = isRequired ? null : (
    <button type="button" class="plain" onClick={() => onChange(undefined)}>
      Leave out {label}
    </button>
  );
  const fields = <Parts {...props} as={Field} />;
  if (label === "") return fields;
  return (
    <fieldset>
      <legend>
        <bdi>{label}</bdi> {remove}
      </legend>
      <Explained of={schema} />
      {fields}
      <Issues of={issuesAt(props)} />
    </fieldset>
  );
}

/** One of several schemas: which one, then its value. */
function Choice({ choices, ...props }: FieldProps & { choices: readonly SchemaObject[] }) {
  const { label, value, isRequired, onChange, context } = props;
  const [chosen, choose] = useState(() =>
    value === undefined
      ? -1
      : Math.max(
          0,
          choices.findIndex((one) => isOf(one, value, context.root)),
        ),
  );
  const one = choices[chosen];
  const id = useId();
  const needsNoValue = one === undefined || one.const !== undefined || typeOf(one) === "null";
  return (
    <div class="choice">
      <div class="field">
        <label for={id}>
          <bdi>{label || "Kind"}</bdi>
        </label>
        <select
          id={id}
          value={chosen}
          onChange={({ currentTarget }) => {
            const index = Number(currentTarget.value);
            choose(index);
            onChange(choices[index] === undefined ? undefined : beginning(choices[index], context.root, label));
          }}
        >
          {isRequired ? null : <option value={-1}>left out</option>}
          {choices.map((each, index) => (
            <option key={index} value={index}>
              {nameOf(each)}
            </option>
          ))}
        </select>
      </div>
      {needsNoValue ? (
        <Issues of={issuesAt(props)} />
      ) : (
        <Field {...props} key={chosen} label={typeOf(one) === "object" ? "" : label} schema={one} isRequired />
      )}
    </div>
  );
}

/** A value without parts. */
function Plain({ type, ...props }: FieldProps & { type: string }) {
  const { label, schema, value, isRequired, onChange } = props;
  const id = useId();
  const issues = issuesAt(props);
  const list: readonly unknown[] | undefined = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  const options = list ?? (type === "boolean" ? [true, false] : undefined);
  const shared = { id, "aria-invalid": issues.length > 0, "aria-describedby": `${id}-about` };
  let input: ComponentChildren;
  if (options) {
    input = (
      <select
        {...shared}
        value={JSON.stringify(value) ?? ""}
        onChange={({ currentTarget: { value: text } }) => onChange(text === "" ? undefined : JSON.parse(text))}
      >
        {isRequired ? null : <option value="">left out</option>}
        {options.map((one) => (
          <option key={JSON.stringify(one)} value={JSON.stringify(one)}>
            {typeof one === "string" ? one : JSON.stringify(one)}
          </option>
        ))}
      </select>
    );
  } else if (type === "string" || type === "number" || type === "integer") {
    input = (
      <input
        {...shared}
        dir="auto"
        inputMode={type === "string" ? "text" : "decimal"}
        autocomplete="off"
        spellcheck={false}
        placeholder={type === "string" ? (schema.format === "date-time" ? "2026-11-27T06:00:00Z" : "") : type}
        defaultValue={typeof value === "string" ? value : (JSON.stringify(value) ?? "")}
        onInput={({ currentTarget: { value: text } }) => {
          if (text === "" && (!isRequired || type !== "string")) onChange(undefined);
          // What is no number stays a text, and the store says that it is none.
          else onChange(type !== "string" && text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text);
        }}
      />
    );
  } else {
    return <JsonField label={label} value={value} isOptional={!isRequired} onChange={onChange} issues={issues} />;
  }
  return (
    <div class="field">
      <label for={id}>
        <bdi>{label}</bdi> {isRequired ? null : <span class="dim">(optional)</span>}
      </label>
      {input}
      <div id={`${id}-about`}>
        <Explained of={schema} />
        <Issues of={issues} />
      </div>
    </div>
  );
}

function Explained({ of: { description } }: { of: SchemaObject }) {
  return typeof description === "string" ? <p class="dim">{description}</p> : null;
}

function issuesAt({ path, context }: FieldProps): Issue[] {
  return context.issues.filter((issue) => issue.path === path);
}
