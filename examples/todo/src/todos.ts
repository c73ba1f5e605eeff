/** The table behind all three lists. */

import { view } from "headspring";
import * as z from "zod";
import { todo } from "./todo.ts";

export const todos = view("todos", {
  description: "The todos that are outstanding or completed. Those that are outstanding and have a due date are scheduled.",
  from: todo,
  row: z.object({
    todo_id: z.string(),
    title: z.string(),
    description: z.string().nullable(),
    due_date: z.iso.date().nullable(),
    stakeholder_email: z.string().nullable(),
    /** Null: it is outstanding. */
    completed_on: z.iso.date().nullable(),
    /** The position of the event that added it: lists have this order. */
    added: z.int(),
  }),
  key: "todo_id",
  indexes: [["completed_on", "added"]],
  on: {
    TodoAdded: (_row, { data, position }, todo_id) => ({
      description: null,
      due_date: null,
      stakeholder_email: null,
      ...data,
      todo_id,
      completed_on: null,
      added: position,
    }),
    TodoAmended: (row, { data }) => (row ? { ...row, ...data } : null),
    TodoCompleted: (row, { data }) => (row ? { ...row, ...data } : null),
    TodoAbandoned: () => null,
  },
});

export const LISTS = {
  outstanding: { "completed_on.is": "null" },
  scheduled: { "completed_on.is": "null", "due_date.is": "not-null" },
  completed: { "completed_on.is": "not-null" },
} as const;
