/** Sagas that are there to be tested: accounts that counters stand for, and a booking that starts another saga. */

import * as z from "zod";
import {
  aggregate,
  category,
  event,
  nothing,
  parallel,
  refuse,
  saga,
  send,
  series,
  start,
  startSaga,
  step,
  stepDone,
  stepFailed,
} from "../../src/index.ts";

/** Money of one owner. Refuses what it does not have, and everything while it is frozen. */
export const purse = aggregate("purse", {
  events: {
    Put: z.object({ amount: z.int(), why: z.string() }),
    Taken: z.object({ amount: z.int(), receipt: z.string() }),
    Frozen: z.object({}),
    Thawed: z.object({}),
  },
  commands: {
    Put: z.object({ amount: z.int().positive(), why: z.string().default("") }),
    Take: z.object({ amount: z.int().positive() }),
    Freeze: z.object({}),
    Thaw: z.object({}),
  },
  initialState: () => ({ amount: 0, frozen: false }),
  evolve: {
    Put: (state, { amount }) => ({ ...state, amount: state.amount + amount }),
    Taken: (state, { amount }) => ({ ...state, amount: state.amount - amount }),
    Frozen: (state) => ({ ...state, frozen: true }),
    Thawed: (state) => ({ ...state, frozen: false }),
  },
  decide: {
    Put: (state, put) => (state.frozen ? refuse("frozen") : event("Put", put)),
    Take: (state, { amount }, { version }) => {
      if (state.frozen) return refuse("frozen");
      return amount > state.amount
        ? refuse("not-enough", { amount: state.amount })
        : event("Taken", { amount, receipt: `receipt-${version + 1}` });
    },
    Freeze: (state) => (state.frozen ? nothing() : event("Frozen", {})),
    Thaw: () => event("Thawed", {}),
  },
});

/** An aggregate that the app does not have. */
const nobody = { name: "nobody", commands: { Call: z.object({}) } } as const;

const Move = z.object({
  /** Purses to take from, one after the other or at the same time, then to put into. */
  from: z.array(z.string()),
  to: z.string(),
  amount: z.int().positive(),
  atOnce: z.boolean().default(false),
  attempts: z.int().positive().default(1),
  /** What the taking is undone with. */
  undo: z.enum(["put", "nothing", "receipt", "fails"]).default("put"),
  unknown: z.boolean().default(false),
  /** The version that the purse must have to which it goes. */
  expects: z.int().optional(),
});

/** What is said of moves by others: starts and ends what waits. */
export const word = category("word", {
  events: {
    MoveWanted: Move.extend({ move: z.string() }),
    Agreed: z.object({ move: z.string(), by: z.string() }),
    Disagreed: z.object({ move: z.string() }),
    TourWanted: z.object({ tour: z.string(), stops: z.array(z.string()), how: z.string().default("") }),
  },
});

export const move = saga("move", {
  description: "Takes from purses and puts into another one.",
  input: Move,
  from: word,
  on: { MoveWanted: ({ data: { move, ...input } }) => startSaga(move, input) },
  steps: ({ from, to, amount, atOnce, attempts, undo, unknown, expects }) => {
    const retry = { attempts, delay: "20ms", backoff: "constant" } as const;
    const takes = from.map((owner) =>
      step(`take ${owner}`, {
        action: () => send(purse, owner, "Take", { amount }),
        result: (events) => events.map(({ data }) => data.receipt as string).join(),
        undo: (receipt) => {
          if (undo === "nothing") return undefined;
          return send(purse, owner, "Put", { amount: undo === "fails" ? 0 : amount, why: undo === "receipt" ? receipt : "undo" });
        },
        retry,
      }),
    );
    const all = { amount: from.length * amount || amount, why: "move" };
    const put = step("put", {
      action: () => (unknown ? send(nobody, to, "Call", {}) : send(purse, to, "Put", all)),
      ...(expects === undefined ? {} : { expects }),
      retry,
    });
    return series(atOnce ? parallel(...takes) : series(...takes), put);
  },
});

const Trip = z.object({ payer: z.string(), price: z.int().positive(), patience: z.string().default("1h") });

/** Waits for word of others, then has another saga move the money. */
export const trip = saga("trip", {
  input: Trip,
  from: word,
  on: {
    Agreed: ({ data }) => stepDone(data.move, "agreement", { by: data.by }),
    Disagreed: ({ data }) => stepFailed(data.move, "agreement", "no-agreement"),
  },
  sagas: [move],
  steps: ({ payer, price, patience }, { id }) => {
    const agreement = step<{ by: string }>("agreement", {
      action: () => send(purse, `lock-${id}`, "Freeze", {}),
      undo: () => send(purse, `lock-${id}`, "Thaw", {}),
      waits: patience as "1h",
    });
    return series(
      agreement,
      step("payment", {
        action: (done) => start(move, `${id}-payment`, { from: [payer], to: done.result(agreement).by, amount: price }),
      }),
    );
  },
});

/** As many steps as its input has stops, named by them; each is undone by another saga, and the last step may go wrong in many ways. */
export const tour = saga("tour", {
  input: z.object({ stops: z.array(z.string()), how: z.string().default("") }),
  from: word,
  on: {
    TourWanted: ({ data: { tour, ...input } }) =>
      startSaga(tour, { ...input, stops: input.how === "no stops" ? (7 as never) : input.stops }),
    Agreed: ({ data }) => stepDone(data.move, "last", { by: data.by }),
    Disagreed: ({ data }) => stepFailed(data.move, "last", "no"),
  },
  sagas: [move],
  steps: ({ stops, how }, { id }) => {
    if (how === "no plan") throw new Error("there is no plan for this");
    const visits = stops.map((stop) =>
      step(`visit ${stop}`, {
        action: () => send(purse, stop, "Put", { amount: 5, why: "visit" }),
        result: (events) => {
          if (how === "no result") throw new Error("there is no result of this");
          return events.length;
        },
        undo: () => {
          if (how === "no undo") throw new Error("there is no undo of this");
          return start(move, `${id}-back-${stop}`, { from: [stop], to: "home", amount: 5 });
        },
        undoRetry: { attempts: 2, delay: "20ms" },
      }),
    );
    const last = step("last", {
      action: () => {
        if (how === "no action") throw new Error("there is no action for this");
        if (how.startsWith("child")) return start(move, `${id}-last`, { from: ["till"], to: "home", amount: 5 });
        return how === "fails" || how === "no undo" ? send(purse, "empty", "Take", { amount: 5 }) : send(purse, "home", "Freeze", {});
      },
      retry: how === "child, again" ? { attempts: 2, delay: "20ms" } : "none",
      ...(how === "waits" ? { waits: "1h" } : how === "child, soon" ? { waits: "30ms" } : {}),
    });
    return series(parallel(...visits), last);
  },
});
