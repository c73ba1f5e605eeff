/**
 * Types are tested like behaviour: each `@ts-expect-error` fails `tsc` when the mistake below it compiles.
 * This file is compiled by `npm run check` and never run.
 */

import * as z from "zod";
import { after, aggregate, at, cancel, event, nothing, refuse } from "../../src/index.ts";

interface Door {
  readonly status: "open" | "shut";
  readonly by?: string;
}

const events = {
  Opened: z.object({ by: z.string(), note: z.string().optional() }),
  Shut: z.object({ how: z.enum(["gently", "with a bang"]) }),
};
const commands = { Open: z.object({ by: z.string() }), Shut: z.object({}) };
const initialState = (): Door => ({ status: "shut" });
const evolve = {
  Opened: (_state: Door, { by }: { by: string }): Door => ({ status: "open", by }),
  Shut: (): Door => ({ status: "shut" }),
};

// The whole, as users write it: literals keep their types, handlers need no annotations.
aggregate("door", {
  events,
  commands,
  initialState,
  evolve: {
    Opened: (state, { by }) => ({ ...state, status: "open", by }),
    Shut: (_state, { how }) => ({ status: how === "gently" ? "shut" : "shut" }),
  },
  decide: {
    Open: (state, { by }, { now, id, version, commandId }) => {
      const facts: [Date, string, number, string] = [now, id, version, commandId];
      if (version > 1e6) return refuse("worn-out", String(facts));
      return state.status === "shut" ? event("Opened", { by }) : nothing();
    },
    Shut: (state) => (state.status === "open" ? [event("Shut", { how: "gently" })] : refuse("already-shut")),
  },
});

const rest = { events, commands, initialState, evolve };

aggregate("missing-command-handler", {
  ...rest,
  // @ts-expect-error -- Shut is missing
  decide: { Open: () => nothing() },
});

aggregate("surplus-command-handler", {
  ...rest,
  // @ts-expect-error -- there is no command Slam
  decide: { Open: () => nothing(), Shut: () => nothing(), Slam: () => nothing() },
});

aggregate("misspelt-event", {
  ...rest,
  // @ts-expect-error -- there is no event Openend
  decide: { Open: (_state, { by }) => event("Openend", { by }), Shut: () => nothing() },
});

aggregate("missing-field", {
  ...rest,
  // @ts-expect-error -- Opened needs `by`
  decide: { Open: () => event("Opened", {}), Shut: () => nothing() },
});

aggregate("misspelt-optional-field", {
  ...rest,
  // @ts-expect-error -- it is called `note`
  decide: { Open: (_state, { by }) => event("Opened", { by, notes: "x" }), Shut: () => nothing() },
});

aggregate("wrong-literal", {
  ...rest,
  // @ts-expect-error -- `how` is one of two
  decide: { Open: () => nothing(), Shut: () => event("Shut", { how: "loudly" }) },
});

aggregate("misspelt-command-field", {
  ...rest,
  // @ts-expect-error -- the command has no `who`
  decide: { Open: (_state, { who }) => event("Opened", { by: who }), Shut: () => nothing() },
});

aggregate("missing-event-handler", {
  events,
  commands,
  initialState,
  // @ts-expect-error -- Shut is missing
  evolve: { Opened: evolve.Opened },
  decide: { Open: () => nothing(), Shut: () => nothing() },
});

aggregate("surplus-event-handler", {
  events,
  commands,
  initialState,
  // @ts-expect-error -- there is no event Slammed
  evolve: { ...evolve, Slammed: (state: Door) => state },
  decide: { Open: () => nothing(), Shut: () => nothing() },
});

aggregate("wrong-state", {
  events,
  commands,
  initialState,
  // @ts-expect-error -- "ajar" is no status
  evolve: { Opened: evolve.Opened, Shut: (state) => ({ ...state, status: "ajar" }) },
  decide: { Open: () => nothing(), Shut: () => nothing() },
});

aggregate("state-changed-in-place", {
  ...rest,
  initialState: () => ({ balance: 0, lines: [{ sku: "tea" }] }),
  evolve: {
    // @ts-expect-error -- the state is readonly
    Opened: (state) => ((state.balance += 1), state),
    // @ts-expect-error -- and so is everything in it
    Shut: (state) => (state.lines.push({ sku: "salt" }), state),
  },
  decide: {
    // @ts-expect-error -- for decide too
    Open: (state) => ((state.balance -= 1), nothing()),
    Shut: (state) => {
      // @ts-expect-error -- down to the last member
      for (const line of state.lines) line.sku = "";
      return nothing();
    },
  },
});

