import { event } from "headspring";
import { given, NOW, on } from "headspring/testing";
import { describe, it } from "vitest";
import { openTasks } from "../src/open-tasks.ts";
import { task } from "../src/task.ts";

const added = event("TaskAdded", { title: "Write the first aggregate" });
const done = event("TaskDone", {});

// A sentence that is not true throws, and shows the difference: no `expect` is needed.
describe("a task", () => {
  it("is added once", () => {
    given(task).when("AddTask", { title: "Write the first aggregate" }).then(added);
    given(task, added).when("AddTask", { title: "Another" }).thenRefused("already-added");
  });

  it("needs a title", () => {
    given(task).when("AddTask", { title: "" }).thenInvalid("title");
  });

  it("is finished once, and only if it was added", () => {
    given(task, added).when("FinishTask", {}).then(done);
    given(task, added, done).when("FinishTask", {}).thenNothing();
    given(task).when("FinishTask", {}).thenRefused("no-such-task");
  });
});

describe("open tasks", () => {
  it("are those that are not finished", () => {
    given(openTasks, on("task/1", added), on("task/2", added), on("task/2", done)).thenRows([
      { id: "1", title: "Write the first aggregate", since: NOW },
    ]);
  });
});
