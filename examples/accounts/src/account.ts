/** A bank account. Stored names: `account` and its events; version them with care. */

import { aggregate, event, nothing, refuse } from "headspring";
import * as z from "zod";

/** Whole cents: fractions of numbers add up to something else. */
export const Cents = z.int().positive();
const Owner = z.object({ owner: z.string().min(1).max(200) });
const Amount = z.object({ cents: Cents });
const Transfer = z.object({ transfer: z.string() });
const Outgoing = z.object({ ...Transfer.shape, to: z.string(), cents: Cents });
const Incoming = z.object({ ...Transfer.shape, from: z.string(), cents: Cents });

export interface Account {
  readonly status: "none" | "open" | "closed";
  readonly cents: number;
  /** Money that has left in transfers whose end is still to come, by transfer. */
  readonly underWay: Readonly<Record<string, number>>;
}

export const account = aggregate("account", {
  description: "A bank account, which is never overdrawn.",
  events: {
    AccountOpened: Owner,
    MoneyDeposited: Amount,
    MoneyWithdrawn: Amount,
    MoneySent: Outgoing,
    MoneyReceived: Incoming,
    MoneyReturned: z.object({ ...Transfer.shape, cents: Cents }),
    TransferSettled: Transfer,
    AccountClosed: z.object({}),
  },
  commands: {
    Open: Owner,
    Deposit: Amount,
    Withdraw: Amount,
    Close: z.object({}),
    // Steps of a transfer: see transfer.ts.
    Send: Outgoing,
    Receive: Incoming,
    Return: Transfer,
    Settle: Transfer,
  },
  internal: ["Send", "Receive", "Return", "Settle"],
  initialState: (): Account => ({ status: "none", cents: 0, underWay: {} }),
  evolve: {
    AccountOpened: (state) => ({ ...state, status: "open" }),
    MoneyDeposited: (state, { cents }) => ({ ...state, cents: state.cents + cents }),
    MoneyWithdrawn: (state, { cents }) => ({ ...state, cents: state.cents - cents }),
    MoneySent: (state, { transfer, cents }) => ({
      ...state,
      cents: state.cents - cents,
      underWay: { ...state.underWay, [transfer]: cents },
    }),
    MoneyReceived: (state, { cents }) => ({ ...state, cents: state.cents + cents }),
    MoneyReturned: (state, { transfer, cents }) => ({ ...state, cents: state.cents + cents, underWay: without(state, transfer) }),
    TransferSettled: (state, { transfer }) => ({ ...state, underWay: without(state, transfer) }),
    AccountClosed: (state) => ({ ...state, status: "closed" }),
  },
  decide: {
    Open: (state, owner) => (state.status === "none" ? event("AccountOpened", owner) : refuse("already-opened")),
    Deposit: (state, amount) => notOpen(state) ?? event("MoneyDeposited", amount),
    Withdraw: (state, { cents }) => notOpen(state) ?? notEnough(state, cents) ?? event("MoneyWithdrawn", { cents }),

    // An account that has money under way stays open, so that the money can come back.
    Close: (state) => {
      if (Object.keys(state.underWay).length > 0) return refuse("transfer-under-way");
      return notOpen(state) ?? (state.cents > 0 ? refuse("not-empty", { cents: state.cents }) : event("AccountClosed", {}));
    },

    Send: (state, sent) => notOpen(state) ?? notEnough(state, sent.cents) ?? event("MoneySent", sent),
    Receive: (state, received) => notOpen(state) ?? event("MoneyReceived", received),
    Return: ({ underWay }, { transfer }) => {
      const cents = underWay[transfer];
      return cents === undefined ? nothing() : event("MoneyReturned", { transfer, cents });
    },
    Settle: ({ underWay }, { transfer }) => (transfer in underWay ? event("TransferSettled", { transfer }) : nothing()),
  },
});

function notOpen({ status }: Account) {
  if (status === "none") return refuse("unknown-account");
  return status === "closed" ? refuse("account-closed") : undefined;
}

function notEnough(state: Account, cents: number) {
  return state.cents < cents ? refuse("insufficient-funds", { cents: state.cents }) : undefined;
}

function without({ underWay }: Account, transfer: string): Account["underWay"] {
  return Object.fromEntries(Object.entries(underWay).filter(([id]) => id !== transfer));
}
