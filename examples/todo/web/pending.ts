/** What a command will do to the rows, once the store has it: the page shows that at once. */

import type { OutboxCommand } from "headspring/client";
import type { app } from "../src/app.ts"; // the type only: none of the app's code is in the page

export interface Row {
  readonly todo_id: string;
  readonly title: string;
  readonly description: string | null;
  readonly due_date: string | null;
  readonly stakeholder_email: string | null;
  readonly completed_on: string | null;
  readonly added: number;
  /** The store does not have all of this yet. */
  readonly isPending?: true;
}

export function apply(rows: Map<string, Row>, { command, id, data, at }: OutboxCommand<typeof app>): void {
  const row = rows.get(id);
  const isPending = true;
  // The time of this machine is larger than any position: new ones come last.
  if (command === "AddTodo" && !row) rows.set(id, { ...EMPTY, ...data, todo_id: id, added: at, isPending });
  if (command === "AmendTodo" && row) rows.set(id, { ...row, ...data, isPending });
  if (command === "CompleteTodo" && row) rows.set(id, { ...row, ...data, isPending });
  if (command === "AbandonTodo") rows.delete(id);
}

const EMPTY = { description: null, due_date: null, stakeholder_email: null, completed_on: null };
