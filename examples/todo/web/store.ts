/** The page's store: the one that has served it, its rows, and the outbox for its commands. */

import { createClient, createOutbox } from "headspring/client";
import type { app } from "../src/app.ts";
import { notify } from "./notices.ts";
import { apply } from "./pending.ts";

const store = createClient<typeof app>(location.origin);

/** Commands wait in it while there is no connection, also over a reload. */
export const outbox = createOutbox(store, {
  storage: localStorage,
  name: "todo-outbox",
  onAnswer({ id, data }, answer) {
    const what = "title" in data && data.title ? `“${data.title}”` : `The todo ${id}`;
    if ("reason" in answer) notify(`${what} ${answer.reason.replaceAll("-", " ")}: nothing was changed.`);
    else if ("code" in answer) notify(`${what} could not be saved: ${answer.message}`);
  },
});

/** The live rows, with what waits in the outbox. */
export const todos = outbox.over(store.views.todos, apply);
