/**
 * Types are tested like behaviour: each `@ts-expect-error` fails `tsc` when the mistake below it compiles.
 * This file is compiled by `npm run check` and never run.
 */

import * as z from "zod";
import { aggregate, append, category, effect, event, nothing, reactor, send, transform } from "../../src/index.ts";

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
  // @ts-expect-error -- a bell is `Rung`, not `Rang`
  on: { Rang: () => [] },
});

reactor("event-of-another-source", {
  from: bell,
  // @ts-expect-error -- it does not follow door
  on: { Opened: () => [] },
});

reactor("misspelt-field-of-the-event", {
  from: bell,
  emits: bell,
  // @ts-expect-error -- the event has no `time`s, but `times`
  on: { Rung: ({ data }) => append(bell, "log", "Rung", { times: data.time }) },
});

reactor("answers-events", {
  from: bell,
  emits: bell,
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
// @ts-expect-error -- there is no event `Rang`
append(bell, "log", "Rang", { times: 1 });
// @ts-expect-error -- `times` is a number
append(bell, "log", "Rung", { times: "1" });
// @ts-expect-error -- there is no `often`
append(bell, "log", "Rung", { times: 1, often: true });

reactor("fact-for-an-aggregate", {
  from: bell,
  emits: door,
  // @ts-expect-error -- only commands go to an aggregate: its rules decide
  on: { Rung: () => append(door, "front", "Opened", { by: "nobody" }) },
});

// What is emitted is declared: all that a target takes, or only what is named behind it; one target needs no list.
reactor("narrow", {
  from: bell,
  emits: [[door, "Open"], bell],
  start: "head",
  retry: { attempts: 3, delay: "10s" },
  loops: { hops: 7 },
  on: { Rung: ({ data }) => (data.times > 3 ? send(door, "front", "Open", { by: "x" }) : append(bell, "log", "Muted", {})) },
});
reactor("single", {
  from: bell,
  emits: door,
  on: { Rung: () => [send(door, "front", "Open", { by: "x" }), send(door, "front", "Shut", {})] },
});
reactor("single-and-narrow", { from: bell, emits: [door, "Shut"], on: { Rung: () => send(door, "front", "Shut", {}) } });
reactor("declares-nothing", { from: bell, on: { Rung: () => {}, Muted: () => [] } });

reactor("emits-undeclared", {
  from: bell,
  // @ts-expect-error -- without `emits` there is nothing that it may answer
  on: { Rung: () => send(door, "front", "Shut", {}) },
});
reactor("emits-another-command", {
  from: bell,
  emits: [[door, "Open"]],
  // @ts-expect-error -- it declares Open, not Shut
  on: { Rung: () => send(door, "front", "Shut", {}) },
});
reactor("emits-another-event", {
  from: bell,
  emits: [door, [bell, "Muted"]],
  // @ts-expect-error -- it declares `Muted`, not `Rung`
  on: { Rung: () => [append(bell, "log", "Muted", {}), append(bell, "log", "Rung", { times: 1 })] },
});
reactor("emits-elsewhere", {
  from: bell,
  emits: bell,
  // @ts-expect-error -- it declares bell, not door
  on: { Rung: ({ data }) => (data.times > 1 ? send(door, "front", "Shut", {}) : undefined) },
});
reactor("emits-a-misspelt-command", {
  from: bell,
  // @ts-expect-error -- a door has no Slam
  emits: [[door, "Slam"]],
  on: {},
});
reactor("emits-a-misspelt-event", {
  from: bell,
  // @ts-expect-error -- a bell is `Rung`, not `Rang`
  emits: [bell, "Rang"],
  on: {},
});
// @ts-expect-error -- what is emitted goes to an aggregate or a category, not to a name
reactor("emits-to-a-name", { from: bell, emits: "door", on: {} });
// @ts-expect-error -- it begins at the beginning or at the head
reactor("starts-somewhere", { from: bell, start: 5, on: {} });
// @ts-expect-error -- a delay is written like "10s"
reactor("retries-somehow", { from: bell, retry: { attempts: 3, delay: 10 }, on: {} });

// A transform makes events of events: others, several, none, or the same where the target declares its like.
const copies = category("copies", { events: { Rung: z.object({ times: z.int() }), Louder: z.object({ by: z.int() }) } });
transform("copy", {
  from: [bell, door],
  to: copies,
  on: {
    Rung: (rung) => (rung.data.times > 1 ? [rung, event("Louder", { by: 1 })] : undefined),
    Opened: () => event("Rung", { times: 0 }),
  },
  stream: (source, made) => `${source.type}-${made.type}`,
});
transform("keeps-what-its-target-does-not-have", {
  from: bell,
  to: copies,
  // @ts-expect-error -- copies are not Muted
  on: { Muted: (muted) => muted },
});
transform("keeps-what-does-not-fit", {
  from: category("words", { events: { Rung: z.object({ times: z.string() }) } }),
  to: copies,
  // @ts-expect-error -- `times` is a number there
  on: { Rung: (rung) => rung },
});
transform("makes-a-misspelt-event", {
  from: bell,
  to: copies,
  // @ts-expect-error -- there is no Lauder
  on: { Rung: () => event("Lauder", { by: 1 }) },
});
transform("makes-a-misspelt-field", {
  from: bell,
  to: copies,
  // @ts-expect-error -- there is no `of`
  on: { Rung: () => event("Louder", { by: 1, of: 2 }) },
});
transform("sends", {
  from: bell,
  to: copies,
  // @ts-expect-error -- a transform sends no commands
  on: { Rung: () => send(door, "front", "Shut", {}) },
});
transform("to-an-aggregate", {
  from: bell,
  // @ts-expect-error -- the streams of an aggregate are its own
  to: door,
  on: {},
});
transform("of-another-source", {
  from: bell,
  to: copies,
  // @ts-expect-error -- it does not follow door
  on: { Opened: () => undefined },
});

// An effect calls out, and records the outcome.
const calls = category("calls", { events: { Answered: z.object({ by: z.string() }), Missed: z.object({}) } });
effect("ring-back", {
  from: bell,
  records: calls,
  timeout: "10s",
  retry: "none",
  start: "beginning",
  stream: ({ stream }) => stream.slice(1),
  otherwise: (rung, error) => (rung.type === "Rung" && error instanceof Error ? event("Missed", {}) : nothing()),
  on: {
    Rung: async ({ data }, { fetch, key, keyFor, variable, signal, repeated }) => {
      const answer = await fetch(variable("URL"), { method: "POST", signal, headers: { "idempotency-key": repeated ? key : keyFor("x") } });
      return data.times > 3 ? event("Answered", { by: await answer.text() }) : nothing();
    },
  },
});
effect("records-a-misspelt-event", {
  from: bell,
  records: calls,
  // @ts-expect-error -- there is no Anwered
  on: { Rung: async () => event("Anwered", { by: "x" }) },
});
effect("records-a-misspelt-field", {
  from: bell,
  records: calls,
  // @ts-expect-error -- there is no `of`
  on: { Rung: async () => event("Answered", { by: "x", of: "y" }) },
});
effect("synchronous", {
  from: bell,
  records: calls,
  // @ts-expect-error -- what calls out takes its time
  on: { Rung: () => nothing() },
});
effect("says-nothing", {
  from: bell,
  records: calls,
  // @ts-expect-error -- without an outcome it has to return nothing()
  on: { Rung: async () => {} },
});
effect("sends", {
  from: bell,
  records: calls,
  // @ts-expect-error -- who wants to act on an outcome follows its category
  on: { Rung: async () => send(door, "front", "Shut", {}) },
});
effect("misspelt-event", {
  from: bell,
  records: calls,
  // @ts-expect-error -- a bell is `Rung`, not `Rang`
  on: { Rang: async () => nothing() },
});
effect("otherwise-undeclared", {
  from: bell,
  records: calls,
  on: {},
  // @ts-expect-error -- there is no Lost
  otherwise: () => event("Lost", {}),
});
effect("records-in-an-aggregate", {
  from: bell,
  // @ts-expect-error -- the streams of an aggregate are its own
  records: door,
  on: {},
});
// @ts-expect-error -- a timeout is written like "10s"
effect("timeout", { from: bell, records: calls, timeout: 10, on: {} });
