/**
 * Types are tested like behaviour: each `@ts-expect-error` fails `tsc` when the mistake below it compiles.
 * This file is compiled by `npm run check` and never run.
 */

import { z } from "zod";
import { aggregate, append, category, event, nothing, reactor, send } from "../../src/index.ts";

const door = aggregate("door", {
  events: { Opened: z.object({ by: z.string() }) },
  commands: { Open: z.object({ by: z.string(), slowly: z.boolean().default(false) }), Shut: z.object({}) },
  initialState: () => ({}),
  evolve: { Opened: (state) => state },
  decide: { Open: (_state, { by }) => event("Opened", { by }), Shut: () => nothing() },
});
const bell = category("bell", { events: { Rung: z.object({ times: z.int() }), Muted: z.object({}) } });

// The whole, as users write it: one action, several, none, and what the schema fills in may be left out.
reactor("porter", {
  from: [door, bell],
  emits: [door, bell],
  on: {
    Rung: ({ data, meta, stream }) => [
      send(door, "front", "Open", { by: meta.correlationId ?? stream, slowly: data.times > 3 }),
      append(bell, "log", "Rung", { times: data.times }),
    ],
    Opened: ({ data }) => (data.by === "nobody" ? undefined : send(door, "back", "Shut", {})),
    Muted: () => {},
  },
});

reactor("unknown-event", {
  from: bell,
  // @ts-expect-error -- a bell is Rung, not Rang
  on: { Rang: () => [] },
});

reactor("event-of-another-source", {
  from: bell,
  // @ts-expect-error -- it does not follow door
  on: { Opened: () => [] },
});

reactor("misspelt-field-of-the-event", {
  from: bell,
  // @ts-expect-error -- the event has no `time`s, but `times`
  on: { Rung: ({ data }) => append(bell, "log", "Rung", { times: data.time }) },
});

reactor("answers-events", {
  from: bell,
  // @ts-expect-error -- a reactor sends commands and appends facts to named streams
  on: { Rung: () => event("Opened", { by: "x" }) },
});

reactor("asynchronous", {
  from: bell,
  // @ts-expect-error -- reactors are synchronous
  on: { Rung: async () => [] },
});

// @ts-expect-error -- there is no command Slam
send(door, "front", "Slam", {});
// @ts-expect-error -- `by` is missing
send(door, "front", "Open", {});
// @ts-expect-error -- there is no `quickly`
send(door, "front", "Open", { by: "x", quickly: true });
// @ts-expect-error -- `slowly` is true or false
send(door, "front", "Open", { by: "x", slowly: "yes" });
// @ts-expect-error -- a plain category takes no commands
send(bell, "log", "Rung", { times: 1 });
// @ts-expect-error -- there is no event Rang
append(bell, "log", "Rang", { times: 1 });
// @ts-expect-error -- `times` is a number
append(bell, "log", "Rung", { times: "1" });
// @ts-expect-error -- there is no `often`
append(bell, "log", "Rung", { times: 1, often: true });

reactor("fact-for-an-aggregate", {
  from: bell,
  // @ts-expect-error -- only commands go to an aggregate: its rules decide
  on: { Rung: () => append(door, "front", "Opened", { by: "nobody" }) },
});
