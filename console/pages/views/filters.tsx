/** Conditions on columns: those that hold now, and one more. The address keeps them as the API names them. */

import { useState } from "preact/hooks";
import { type Column, OPERATORS, operatorsOf } from "./columns.ts";

interface FiltersProps {
  columns: readonly Column[];
  where: readonly string[];
  onChange: (where: readonly string[]) => void;
}

export function Filters({ columns, where, onChange }: FiltersProps) {
  const [name, setName] = useState(columns[0]?.name ?? "");
  const [operator, setOperator] = useState<keyof typeof OPERATORS>("=");
  const [value, setValue] = useState("");
  const column = columns.find((one) => one.name === name);
  if (!column) return null;
  const operators = operatorsOf(column.kind);
  const chosen = operators.find((one) => one === operator) ?? operators[0]!;
  const options = chosen === ".is=" ? ["not-null", "null"] : column.kind === "boolean" ? ["true", "false"] : undefined;
  return (
    <form
      class="where row"
      onSubmit={(event) => {
        event.preventDefault();
        const text = options && !options.includes(value) ? options[0]! : value;
        onChange([...new Set([...where, `${name}${chosen}${text}`])]);
        setValue("");
      }}
    >
      {where.map((one) => (
        <button key={one} type="button" title="Take this condition away" onClick={() => onChange(where.filter((other) => other !== one))}>
          <bdi>{one}</bdi> ✕
        </button>
      ))}
      <select aria-label="Column" value={name} onChange={({ currentTarget }) => setName(currentTarget.value)}>
        {columns.map((each) => (
          <option key={each.name}>{each.name}</option>
        ))}
      </select>
      <select aria-label="Condition" value={chosen} onChange={({ currentTarget }) => setOperator(currentTarget.value as typeof operator)}>
        {operators.map((each) => (
          <option key={each} value={each}>
            {OPERATORS[each]}
          </option>
        ))}
      </select>
      {options ? (
        <select
          aria-label="Value"
          value={options.includes(value) ? value : options[0]}
          onChange={({ currentTarget }) => setValue(currentTarget.value)}
        >
          {options.map((each) => (
            <option key={each} value={each}>
              {chosen === ".is=" ? (each === "null" ? "no" : "yes") : each}
            </option>
          ))}
        </select>
      ) : (
        <input
          aria-label="Value"
          dir="auto"
          autocomplete="off"
          placeholder={chosen === ".in=" ? "a,b,c" : column.kind === "number" ? "5" : ""}
          value={value}
          onInput={({ currentTarget }) => setValue(currentTarget.value)}
        />
      )}
      <button type="submit">Add condition</button>
    </form>
  );
}
