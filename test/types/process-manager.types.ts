/** Types are tested like behaviour: each `@ts-expect-error` fails `tsc` when the mistake below it compiles. */

import * as z from "zod";
import { after, aggregate, cancel, complete, event, nothing, processManager, refuse, send, streamIdOf } from "../../src/index.ts";

const shipment = aggregate("shipment", {
  events: { Asked: z.object({ weight: z.number() }), Left: z.object({ at: z.string() }) },
  commands: { Ask: z.object({ weight: z.number() }), Leave: z.object({ carrier: z.enum(["bike", "van"]), note: z.string().optional() }) },
  initialState: () => ({}),
  evolve: { Asked: (state) => state, Left: (state) => state },
  decide: { Ask: (_state, ask) => event("Asked", ask), Leave: () => event("Left", { at: "now" }) },
});
const stranger = aggregate("stranger", {
  events: { Met: z.object({}) },
  commands: { Meet: z.object({}) },
  initialState: () => ({}),
  evolve: { Met: (state) => state },
  decide: { Meet: () => event("Met", {}) },
});

interface Dispatch {
  readonly status: "new" | "asked" | "gone";
}

const base = {
  from: shipment,
  to: shipment,
  events: { Begun: z.object({ weight: z.number() }), Gone: z.object({}) },
  initialState: (): Dispatch => ({ status: "new" }),
  evolve: { Begun: (): Dispatch => ({ status: "asked" }), Gone: (): Dispatch => ({ status: "gone" }) },
} as const;
const correlate = { Asked: ({ stream }: { stream: string }) => streamIdOf(stream) };

// The whole, as users write it: handlers need no annotations.
const dispatch = processManager("dispatch", {
  from: shipment,
  to: shipment,
  correlate: { Asked: ({ stream, data }) => (data.weight > 0 ? streamIdOf(stream) : undefined), Left: ({ stream }) => streamIdOf(stream) },
  events: { Begun: z.object({ weight: z.number() }), Gone: z.object({}) },
  initialState: (): Dispatch => ({ status: "new" }),
  evolve: {
    Begun: (state, { weight }) => ({ ...state, status: weight > 1 ? "asked" : "new" }),
    Gone: (state) => ({ ...state, status: "gone" }),
  },
  on: {
    Asked: (state, { data, stream }, { now }) =>
      state.status === "new" && now.getTime() > 0
        ? [
            event("Begun", { weight: data.weight }),
            send(shipment, streamIdOf(stream), "Leave", { carrier: "bike" }),
            after("30m", "Late", { since: 1 }),
          ]
        : nothing(),
    Left: () => [cancel("Late"), complete()],
  },
  onAccepted: {
    Leave: (_state, { data, events, version }) => {
      const carrier: "bike" | "van" = data.carrier;
      const first = events[0];
      const at: string = first?.type === "Left" ? first.data.at : "";
      return version > 1 && carrier && at ? event("Gone", {}) : undefined;
    },
  },
  onRefused: { Leave: (_state, { reason, id }) => (reason === "strike" && id ? complete() : undefined) },
  onFailed: { Leave: (_state, { reason }) => (reason === "stream-deleted" ? complete() : undefined) },
  commands: { GiveUp: z.object({ why: z.string() }) },
  decide: { GiveUp: (state, { why }) => (state.status === "gone" ? refuse("gone", why) : complete()) },
  timeouts: { Late: z.object({ since: z.number() }) },
  onTimeout: { Late: (_state, { since }) => (since > 0 ? [event("Gone", {}), complete()] : undefined) },
});

// It can be sent to: what it declares, and nothing else.
send(dispatch, "1", "GiveUp", { why: "" });
// @ts-expect-error -- timeouts are its own
send(dispatch, "1", "Late", { since: 1 });
// @ts-expect-error -- `why` is missing
send(dispatch, "1", "GiveUp", {});

// Nothing optional is needed.
processManager("small", { ...base, correlate, on: { Asked: () => complete() } });

processManager("misspelt-event-of-source", {
  ...base,
  // @ts-expect-error -- shipment has no event Askt
  correlate: { Askt: () => "1" },
  // @ts-expect-error -- shipment has no event Askt
  on: { Askt: () => nothing() },
});

processManager("missing-handler", {
  ...base,
  correlate: { ...correlate, Left: () => "1" },
  // @ts-expect-error -- Left is correlated, and not handled
  on: { Asked: () => nothing() },
});

processManager("handler-without-correlation", {
  ...base,
  correlate,
  // @ts-expect-error -- Left is handled, and not correlated
  on: { Asked: () => nothing(), Left: () => nothing() },
});

processManager("misspelt-event-of-its-own", {
  ...base,
  correlate,
  // @ts-expect-error -- there is no event Begn
  on: { Asked: () => event("Begn", { weight: 1 }) },
});

processManager("surplus-field", {
  ...base,
  correlate,
  // @ts-expect-error -- there is no field weigth
  on: { Asked: () => event("Begun", { weight: 1, weigth: 2 }) },
});

processManager("undeclared-target", {
  ...base,
  correlate,
  // @ts-expect-error -- `to` does not name the stranger
  on: { Asked: () => send(stranger, "1", "Meet", {}) },
});

processManager("misspelt-command", {
  ...base,
  correlate,
  // @ts-expect-error -- shipment has no command Leav
  on: { Asked: () => send(shipment, "1", "Leav", { carrier: "bike" }) },
});

processManager("refusal-of-nobody", {
  ...base,
  correlate,
  on: { Asked: () => nothing() },
  // @ts-expect-error -- nobody it sends to has a command Meet
  onRefused: { Meet: () => nothing() },
});

processManager("refusing-an-event", {
  ...base,
  correlate,
  // @ts-expect-error -- an event has happened: it cannot be refused
  on: { Asked: () => refuse("no") },
});

processManager("undeclared-timeout", {
  ...base,
  correlate,
  // @ts-expect-error -- there is no timeout Late
  on: { Asked: () => after("1s", "Late", {}) },
});

// @ts-expect-error -- onTimeout is missing
processManager("missing-timeout-handlers", { ...base, correlate, on: { Asked: () => nothing() }, timeouts: { Late: z.object({}) } });

// @ts-expect-error -- decide is missing
processManager("missing-command-handlers", { ...base, correlate, on: { Asked: () => nothing() }, commands: { Stop: z.object({}) } });

processManager("missing-evolve", {
  ...base,
  correlate,
  // @ts-expect-error -- Gone is missing
  evolve: { Begun: (): Dispatch => ({ status: "asked" }) },
  on: { Asked: () => nothing() },
});

processManager("state-changed-in-place", {
  ...base,
  initialState: () => ({ weights: [1] }),
  correlate,
  // @ts-expect-error -- the state is readonly for evolve
  evolve: { Begun: (state) => (state.weights.push(1), state), Gone: (state) => state },
  // @ts-expect-error -- and for handlers
  on: { Asked: (state) => ((state.weights = []), nothing()) },
});

processManager("state-that-is-no-json", {
  ...base,
  // @ts-expect-error -- a Map would come back from a snapshot as {}
  initialState: () => ({ weights: new Map<string, number>() }),
  evolve: { Begun: (state) => state, Gone: (state) => state },
  correlate,
  on: { Asked: () => nothing() },
});
