/** The app of the tests in workerd. */

import * as z from "zod";
import {
  type Duration,
  after,
  aggregate,
  append,
  at,
  cancel,
  category,
  defineApp,
  event,
  reactor,
  refuse,
  send,
  streamIdOf,
  upcast,
  view,
  webhook,
  webhookEvents,
} from "../../src/index.ts";
import { fulfilment } from "../../src/shop/fulfilment.ts";
import { order } from "../../src/shop/order.ts";
import { product } from "../../src/shop/product.ts";
import { readyOrders, stock } from "../../src/shop/views.ts";
import { counter, told } from "./counter.ts";
import { draft } from "./draft.ts";
import { errand, wish } from "./errand.ts";
import { move, purse, tour, trip, word } from "./sagas.ts";
import { customerTotals, delivery, sale, salesPerDay, stockByProduct } from "./views/figures.ts";
import { slip } from "./slip.ts";
import { ticker } from "./sources/ticker.ts";
import { specimen, specimens } from "./views/parts.ts";

export { counter, told };

/** Reminds itself: for timers. */
export const reminder = aggregate("reminder", {
  events: { Asked: z.object({ in: z.string() }), Reminded: z.object({ count: z.int() }), Dropped: z.object({}) },
  commands: {
    Ask: z.object({ in: z.string(), event: z.boolean().default(true) }),
    Remind: z.object({ note: z.string() }),
    Drop: z.object({}),
    AskAndDrop: z.object({}),
    SetNonsense: z.object({}),
  },
  initialState: () => ({ count: 0 }),
  evolve: {
    Asked: (state) => state,
    Reminded: (_state, { count }) => ({ count }),
    Dropped: (state) => state,
  },
  decide: {
    Ask: (_state, ask) => {
      const timer = after(ask.in as Duration, "Remind", { note: "now" });
      return ask.event ? [event("Asked", { in: ask.in }), timer] : timer;
    },
    Remind: (state, { note }) => {
      if (broken.active) throw new Error("the reminder is broken");
      return note === "now" ? event("Reminded", { count: state.count + 1 }) : refuse("not-now");
    },
    Drop: () => [event("Dropped", {}), cancel("Remind")],
    AskAndDrop: () => [event("Dropped", {}), after("1h", "Remind", { note: "now" }), cancel("Remind")],
    SetNonsense: () => after("1s", "Remind", { note: 1 as unknown as string }),
  },
});

/** Plans its parts: timers with keys, and a command that only timers and processors send. */
export const agenda = aggregate("agenda", {
  events: { Planned: z.object({ part: z.string() }), Rang: z.object({ part: z.string() }) },
  commands: {
    /** When the timer of each part goes off: a duration, or a time. `then`: what the first one does to the others. */
    Plan: z.object({
      parts: z.array(z.object({ part: z.string(), in: z.string().optional(), at: z.string().optional(), then: z.string().optional() })),
    }),
    Forget: z.object({ part: z.string().optional() }),
    Ring: z.object({ part: z.string(), then: z.string().optional() }),
    Bell: z.object({ part: z.string() }),
  },
  internal: ["Ring"],
  initialState: () => ({ rang: [] as readonly string[] }),
  evolve: { Planned: (state) => state, Rang: ({ rang }, { part }) => ({ rang: [...rang, part] }) },
  decide: {
    Plan: (_state, { parts }) =>
      parts.flatMap(({ part, in: delay, at: time, then }) => {
        const data = { part, ...(then === undefined ? {} : { then }) };
        const key = part === "" ? {} : { key: part };
        return [event("Planned", { part }), time === undefined ? after(delay as Duration, "Ring", data, key) : at(time, "Ring", data, key)];
      }),
    Forget: (_state, { part }) => cancel("Ring", part === undefined ? {} : { key: part }),
    Ring: (_state, { part, then }) => {
      if (then === undefined) return event("Rang", { part });
      const [what = "", other = ""] = then.split(" ");
      const change = what === "cancel" ? cancel("Ring", { key: other }) : after("1h", "Ring", { part: `${other} later` }, { key: other });
      return [event("Rang", { part }), change];
    },
    Bell: (_state, { part }) => event("Rang", { part }),
  },
});

/** What is stored of it is not what was sent, and its schemas refuse or change what is stored. */
export const tariff = category("tariff", {
  events: { Priced: z.object({ amount: z.number().transform((cents) => cents / 100) }), Switched: z.object({ on: z.stringbool() }) },
});

/** Makes the reminder fail, until the test says otherwise. */
export const broken = { active: false };

/** What contracts said in the beginning, then with a currency, then with an amount in cents. */
const SignedV1 = z.object({ amount: z.number() });
const SignedV2 = SignedV1.extend({ currency: z.string() });
const SignedV3 = z.object({ cents: z.int(), currency: z.string() });

