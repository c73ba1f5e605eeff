import { useId } from "react";
import type { Row } from "./pending.ts";

/** The fields of a todo. */
export function Fields({ row, placeholder }: { readonly row?: Row; readonly placeholder?: string }) {
  const id = useId();
  return (
    <>
      <label className="title" htmlFor={`${id}title`}>
        Title
      </label>
      <input
        id={`${id}title`}
        name="title"
        required
        defaultValue={row?.title}
        placeholder={placeholder}
        autoComplete="off"
        autoFocus={row !== undefined}
      />
      <details open={row !== undefined}>
        <summary>Details</summary>
        <div className="details">
          <label htmlFor={`${id}description`}>Description</label>
          <textarea id={`${id}description`} name="description" rows={2} defaultValue={row?.description ?? ""} />
          <label htmlFor={`${id}due`}>Due date</label>
          <input id={`${id}due`} name="due_date" type="date" defaultValue={row?.due_date ?? ""} />
          <label htmlFor={`${id}stakeholder`}>E-mail of the person who waits for it</label>
          <input
            id={`${id}stakeholder`}
            name="stakeholder_email"
            type="email"
            defaultValue={row?.stakeholder_email ?? ""}
            autoComplete="off"
          />
        </div>
      </details>
    </>
  );
}

/** What was typed. An empty field is null. */
export function contentOf(form: HTMLFormElement) {
  const fields = new FormData(form);
  const text = (name: string) => (fields.get(name) as string).trim(); // none of them is a file
  return {
    title: text("title"),
    description: text("description") || null,
    due_date: text("due_date") || null,
    stakeholder_email: text("stakeholder_email") || null,
  };
}
