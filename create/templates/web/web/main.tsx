import { createClient } from "headspring/client";
import { useCommand, useView } from "headspring/react";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import type { app } from "../src/app.ts"; // the type only: none of the app's code is in the page

/** The store that has served this page. Made once, outside of components. */
const store = createClient<typeof app>(location.origin);

function Tasks() {
  const { rows, isLoading, error } = useView(store.views["open-tasks"]);
  const [title, setTitle] = useState("");
  const [added, setAdded] = useState(() => crypto.randomUUID());
  const add = useCommand(store.task(added).AddTask);

  const submit = async () => {
    await add.run({ title });
    setTitle("");
    setAdded(crypto.randomUUID()); // the next task's id
  };

  return (
    <>
      <h1>{rows.length} open tasks</h1>
      {isLoading && <p>…</p>}
      {error instanceof Error && <p role="alert">{error.message}</p>}
      <ul>
        {rows.map((row) => (
          <Task key={row.id} id={row.id} title={row.title} />
        ))}
      </ul>
      <form action={submit}>
        <input value={title} onChange={(change) => setTitle(change.target.value)} aria-label="title" required />
        <button disabled={add.isRunning}>add</button>
      </form>
      {add.result?.ok === false && <p role="alert">{add.result.reason}</p>}
    </>
  );
}

function Task({ id, title }: { readonly id: string; readonly title: string }) {
  const finish = useCommand(store.task(id).FinishTask);
  return (
    <li>
      {title}{" "}
      <button disabled={finish.isRunning} onClick={() => void finish.run({})}>
        done
      </button>
    </li>
  );
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Tasks />
  </StrictMode>,
);
