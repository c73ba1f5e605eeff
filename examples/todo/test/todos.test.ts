import { event } from "headspring";
import { given, on } from "headspring/testing";
import { describe, it } from "vitest";
import { todos } from "../src/todos.ts";

const added = on("todo/1", event("TodoAdded", { title: "Buy milk" }));
const row = {
  todo_id: "1",
  title: "Buy milk",
  description: null,
  due_date: null,
  stakeholder_email: null,
  completed_on: null,
  added: 1,
};

describe("the table of todos", () => {
  it("has a todo as it was amended, with nothing else changed", () => {
    given(todos, added).thenRows([row]);
    given(todos, added, on("todo/1", event("TodoAmended", { due_date: "2017-06-13", description: "Two litres" }))).thenRows([
      { ...row, due_date: "2017-06-13", description: "Two litres" },
    ]);
    given(
      todos,
      on("todo/1", event("TodoAdded", { title: "Buy milk", due_date: "2017-06-13" })),
      on("todo/1", event("TodoAmended", { due_date: null })),
    ).thenRows([row]);
  });

  it("keeps completed todos, and loses abandoned ones", () => {
    given(todos, added, on("todo/1", event("TodoCompleted", { completed_on: "2017-06-13" }))).thenRows([
      { ...row, completed_on: "2017-06-13" },
    ]);
    given(todos, added, on("todo/1", event("TodoAbandoned", { abandoned_on: "2017-06-01" }))).thenRows([]);
  });
});