/** An event type in its third version. */
export const contract = aggregate("contract", {
  events: {
    Signed: upcast(
      upcast(SignedV1, SignedV2, (signed) => {
        if (signed.amount === 666) throw new Error("nobody signs that");
        return { ...signed, currency: "EUR" };
      }),
      SignedV3,
      ({ amount, currency }) => ({ cents: Math.round(amount * 100), currency }),
    ),
  },
  commands: { Sign: SignedV3 },
  initialState: () => ({ cents: 0, currency: "" }),
  evolve: { Signed: (state, { cents, currency }) => ({ cents: state.cents + cents, currency }) },
  decide: { Sign: (_state, signed) => event("Signed", signed) },
});

export const contracts = view("contracts", {
  from: contract,
  row: z.object({ contract: z.string(), cents: z.int(), currency: z.string() }),
  key: "contract",
  on: {
    Signed: (row, { stream, data }) => ({ contract: streamIdOf(stream), cents: (row?.cents ?? 0) + data.cents, currency: data.currency }),
  },
});

/** Facts without rules. */
export const reading = category("reading", {
  events: { Read: z.object({ value: z.number() }), Calibrated: z.object({ note: z.string().optional() }) },
});

/** What the relay below makes of readings. */
export const alarm = category("alarm", { events: { Raised: z.object({ from: z.string(), value: z.number() }) } });

/** The same facts, which nobody answers and no view counts. */
export const sample = category("sample", { events: reading.events });

/** Facts that say where they belong. */
export const meter = category("meter", {
  key: "serial",
  events: { Metered: z.object({ serial: z.string().toLowerCase(), kwh: z.number() }) },
});

export const totals = view("totals", {
  from: counter,
  row: z.object({
    counter: z.string(),
    total: z.int(),
    events: z.int(),
    versions: z.array(z.int()),
    big: z.boolean(),
    note: z.string().optional(),
  }),
  key: "counter",
  indexes: ["total"],
  on: {
    Counted: (row, { stream, version, data }) => ({
      counter: streamIdOf(stream),
      total: data.total,
      events: (row?.events ?? 0) + 1,
      versions: [...(row?.versions ?? []), version],
      big: data.total >= 10,
    }),
  },
});

/** Fails on the value -1, until the test says otherwise. */
export const poison = { active: true };

export const values = view("values", {
  from: reading,
  row: z.object({ value: z.string(), count: z.int() }),
  key: "value",
  on: {
    Read: {
      at: (read) => (Number.isInteger(read.data.value) ? [String(read.data.value), "any"] : "any"),
      fold: (row, read, value) => {
        if (read.data.value === -1 && poison.active) throw new Error("poisoned");
        return { value, count: (row?.count ?? 0) + 1 };
      },
    },
    Calibrated: { at: () => "any", fold: () => null },
  },
});

/** Answers a reading above 100 with an alarm, and every reading with a count. */
export const relay = reactor("relay", {
  from: reading,
  emits: [counter, alarm],
  on: {
    Read: (read) => [
      send(counter, `of-${streamIdOf(read.stream)}`, "Count", {}),
      ...(read.data.value > 100 ? [append(alarm, streamIdOf(read.stream), "Raised", { from: read.stream, value: read.data.value })] : []),
    ],
  },
});

/** Makes the webhook below unable to decide, until the test says otherwise. */
export const doubtful = { active: false };

/** Off, until a test gives it an address: it reports readings above ten. */
const bigReadings = webhook("told", {
  from: reading,
  types: ["Read"],
  where: ({ data }) => {
    if (doubtful.active) throw new Error("cannot decide");
    return data.value > 10;
  },
  url: { variable: "TOLD_URL" },
  secret: { variable: "TOLD_SECRET" },
  headers: { "X-Told": "yes", "X-Key": { variable: "TOLD_KEY" } },
  rate: 1_000,
  concurrency: 2,
});

/** The same, but of everything there is. */
const allReadings = webhook("told.all", {
  from: reading,
  url: { variable: "TOLD_ALL_URL" },
  secret: { variable: "TOLD_SECRET" },
  start: "beginning",
});

export const app = defineApp({
  aggregates: [product, order, counter, reminder, agenda, contract, purse, slip, draft],
  categories: [reading, alarm, meter, sample, tariff, specimen, sale, delivery, wish, word, webhookEvents],
  views: [readyOrders, stock, totals, values, contracts, specimens, customerTotals, stockByProduct, salesPerDay],
  processors: [fulfilment, relay, errand, move, tour, trip],
  webhooks: [bigReadings, allReadings],
  sourceKinds: [ticker],
});
