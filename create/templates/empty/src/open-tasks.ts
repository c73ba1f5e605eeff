import { view } from "headspring";
import * as z from "zod";
import { task } from "./task.ts";

/** A table that follows the events. Change it as you like: the store builds it again from the events. */
export const openTasks = view("open-tasks", {
  from: task,
  row: z.object({ id: z.string(), title: z.string(), since: z.string() }),
  key: "id",
  indexes: ["since"],
  on: {
    TaskAdded: (_row, { data, time }, id) => ({ id, title: data.title, since: time }),
    TaskDone: () => null, // no row any more
  },
});
