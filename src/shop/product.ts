/** A product and its stock. Stored names: `product`, the three events below; version them with care. */

import * as z from "zod";
import { aggregate, event, nothing } from "headspring";

const Quantity = z.int().positive();

/** What an order holds of this product. */
const Reservation = z.object({ order: z.string(), quantity: Quantity });

export interface Product {
  /** Pieces that nobody has reserved. */
  readonly available: number;
  /** A list, not an object by order: an order's id may be any string, even `constructor`. */
  readonly reserved: readonly z.infer<typeof Reservation>[];
}

export const product = aggregate("product", {
  description: "A product, named by its SKU, with its stock.",
  events: {
    StockReceived: z.object({ quantity: Quantity }),
    StockReserved: Reservation,
    ReservationDeclined: Reservation.extend({ available: z.int() }),
    StockReleased: Reservation,
  },
  commands: {
    ReceiveStock: z.object({ quantity: Quantity }),
    ReserveStock: Reservation,
    ReleaseStock: z.object({ order: z.string() }),
  },
  initialState: (): Product => ({ available: 0, reserved: [] }),
  evolve: {
    StockReceived: (state, { quantity }) => ({ ...state, available: state.available + quantity }),
    StockReserved: (state, reservation) => ({
      available: state.available - reservation.quantity,
      reserved: [...state.reserved, reservation],
    }),
    ReservationDeclined: (state) => state,
    StockReleased: (state, { order, quantity }) => ({
      available: state.available + quantity,
      reserved: state.reserved.filter((held) => held.order !== order),
    }),
  },
  decide: {
    ReceiveStock: (_state, { quantity }) => event("StockReceived", { quantity }),
    ReserveStock: (state, { order, quantity }) => {
      if (state.reserved.some((held) => held.order === order)) return nothing();
      // Not a refusal: that the stock was not enough is a fact which the order's fate depends on.
      if (quantity > state.available) return event("ReservationDeclined", { order, quantity, available: state.available });
      return event("StockReserved", { order, quantity });
    },
    ReleaseStock: (state, { order }) => {
      const held = state.reserved.find((reservation) => reservation.order === order);
      return held ? event("StockReleased", held) : nothing();
    },
  },
});
