/** The app of the tests in workerd. */

import { z } from "zod";
import { aggregate, append, category, defineApp, event, nothing, reactor, refuse, send, streamIdOf, view } from "../../src/index.ts";
import { fulfilment } from "../../src/shop/fulfilment.ts";
import { order } from "../../src/shop/order.ts";
import { product } from "../../src/shop/product.ts";
import { readyOrders, stock } from "../../src/shop/views.ts";

/** Counts, refuses above a limit, fails on request: one command for each outcome. */
export const counter = aggregate("counter", {
  events: { Counted: z.object({ by: z.int(), total: z.int() }) },
  commands: {
    Count: z.object({ by: z.int().positive().default(1) }),
    CountTwice: z.object({}),
    DoNothing: z.object({}),
    Throw: z.object({}),
    DecideNonsense: z.object({}),
  },
  initialState: () => ({ total: 0 }),
  evolve: { Counted: (state, { by }) => ({ total: state.total + by }) },
  decide: {
    Count: (state, { by }) => (by > 1_000 ? refuse("too-much", { limit: 1_000 }) : event("Counted", { by, total: state.total + by })),
    CountTwice: (state) => [event("Counted", { by: 1, total: state.total + 1 }), event("Counted", { by: 1, total: state.total + 2 })],
    DoNothing: () => nothing(),
    Throw: () => {
      throw new Error("decide threw, as it was told to");
    },
    // What a cast can let through: the schema must catch it before it is stored.
    DecideNonsense: () => event("Counted", { by: "many" as unknown as number, total: 0 }),
  },
});

/** Facts without rules. */
export const reading = category("reading", {
  events: { Read: z.object({ value: z.number() }), Calibrated: z.object({ note: z.string().optional() }) },
});

/** What the relay below makes of readings. */
export const alarm = category("alarm", { events: { Raised: z.object({ from: z.string(), value: z.number() }) } });

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
  on: {
    Read: (read) => [
      send(counter, `of-${streamIdOf(read.stream)}`, "Count", {}),
      ...(read.data.value > 100 ? [append(alarm, streamIdOf(read.stream), "Raised", { from: read.stream, value: read.data.value })] : []),
    ],
  },
});

export const app = defineApp({
  aggregates: [product, order, counter],
  categories: [reading, alarm],
  views: [readyOrders, stock, totals, values],
  processors: [fulfilment, relay],
});
