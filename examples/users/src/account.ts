/** An account with reservations, after the example of Simple Sagas. Amounts are whole cents. Stored names: `account` and its events. */

import { aggregate, event, refuse } from "headspring";
import * as z from "zod";

const Cents = z.int().positive();
const Reservation = z.object({ reservation: z.string().min(1), amount: Cents });

export interface Account {
  readonly funds: number;
  readonly reserved: readonly z.infer<typeof Reservation>[];
}

export const account = aggregate("account", {
  description: "Funds of a user, of which parts are reserved before they are spent.",
  events: {
    AccountCreated: z.object({ userName: z.string(), funds: z.int() }),
    FundsAdded: z.object({ amount: Cents }),
    FundsReserved: Reservation,
    ReservationCancelled: z.object({ reservation: z.string() }),
    ReservationConfirmed: Reservation,
  },
  commands: {
    CreateAccount: z.object({ userName: z.string().min(1), funds: z.int().nonnegative() }),
    AddFunds: z.object({ amount: Cents }),
    ReserveFunds: Reservation,
    CancelReservation: z.object({ reservation: z.string() }),
    /** The final amount may be another one than was reserved. */
    ConfirmReservation: Reservation,
  },
  // Their `LastWriteWins`: without `ifMatch: "required"` each request says whether it depends on a version.
  initialState: (): Account | null => null,
  evolve: {
    AccountCreated: (_state, { funds }) => ({ funds, reserved: [] }),
    FundsAdded: (state, { amount }) => state && { ...state, funds: state.funds + amount },
    FundsReserved: (state, reserved) => state && { ...state, reserved: [...state.reserved, reserved] },
    ReservationCancelled: (state, { reservation }) => state && { ...state, reserved: without(state, reservation) },
    ReservationConfirmed: (state, { reservation, amount }) =>
      state && { funds: state.funds - amount, reserved: without(state, reservation) },
  },
  decide: {
    CreateAccount: (state, content) => (state ? refuse("account-already-created") : event("AccountCreated", content)),
    AddFunds: (state, added) => (state ? event("FundsAdded", added) : refuse("no-such-account")),
    ReserveFunds: (state, wanted) => {
      if (!state) return refuse("no-such-account");
      if (reserved(state, wanted.reservation)) return refuse("reservation-already-made");
      return wanted.amount > available(state) ? refuse("insufficient-funds") : event("FundsReserved", wanted);
    },
    CancelReservation: (state, { reservation }) =>
      state && reserved(state, reservation) ? event("ReservationCancelled", { reservation }) : refuse("no-such-reservation"),
    ConfirmReservation: (state, final) => {
      const found = state && reserved(state, final.reservation);
      if (!found) return refuse("no-such-reservation");
      return final.amount > available(state) + found.amount ? refuse("insufficient-funds") : event("ReservationConfirmed", final);
    },
  },
});

function available({ funds, reserved }: Account): number {
  return reserved.reduce((left, { amount }) => left - amount, funds);
}

function reserved({ reserved }: Account, reservation: string) {
  return reserved.find((one) => one.reservation === reservation);
}

function without({ reserved }: Account, reservation: string): Account["reserved"] {
  return reserved.filter((one) => one.reservation !== reservation);
}
