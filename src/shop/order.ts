/** A customer's order. Stored names: `order`, the four events below; version them with care. */

import * as z from "zod";
import { aggregate, event, nothing, refuse } from "headspring";

/** A SKU names a product's stream, so it must be a name that a stream can have. */
const Sku = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);

const OrderLine = z.object({ sku: Sku, quantity: z.int().positive() });

export const OrderContent = z.object({
  customer: z.string().min(1),
  lines: z
    .array(OrderLine)
    .min(1)
    .refine((lines) => new Set(lines.map((line) => line.sku)).size === lines.length, "one line per SKU"),
});

export interface Order {
  readonly status: "new" | "placed" | "ready" | "rejected";
  readonly customer: string;
  readonly lines: readonly z.infer<typeof OrderLine>[];
  /** SKUs whose stock has been reserved. */
  readonly reserved: readonly string[];
}

export const order = aggregate("order", {
  description: "An order: placed, then ready for shipment once every line is reserved, or rejected.",
  events: {
    OrderPlaced: OrderContent,
    OrderLineReserved: z.object({ sku: z.string() }),
    OrderReady: OrderContent,
    OrderRejected: z.object({ reason: z.string(), sku: z.string(), lines: z.array(OrderLine) }),
  },
  commands: {
    PlaceOrder: OrderContent,
    ConfirmLine: z.object({ sku: z.string() }),
    RejectOrder: z.object({ reason: z.string(), sku: z.string() }),
  },
  initialState: (): Order => ({ status: "new", customer: "", lines: [], reserved: [] }),
  evolve: {
    OrderPlaced: (state, { customer, lines }) => ({ ...state, status: "placed", customer, lines }),
    OrderLineReserved: (state, { sku }) => ({ ...state, reserved: [...state.reserved, sku] }),
    OrderReady: (state) => ({ ...state, status: "ready" }),
    OrderRejected: (state) => ({ ...state, status: "rejected", reserved: [] }),
  },
  decide: {
    PlaceOrder: (state, order) => (state.status === "new" ? event("OrderPlaced", order) : refuse("order-already-placed")),
    ConfirmLine: (state, { sku }) => {
      if (state.status !== "placed" || state.reserved.includes(sku)) return nothing();
      const lineReserved = event("OrderLineReserved", { sku });
      const isLastLine = state.reserved.length + 1 === state.lines.length;
      return isLastLine ? [lineReserved, event("OrderReady", { customer: state.customer, lines: state.lines })] : lineReserved;
    },
    RejectOrder: (state, { reason, sku }) =>
      state.status === "placed" ? event("OrderRejected", { reason, sku, lines: state.lines }) : nothing(),
  },
});
