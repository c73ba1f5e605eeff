/** A process manager that is there to be tested: it has several counters count, and hears how that went. */

import * as z from "zod";
import {
  type Duration,
  after,
  aggregate,
  category,
  complete,
  event,
  nothing,
  processManager,
  refuse,
  send,
  streamIdOf,
} from "../../src/index.ts";
import { counter } from "./counter.ts";

const Job = z.object({ counter: z.string(), by: z.int(), how: z.enum(["Count", "Throw", "DoNothing"]).default("Count") });

/** What starts and changes errands: facts whose streams are named by their sender, not by the errand. */
export const wish = category("wish", {
  events: {
    Wished: z.object({ errand: z.string(), jobs: z.array(Job), patience: z.string().default("1h") }),
    Added: z.object({ errand: z.string(), job: Job }),
    CalledOff: z.object({ errand: z.string() }),
    Murmured: z.object({}),
  },
});

/** Makes the handler of one errand, correlation, or the timer, throw, until the test says otherwise. */
export const clumsy = { at: "", correlation: false, timer: false };

interface Errand {
  readonly status: "new" | "running" | "done" | "called-off" | "late";
  readonly open: number;
  readonly sum: number;
  readonly troubles: readonly string[];
}

/** An aggregate that the app does not have. */
const nobody = aggregate("nobody", {
  events: { Called: z.object({}) },
  commands: { Call: z.object({ by: z.int() }) },
  initialState: () => ({}),
  evolve: { Called: (state) => state },
  decide: { Call: () => nothing() },
});

/** Jobs for this counter go to an aggregate that does not exist. */
export const NOBODY = "nobody";

const order = ({ counter: id, by, how }: z.output<typeof Job>) => {
  if (id === NOBODY) return send(nobody, id, "Call", { by });
  return how === "Count" ? send(counter, id, "Count", { by }) : send(counter, id, how, {});
};

export const errand = processManager("errand", {
  description: "Has several counters count.",
  from: wish,
  to: [counter, nobody],
  correlate: {
    Wished: ({ data }) => {
      if (clumsy.correlation) throw new Error("the correlation is broken");
      return data.errand;
    },
    Added: ({ data }) => data.errand,
    CalledOff: ({ data, stream }) => (streamIdOf(stream) === "unheard" ? undefined : data.errand),
  },
  events: {
    Begun: z.object({ jobs: z.int() }),
    JobAdded: z.object({}),
    JobDone: z.object({ by: z.int() }),
    TroubleNoted: z.object({ what: z.string() }),
    Ended: z.object({ how: z.enum(["done", "called-off", "late"]) }),
  },
  initialState: (): Errand => ({ status: "new", open: 0, sum: 0, troubles: [] }),
  evolve: {
    Begun: (state, { jobs }) => ({ ...state, status: "running", open: jobs }),
    JobAdded: (state) => ({ ...state, open: state.open + 1 }),
    JobDone: (state, { by }) => ({ ...state, open: state.open - 1, sum: state.sum + by }),
    TroubleNoted: (state, { what }) => ({ ...state, open: state.open - 1, troubles: [...state.troubles, what] }),
    Ended: (state, { how }) => ({ ...state, status: how }),
  },
  on: {
    Wished: (state, { data }) => {
      if (clumsy.at === data.errand) throw new Error("the handler is broken");
      if (state.status !== "new") return nothing();
      return [event("Begun", { jobs: data.jobs.length }), ...data.jobs.map(order), after(data.patience as Duration, "RunLate", {})];
    },
    Added: (state, { data }) => (state.status === "running" ? [event("JobAdded", {}), order(data.job)] : undefined),
    // A timer that is set in the answer that ends it means nothing.
    CalledOff: () => [event("Ended", { how: "called-off" }), complete(), after("1h", "RunLate", {})],
  },
  onAccepted: {
    Count: (state, { events }) => ended(state, event("JobDone", { by: events.reduce((sum, { data }) => sum + data.by, 0) })),
    DoNothing: (state, { events }) => ended(state, event("JobDone", { by: events.length })),
  },
  onRefused: { Count: (state, { reason, id, data }) => ended(state, event("TroubleNoted", { what: `${id}: ${reason} ${data.by}` })) },
  onFailed: {
    Count: (state, { reason, id }) => ended(state, event("TroubleNoted", { what: `${id}: ${reason}` })),
    Throw: (state, { reason, id }) => ended(state, event("TroubleNoted", { what: `${id}: ${reason}` })),
    Call: (state, { reason, id }) => ended(state, event("TroubleNoted", { what: `${id}: ${reason}` })),
  },
  commands: { Note: z.object({ what: z.string().min(1) }) },
  decide: {
    Note: (state, { what }) => {
      if (what === "throw") throw new Error("the command is broken");
      return state.status === "new" ? refuse("not-begun") : [event("JobAdded", {}), event("TroubleNoted", { what })];
    },
  },
  timeouts: { RunLate: z.object({}) },
  onTimeout: {
    RunLate: () => {
      if (clumsy.timer) throw new Error("the timer is broken");
      return [event("Ended", { how: "late" }), complete()];
    },
  },
  retry: { attempts: 3, delay: "1s", backoff: "constant" },
});

/** What has happened, and the end if it was the last. */
function ended<Happened>(state: Errand, happened: Happened) {
  return state.open === 1 ? [happened, event("Ended", { how: "done" }), complete()] : happened;
}
