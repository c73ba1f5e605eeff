/** Paying for an order. Stored names: `payment` and its events, `charge` and its events; version them with care. */

import * as z from "zod";
import { aggregate, category, effect, event, nothing, reactor, refuse, send, streamIdOf } from "headspring";

export interface Payment {
  readonly status: "none" | "requested" | "received" | "declined" | "cancelled";
  readonly receipt?: string;
}

const Cents = z.int().positive();
const Receipt = z.object({ receipt: z.string() });

export const payment = aggregate("payment", {
  description: "What is to be paid for an order, under the order's id.",
  events: {
    PaymentRequested: z.object({ cents: Cents }),
    PaymentReceived: Receipt,
    PaymentDeclined: z.object({ reason: z.string() }),
    PaymentCancelled: z.object({}),
    /** The money arrived, but is not wanted any more. */
    RefundRequested: Receipt,
  },
  commands: {
    RequestPayment: z.object({ cents: Cents }),
    RecordPayment: Receipt,
    DeclinePayment: z.object({ reason: z.string() }),
    CancelPayment: z.object({}),
  },
  initialState: (): Payment => ({ status: "none" }),
  evolve: {
    PaymentRequested: (state) => ({ ...state, status: "requested" }),
    PaymentReceived: (state, { receipt }) => ({ ...state, status: "received", receipt }),
    PaymentDeclined: (state) => ({ ...state, status: "declined" }),
    PaymentCancelled: (state) => ({ ...state, status: "cancelled" }),
    RefundRequested: (state) => ({ ...state, status: "cancelled" }),
  },
  decide: {
    RequestPayment: (state, asked) => (state.status === "none" ? event("PaymentRequested", asked) : refuse("payment-already-requested")),
    RecordPayment: (state, paid) => {
      if (state.status === "requested") return event("PaymentReceived", paid);
      // Too late: the order has been cancelled.
      return state.status === "cancelled" ? event("RefundRequested", paid) : nothing();
    },
    DeclinePayment: (state, declined) => (state.status === "requested" ? event("PaymentDeclined", declined) : nothing()),
    CancelPayment: (state) => {
      if (state.status === "requested") return event("PaymentCancelled", {});
      return state.receipt !== undefined && state.status === "received" ? event("RefundRequested", { receipt: state.receipt }) : nothing();
    },
  },
});

/** The answers of the payment service, in a stream for each payment. */
export const charge = category("charge", {
  events: { Charged: Receipt, ChargeDeclined: z.object({ reason: z.string() }), ChargeRefunded: Receipt },
});

/** Calls the payment service. A repeated call carries the same key, so that no customer pays twice. */
export const charging = effect("charging", {
  description: "Charges what is to be paid, and pays back what is not wanted any more.",
  from: payment,
  records: charge,
  on: {
    PaymentRequested: async ({ stream, data }, { fetch, variable }) => {
      const body = JSON.stringify({ order: streamIdOf(stream), cents: data.cents });
      const answer = await fetch(`${variable("PAYMENT_URL")}/charges`, { method: "POST", body });
      if (answer.status === 402) return event("ChargeDeclined", { reason: "card-declined" });
      if (answer.status === 202) return nothing(); // the customer has not answered yet, and may take any time
      if (!answer.ok) throw new Error(`the payment service answered ${answer.status}`);
      return event("Charged", Receipt.parse(await answer.json()));
    },
    RefundRequested: async ({ data }, { fetch, variable }) => {
      const answer = await fetch(`${variable("PAYMENT_URL")}/refunds`, { method: "POST", body: JSON.stringify(data) });
      if (!answer.ok) throw new Error(`the payment service answered ${answer.status}`);
      return event("ChargeRefunded", data);
    },
  },
});

/** Brings the payment the answer of its service. */
export const settlement = reactor("settlement", {
  from: charge,
  emits: payment,
  on: {
    Charged: ({ stream, data }) => send(payment, streamIdOf(stream), "RecordPayment", data),
    ChargeDeclined: ({ stream, data }) => send(payment, streamIdOf(stream), "DeclinePayment", data),
  },
});
