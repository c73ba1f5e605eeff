import { aggregate, event, nothing, refuse } from "headspring";
import * as z from "zod";

export interface Task {
  readonly status: "unknown" | "open" | "done";
}

/** The rules for one task. Events are kept for ever under these names: once there are some, rename nothing. */
export const task = aggregate("task", {
  events: {
    TaskAdded: z.object({ title: z.string() }),
    TaskDone: z.object({}),
  },
  commands: {
    AddTask: z.object({ title: z.string().min(1) }),
    FinishTask: z.object({}),
  },
  initialState: (): Task => ({ status: "unknown" }),
  // From events to the state that `decide` needs, and no more than that.
  evolve: {
    TaskAdded: (state) => ({ ...state, status: "open" }),
    TaskDone: (state) => ({ ...state, status: "done" }),
  },
  // From a command to events, or to a refusal. No clock, no database, no await.
  decide: {
    AddTask: (state, { title }) => (state.status === "unknown" ? event("TaskAdded", { title }) : refuse("already-added")),
    FinishTask: (state) => {
      if (state.status === "unknown") return refuse("no-such-task");
      return state.status === "open" ? event("TaskDone", {}) : nothing();
    },
  },
});
