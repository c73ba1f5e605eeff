import { useRef, useState } from "react";
import { Fields, contentOf } from "./fields.tsx";
import type { Row } from "./pending.ts";
import { outbox } from "./store.ts";

/** Today, where the reader is: Swedes write dates as ISO does. */
const today = () => new Date().toLocaleDateString("sv");
const shown = (date: string) =>
  new Date(`${date}T12:00`).toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });

export function Item({ row }: { readonly row: Row }) {
  const [isEditing, setIsEditing] = useState(false);
  const item = useRef<HTMLLIElement>(null);
  const todo = outbox.todo(row.todo_id);
  const isLate = row.completed_on === null && row.due_date !== null && row.due_date < today();

  /** The keyboard goes on with the next one: this one leaves the list. */
  const leave = () => {
    const next = item.current?.nextElementSibling ?? item.current?.previousElementSibling;
    (next?.querySelector("button") ?? item.current?.closest("section")?.querySelector("h2"))?.focus();
  };
  const close = () => {
    setIsEditing(false);
    setTimeout(() => item.current?.querySelector<HTMLButtonElement>("button.edit")?.focus());
  };

  return (
    <li ref={item} className={row.isPending ? "pending" : undefined}>
      {isEditing ? (
        <form
          aria-label={`Change ${row.title}`}
          onKeyDown={({ key }) => key === "Escape" && close()}
          onSubmit={(submit) => {
            submit.preventDefault();
            void todo.AmendTodo(contentOf(submit.currentTarget));
            close();
          }}
        >
          <Fields row={row} />
          <div className="actions">
            <button type="submit" className="main">
              Save
            </button>
            <button type="button" onClick={close}>
              Cancel
            </button>
          </div>
        </form>
      ) : (
        <>
          <div className="content">
            <strong>{row.title}</strong>
            {row.description !== null && <p>{row.description}</p>}
            <p className="facts">
              {row.due_date !== null && (
                <span className={isLate ? "late" : undefined}>{`${isLate ? "was due" : "due"} ${shown(row.due_date)}`}</span>
              )}
              {row.completed_on !== null && <span>completed {shown(row.completed_on)}</span>}
              {row.stakeholder_email !== null && <span>for {row.stakeholder_email}</span>}
              {row.isPending && <span className="waits">not saved yet</span>}
            </p>
          </div>
          {row.completed_on === null && (
            <div className="actions">
              <button
                type="button"
                className="main"
                aria-label={`Complete ${row.title}`}
                onClick={() => {
                  leave();
                  void todo.CompleteTodo({ completed_on: today() });
                }}
              >
                Complete
              </button>
              <button type="button" className="edit" aria-label={`Change ${row.title}`} onClick={() => setIsEditing(true)}>
                Change
              </button>
              <button
                type="button"
                aria-label={`Abandon ${row.title}`}
                onClick={() => {
                  leave();
                  void todo.AbandonTodo({ abandoned_on: today() });
                }}
              >
                Abandon
              </button>
            </div>
          )}
        </>
      )}
    </li>
  );
}
