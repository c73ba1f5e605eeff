/** The page's store: the one that has served it, its rows, and the outbox for its commands. */

import { createClient, createOutbox } from "headspring/client";
import type { app } from "../src/app.ts";
import { notify } from "./notices.ts";
import { type Row, apply } from "./pending.ts";

const store = createClient<typeof app>(location.origin);

/** Titles of todos that were changed here: what is said about them comes later. */
const titles = new Map<string, string>();

/** Commands wait in it while there is no connection, also over a reload. */
export const outbox = createOutbox(store, {
  storage: localStorage,
  name: "todo-outbox",
  onAnswer({ id }, answer) {
    const what = `“${titles.get(id) ?? id}”`;
    if ("reason" in answer) notify(`${what}: ${answer.reason.replaceAll("-", " ")}. Nothing was changed.`);
    else if ("code" in answer) notify(`${what} could not be saved: ${answer.message}`);
  },
});

/** The live rows, with what waits in the outbox. */
export const todos = outbox.over(store.views.todos, (rows: Map<string, Row>, command) => {
  const before = rows.get(command.id);
  apply(rows, command);
  const title = rows.get(command.id)?.title ?? before?.title;
  if (title !== undefined) titles.set(command.id, title);
});
