import { aggregate, event, refuse, upcast } from "headspring";
import * as z from "zod";

const Booking = z.object({ by: z.string(), day: z.string() });
const FirstBooking = z.object({ day: z.string() });

export interface Room {
  readonly booked: readonly string[];
}

export const room = aggregate("room", {
  events: { Booked: upcast(FirstBooking, Booking, ({ day }) => ({ by: "somebody", day })) },
  commands: { Book: Booking },
  initialState: (): Room => ({ booked: [] }),
  evolve: { Booked: (state, { day }) => ({ booked: [...state.booked, day] }) },
  decide: {
    Book: (state, booking) => (state.booked.includes(booking.day) ? refuse("already-booked") : event("Booked", booking)),
  },
});
