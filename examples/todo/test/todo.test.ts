import { event } from "headspring";
import { given } from "headspring/testing";
import { describe, it } from "vitest";
import { todo } from "../src/todo.ts";

const plants = {
  title: "Water the plants",
  description: "All of them.",
  due_date: "2017-07-13",
  stakeholder_email: "customer@example.com",
};
const added = event("TodoAdded", { title: "Water the plants" });
const completed = event("TodoCompleted", { completed_on: "2017-07-13" });
const abandoned = event("TodoAbandoned", { abandoned_on: "2017-07-13" });
const notice = { title: "Water the plants", stakeholder_email: "customer@example.com" };

describe("a todo", () => {
  it("is added once, and needs a title", () => {
    given(todo).when("AddTodo", plants).then(event("TodoAdded", plants));
    given(todo, added).when("AddTodo", plants).thenRefused("already-exists");
    given(todo).when("AddTodo", { title: "" }).thenInvalid("title");
    given(todo)
      .when("AddTodo", { ...plants, due_date: "invalid" })
      .thenInvalid("due_date");
  });

  it("is amended while it is open, and only in the named members", () => {
    given(todo, added)
      .when("AmendTodo", { due_date: null })
      .then(event("TodoAmended", { due_date: null }));
    given(todo).when("AmendTodo", {}).thenRefused("does-not-exist");
    given(todo, added, completed).when("AmendTodo", {}).thenRefused("is-complete");
    given(todo, added, abandoned).when("AmendTodo", {}).thenRefused("is-abandoned");
  });

  it("ends once: completed or abandoned", () => {
    given(todo, added).when("CompleteTodo", completed.data).then(completed);
    given(todo, added).when("AbandonTodo", abandoned.data).then(abandoned);
    given(todo).when("CompleteTodo", completed.data).thenRefused("does-not-exist");
    given(todo).when("AbandonTodo", abandoned.data).thenRefused("does-not-exist");
    given(todo, added, completed).when("CompleteTodo", completed.data).thenRefused("already-complete");
    given(todo, added, completed).when("AbandonTodo", abandoned.data).thenRefused("already-complete");
    given(todo, added, abandoned).when("CompleteTodo", completed.data).thenRefused("already-abandoned");
    given(todo, added, abandoned).when("AbandonTodo", abandoned.data).thenRefused("already-abandoned");
  });

  it("has a notice sent to its stakeholder, with its latest title and address", () => {
    given(todo, event("TodoAdded", plants)).when("CompleteTodo", completed.data).then(completed, event("CompletionNoticeDue", notice));
    given(todo, event("TodoAdded", plants)).when("AbandonTodo", abandoned.data).then(abandoned, event("StopWorkNoticeDue", notice));
    given(todo, added, event("TodoAmended", { title: "Water all plants", stakeholder_email: "customer@example.org" }))
      .when("CompleteTodo", completed.data)
      .then(completed, event("CompletionNoticeDue", { title: "Water all plants", stakeholder_email: "customer@example.org" }));
    given(todo, event("TodoAdded", plants), event("TodoAmended", { stakeholder_email: null }))
      .when("CompleteTodo", completed.data)
      .then(completed);
  });
});
