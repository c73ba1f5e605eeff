/** What changed from one JSON value to another, place by place. */

import diff from "microdiff";

/** Changes that are shown; more than that nobody reads. */
const SHOWN = 100;

export function Difference({ before, after }: { before: unknown; after: unknown }) {
  const changes = diff(wrapped(before), wrapped(after));
  if (changes.length === 0) return <p class="dim">Nothing changed.</p>;
  return (
    <ul class="difference">
      {changes.slice(0, SHOWN).map((change) => (
        <li key={change.path.join(".")} class={change.type.toLowerCase()}>
          <code>{change.path.slice(1).join(".") || "the whole"}</code>{" "}
          {change.type === "CREATE" ? null : <del>{shown(change.oldValue)}</del>}{" "}
          {change.type === "REMOVE" ? null : <ins>{shown(change.value)}</ins>}
        </li>
      ))}
      {changes.length > SHOWN ? <li class="dim">and {changes.length - SHOWN} more</li> : null}
    </ul>
  );
}

/** Values that are no objects can be compared, too. */
function wrapped(value: unknown): { value: unknown } {
  return { value };
}

/** Characters of a value that are shown. */
const LENGTH = 200;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > LENGTH ? `${text.slice(0, LENGTH)}…` : text;
}
