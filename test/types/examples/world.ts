/** The parts that examples in the doc comments of exports refer to. `test/unit/docs/examples.test.ts` compiles the examples with them. */

import * as z from "zod";
import {
  aggregate,
  category,
  complete,
  defineApp,
  effect,
  event,
  nothing,
  processManager,
  queue,
  reactor,
  saga,
  send,
  series,
  source,
  type sql,
  step,
  streamIdOf,
  view,
} from "../../../src/index.ts";

const Line = z.object({ sku: z.string(), quantity: z.int() });
export const lines = [{ sku: "tea", quantity: 2 }];
export const OrderPlacedV1 = z.object({ customer: z.string() });
export const OrderPlacedV2 = z.object({ customer: z.string(), currency: z.string() });

const placed = z.object({
  customer: z.string().default("a customer"),
  lines: z.array(Line).default([]),
  sku: z.string().default("tea"),
  cents: z.int().default(0),
});
const seat = z.object({ seat: z.string() });
const booking = z.object({ room: z.string(), from: z.string() });
interface Order {
  readonly status: "new" | "placed" | "confirmed";
}

/** The rules that examples of a decision become part of. */
export const rules = {
  events: {
    OrderPlaced: placed,
    OrderLineReserved: z.object({ sku: z.string() }),
    OrderReady: z.object({ region: z.string() }),
    OrderConfirmed: z.object({}),
    OrderRejected: z.object({ reason: z.string() }),
    SeatReserved: seat,
    Booked: booking,
  },
  commands: {
    PlaceOrder: placed,
    ConfirmLine: z.object({ sku: z.string() }),
    ConfirmOrder: z.object({}),
    RejectOrder: z.object({ reason: z.string() }),
    ExpireOrder: z.object({}),
    ReserveSeat: seat,
    FreeSeat: seat,
    Book: booking,
    OpenRoom: z.object({ room: z.string() }),
  },
  initialState: (): Order => ({ status: "new" }),
  evolve: {
    OrderPlaced: (state: Order) => state,
    OrderLineReserved: (state: Order) => state,
    OrderReady: (state: Order) => state,
    OrderConfirmed: (state: Order) => state,
    OrderRejected: (state: Order) => state,
    SeatReserved: (state: Order) => state,
    Booked: (state: Order) => state,
  },
};
export const decide = {
  PlaceOrder: () => nothing(),
  ConfirmLine: () => nothing(),
  ConfirmOrder: () => nothing(),
  RejectOrder: () => nothing(),
  ExpireOrder: () => nothing(),
  ReserveSeat: () => nothing(),
  FreeSeat: () => nothing(),
  Book: () => nothing(),
  OpenRoom: () => nothing(),
};
export const order = aggregate("order", { ...rules, decide });
export const product = aggregate("product", {
  events: { StockReceived: z.object({ quantity: z.int() }) },
  commands: {
    ReserveStock: z.object({ order: z.string(), quantity: z.int() }),
    ReleaseStock: z.object({ order: z.string() }),
  },
  initialState: () => ({ quantity: 0 }),
  evolve: { StockReceived: (_state, { quantity }) => ({ quantity }) },
  decide: { ReserveStock: () => nothing(), ReleaseStock: () => nothing() },
});
export const account = aggregate("account", {
  events: {},
  commands: { Withdraw: z.object({ amount: z.int() }), Deposit: z.object({ amount: z.int() }) },
  initialState: () => ({}),
  evolve: {},
  decide: { Withdraw: () => nothing(), Deposit: () => nothing() },
});
export const counter = aggregate("counter", {
  events: { Counted: z.object({ by: z.int() }) },
  commands: {},
  initialState: () => ({}),
  evolve: { Counted: (state) => state },
  decide: {},
});

export const payment = category("payment", { events: { Charged: z.object({ receipt: z.string() }), ChargeDeclined: z.object({}) } });
export const shipments = category("shipment", { events: { ShipmentDue: z.object({ order: z.string() }) } });
export const tickets = category("ticket", { events: { TicketOpened: z.object({ reason: z.string() }) } });
export const reading = category("reading", { events: { Read: z.object({ celsius: z.number() }) } });
export const readingsIn = source("readings-in", {
  from: queue<{ sensor: string; celsius: number }>({ queue: "readings" }),
  to: reading,
  stream: ({ body }) => body.sensor,
  data: ({ body: { celsius } }) => ({ celsius }),
});
export const alarm = category("alarm", { events: { TooHot: z.object({ celsius: z.number() }) } });
export const customers = category("customer", { events: { CustomerRenamed: z.object({ name: z.string() }) } });

export const totals = view("totals", {
  from: counter,
  row: z.object({ counter: z.string(), total: z.number() }),
  key: "counter",
  on: { Counted: (row, { stream, data }) => ({ counter: streamIdOf(stream), total: (row?.total ?? 0) + data.by }) },
});
export const stock = view("stock", {
  from: product,
  row: z.object({ sku: z.string(), available: z.int(), reserved: z.int() }),
  key: "sku",
  on: { StockReceived: (_row, { stream, data }) => ({ sku: streamIdOf(stream), available: data.quantity, reserved: 0 }) },
});
export const readyOrders = view("ready-orders", {
  from: order,
  row: z.object({ order: z.string() }),
  key: "order",
  on: { OrderReady: (_row, { stream }) => ({ order: stream }) },
});
export declare const rows: ReturnType<typeof sql>;
export declare const params: { readonly customers: readonly string[]; readonly atLeast: number };

export const fulfilment = reactor("fulfilment", {
  from: order,
  emits: product,
  on: { OrderPlaced: ({ data }) => send(product, data.sku, "ReserveStock", { order: "1", quantity: 1 }) },
});
export const charge = effect("charge", { from: order, records: payment, on: { OrderPlaced: async () => event("ChargeDeclined", {}) } });

export const reservation = processManager("reservation", {
  from: order,
  to: [product, order],
  correlate: { OrderPlaced: ({ stream }) => streamIdOf(stream) },
  events: { Begun: z.object({}) },
  initialState: () => ({ begun: false }),
  evolve: { Begun: () => ({ begun: true }) },
  on: { OrderPlaced: () => event("Begun", {}) },
});
export const stay = processManager("stay", {
  from: order,
  to: [],
  correlate: { OrderPlaced: ({ stream }) => streamIdOf(stream) },
  events: {},
  initialState: () => ({}),
  evolve: {},
  on: { OrderPlaced: () => nothing() },
  commands: { Cancel: z.object({}) },
  decide: { Cancel: () => complete() },
  timeouts: { Overdue: z.object({}) },
  onTimeout: { Overdue: () => complete() },
});

export const transferInput = z.object({ from: z.string(), to: z.string(), amount: z.int() });
export const reserve = send(product, "tea", "ReserveStock", { order: "1", quantity: 1 });
export const confirm = send(order, "1", "ConfirmOrder", {});
export const pay = send(account, "a customer", "Withdraw", { amount: 500 });
export const transferSteps = () => series(step("pay", { action: () => pay }));
export const transfer = saga("transfer", { input: transferInput, steps: transferSteps });

export const app = defineApp({ aggregates: [order, product], views: [readyOrders], processors: [fulfilment] });
