/**
 * A todo: one stream each, which is asked to do something by commands and answers with events. Stored names: `todo` and its events; version
 * them with care. Events and fields have the names that they have in EventSourcery's application.
 */

import { aggregate, event, refuse } from "headspring";
import * as z from "zod";

const Content = z.object({
  title: z.string().min(1),
  description: z.string().nullable().optional(),
  due_date: z.iso.date().nullable().optional(),
  /** The person who is waiting for it. */
  stakeholder_email: z.string().nullable().optional(),
});
const Completion = z.object({ completed_on: z.iso.date() });
const Abandonment = z.object({ abandoned_on: z.iso.date() });

/** What a stakeholder must hear of, with what the mail needs: it was completed, or nobody works on it any more. */
const Notice = z.object({ title: z.string(), stakeholder_email: z.string() });

interface Todo {
  readonly status: "none" | "open" | "complete" | "abandoned";
  /** For the notice. */
  readonly title: string;
  readonly stakeholder: string;
}

export const todo = aggregate("todo", {
  description: "Something to do, until it is completed or abandoned.",
  events: {
    TodoAdded: Content,
    TodoAmended: Content.partial(),
    TodoCompleted: Completion,
    TodoAbandoned: Abandonment,
    CompletionNoticeDue: Notice,
    StopWorkNoticeDue: Notice,
  },
  commands: {
    AddTodo: Content,
    AmendTodo: Content.partial(),
    CompleteTodo: Completion,
    AbandonTodo: Abandonment,
  },
  initialState: (): Todo => ({ status: "none", title: "", stakeholder: "" }),
  evolve: {
    TodoAdded: (_state, content) => ({ status: "open", title: content.title, stakeholder: content.stakeholder_email ?? "" }),
    TodoAmended: (state, { title = state.title, stakeholder_email = state.stakeholder }) => ({
      ...state,
      title,
      stakeholder: stakeholder_email ?? "",
    }),
    TodoCompleted: (state) => ({ ...state, status: "complete" }),
    TodoAbandoned: (state) => ({ ...state, status: "abandoned" }),
    CompletionNoticeDue: (state) => state,
    StopWorkNoticeDue: (state) => state,
  },
  decide: {
    AddTodo: ({ status }, content) => (status === "none" ? event("TodoAdded", content) : refuse("already-exists")),

    AmendTodo: ({ status }, changes) => {
      if (status === "none") return refuse("does-not-exist");
      if (status !== "open") return refuse(`is-${status}`);
      return event("TodoAmended", changes);
    },

    CompleteTodo: (state, completion) => {
      if (state.status === "none") return refuse("does-not-exist");
      if (state.status !== "open") return refuse(`already-${state.status}`);
      return [event("TodoCompleted", completion), ...noticeOf(state).map((notice) => event("CompletionNoticeDue", notice))];
    },

    AbandonTodo: (state, abandonment) => {
      if (state.status === "none") return refuse("does-not-exist");
      if (state.status !== "open") return refuse(`already-${state.status}`);
      return [event("TodoAbandoned", abandonment), ...noticeOf(state).map((notice) => event("StopWorkNoticeDue", notice))];
    },
  },
});

/** One notice, or none if nobody waits for it. */
function noticeOf({ title, stakeholder }: Todo): z.infer<typeof Notice>[] {
  return stakeholder === "" ? [] : [{ title, stakeholder_email: stakeholder }];
}