aggregate("data-changed-in-place", {
  ...rest,
  evolve,
  // @ts-expect-error -- what a command says is readonly
  decide: { Open: (_state, command) => ((command.by = ""), nothing()), Shut: () => nothing() },
});

// What evolve answers may be written as it likes; literals keep their types, and the state may be a union or recursive.
interface Branch {
  readonly name: string;
  branches: Branch[];
}
type Job = { readonly phase: "waiting"; notes: string[] } | { readonly phase: "done"; at?: number; tree: Branch };
aggregate("states-of-many-kinds", {
  events,
  commands,
  initialState: (): Job => ({ phase: "waiting", notes: [] }),
  evolve: {
    Opened: (state, { by }) => (state.phase === "waiting" ? { ...state, notes: [...state.notes, by] } : state),
    Shut: (state) => ({ phase: "done", at: undefined, tree: { name: state.phase, branches: [] } }),
  },
  decide: { Open: (state) => refuse("no", { phase: state.phase }), Shut: () => nothing() },
});

const door = {
  events,
  commands,
  evolve: { Opened: <S>(state: S) => state, Shut: <S>(state: S) => state },
  decide: { Open: nothing, Shut: nothing },
};

// @ts-expect-error -- a Set would come back from a snapshot as {}
aggregate("state-with-a-set", { ...door, initialState: () => ({ seen: new Set<string>() }) });

// @ts-expect-error -- a Map
aggregate("state-with-a-map", { ...door, initialState: () => ({ deep: [{ by: new Map<string, number>() }] }) });

// @ts-expect-error -- a Date, optional as it may be
aggregate("state-with-a-date", { ...door, initialState: (): { readonly at?: Date } => ({}) });

// @ts-expect-error -- a function
aggregate("state-with-a-function", { ...door, initialState: () => ({ total: () => 1 }) });

// @ts-expect-error -- a bigint has no JSON
aggregate("state-with-a-bigint", { ...door, initialState: () => ({ cents: 1n }) });

// @ts-expect-error -- there is no JSON for nothing at all: that is null
aggregate("state-that-is-undefined", { ...door, initialState: (): { readonly count: number } | undefined => undefined });

// @ts-expect-error -- nor in an array
aggregate("state-with-undefined-in-an-array", { ...door, initialState: () => ({ list: [undefined, 1] }) });

// A member that is undefined counts as absent; what is unknown, nobody knows.
aggregate("state-with-absent-members", {
  ...door,
  initialState: (): { readonly a?: string; b: number | undefined; c: unknown[]; d: Record<string, { e: null }> } => ({
    b: undefined,
    c: [],
    d: {},
  }),
});

aggregate("not-json", {
  // @ts-expect-error -- a Date would come back from storage as text
  events: { Opened: z.object({ at: z.date() }) },
  commands: {},
  initialState: () => ({}),
  evolve: { Opened: (state) => state },
  decide: {},
});

aggregate("internal-commands", { ...rest, internal: ["Shut"], decide: { Open: () => nothing(), Shut: () => nothing() } });

aggregate("misspelt-internal-command", {
  ...rest,
  // @ts-expect-error -- there is no command Slam
  internal: ["Slam"],
  decide: { Open: () => nothing(), Shut: () => nothing() },
});

// Timers: by a while or at a time, with keys.
aggregate("timers", {
  ...rest,
  decide: {
    Open: (_state, { by }, { now }) => [
      after("30m", "Shut", {}, { key: by }),
      at(now, "Shut", {}),
      at("2026-01-01T00:00:00Z", "Open", { by }, { key: by }),
      cancel("Shut", { key: by }),
    ],
    Shut: () => nothing(),
  },
});

aggregate("misspelt-field-of-a-timer-at-a-time", {
  ...rest,
  // @ts-expect-error -- the command has no `who`
  decide: { Open: () => at(new Date(), "Open", { who: "x" }), Shut: () => nothing() },
});

// @ts-expect-error -- a duration is not negative
after("-5ms", "Shut", {});
// @ts-expect-error -- a duration is whole
after("0.5ms", "Shut", {});
// @ts-expect-error -- a key is a string
cancel("Shut", { key: 1 });
after(`${Number("5")}ms`, "Shut", {});
