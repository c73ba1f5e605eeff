import { useRef, useState } from "react";
import { Fields, contentOf } from "./fields.tsx";
import { outbox } from "./store.ts";

export function AddForm() {
  const [added, setAdded] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  return (
    <form
      ref={form}
      className="add"
      aria-label="Add a todo"
      onSubmit={(submit) => {
        submit.preventDefault();
        void outbox.todo(crypto.randomUUID()).AddTodo(contentOf(submit.currentTarget));
        setAdded(added + 1); // empty fields
        queueMicrotask(() => form.current?.querySelector("input")?.focus());
      }}
    >
      <Fields key={added} placeholder="What is to be done?" />
      <button type="submit" className="main">
        Add
      </button>
    </form>
  );
}
