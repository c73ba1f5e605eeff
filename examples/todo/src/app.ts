import { defineApp } from "headspring";
import { notice, notifier } from "./notices.ts";
import { todo } from "./todo.ts";
import { todos } from "./todos.ts";

/** The list of the app's parts. */
export const app = defineApp({ aggregates: [todo], categories: [notice], views: [todos], processors: [notifier] });
