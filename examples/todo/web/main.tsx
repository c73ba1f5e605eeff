import { useView } from "headspring/react";
import { StrictMode, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { AddForm } from "./add-form.tsx";
import { Item } from "./item.tsx";
import { currentNotices, dismiss, subscribe } from "./notices.ts";
import type { Row } from "./pending.ts";
import { outbox, todos } from "./store.ts";

function Page() {
  const { rows, isLoading, error } = useView(todos);
  const outstanding = rows.filter((row) => row.completed_on === null).toSorted((one, other) => one.added - other.added);
  const scheduled = outstanding
    .filter(({ due_date }) => due_date !== null)
    .toSorted((one, other) => compared(one.due_date, other.due_date));
  const completed = rows
    .filter((row) => row.completed_on !== null)
    .toSorted((one, other) => compared(other.completed_on, one.completed_on) || other.added - one.added);
  return (
    <>
      <header>
        <h1>Todos</h1>
        <Connection />
      </header>
      <main>
        <AddForm />
        {error instanceof Error && <p role="alert">{error.message}</p>}
        <div className="lists" aria-busy={isLoading}>
          <List name="Outstanding" rows={outstanding} nothing={isLoading ? "…" : "Nothing to do."} />
          <List name="Scheduled" rows={scheduled} nothing={isLoading ? "…" : "Nothing has a date."} />
          <List name="Completed" rows={completed} nothing={isLoading ? "…" : "Nothing yet."} />
        </div>
      </main>
      <Notices />
    </>
  );
}

/** Dates as they are written are in the order of time. */
function compared(one: string | null, other: string | null): number {
  return (one ?? "").localeCompare(other ?? "");
}

function List({ name, rows, nothing }: { readonly name: string; readonly rows: readonly Row[]; readonly nothing: string }) {
  const id = name.toLowerCase();
  return (
    <section aria-labelledby={id} className={id}>
      <h2 id={id} tabIndex={-1}>
        {name} <span className="count">{rows.length}</span>
      </h2>
      {rows.length === 0 && <p className="nothing">{nothing}</p>}
      <ul>
        {rows.map((row) => (
          <Item key={row.todo_id} row={row} />
        ))}
      </ul>
    </section>
  );
}

/** Whether there is a network, and what waits for it. */
function Connection() {
  const isOnline = useSyncExternalStore(
    (listener) => {
      addEventListener("online", listener);
      addEventListener("offline", listener);
      return () => {
        removeEventListener("online", listener);
        removeEventListener("offline", listener);
      };
    },
    () => navigator.onLine,
  );
  const waiting = useSyncExternalStore(outbox.subscribe, () => outbox.commands).length;
  const isWithout = useSyncExternalStore(outbox.subscribe, () => outbox.error !== undefined) || !isOnline;
  const changes = `${waiting} ${waiting === 1 ? "change" : "changes"}`;
  const text = waiting === 0 ? (isWithout ? "Offline" : "Up to date") : isWithout ? `Offline: ${changes} to send` : `Sending ${changes} …`;
  return (
    <p role="status" className={isWithout ? "connection offline" : "connection"}>
      {text}
    </p>
  );
}

function Notices() {
  const notices = useSyncExternalStore(subscribe, currentNotices);
  return (
    <div role="log" aria-label="Messages" className="notices">
      {notices.map((text, index) => (
        <p key={`${index} ${text}`}>
          {text}
          <button type="button" onClick={() => dismiss(index)}>
            Dismiss
          </button>
        </p>
      ))}
    </div>
  );
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Page />
  </StrictMode>,
);
