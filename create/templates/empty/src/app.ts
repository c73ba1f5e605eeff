import { defineApp } from "headspring";
import { openTasks } from "./open-tasks.ts";
import { task } from "./task.ts";

/** The list of the app's parts. What is not in it does not exist for the store. */
export const app = defineApp({
  aggregates: [task],
  views: [openTasks],
  processors: [],
});
