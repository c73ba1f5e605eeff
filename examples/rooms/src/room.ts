/**
 * A room and its bookings: one stream per room, so that all its bookings are decided one after the other and two of them never overlap.
 * Stored names: `room` and its events; version them with care.
 */

import { aggregate, at, cancel, event, nothing, refuse } from "headspring";
import * as z from "zod";
import { Slot, StoredSlot, Zone, dayIn, minutesOf, overlap } from "./time.ts";

/** The longest meeting, in minutes. */
const LONGEST = 12 * 60;
/** How far ahead a room can be booked, in days. */
const DAYS_AHEAD = 180;
/** Bookings to come. Each has a timer, and a stream has at most 1,000 of them. */
const MOST_BOOKINGS = 500;
/** How long before its beginning one can check in, in minutes. */
const EARLIEST_CHECK_IN = 15;

const Settings = z.object({
  name: z.string().min(1),
  zone: Zone,
  seats: z.int().positive(),
  /** A booking is released when nobody has checked in for so long after its beginning. */
  checkInSeconds: z
    .int()
    .positive()
    .max(24 * 60 * 60),
});

/** What a meeting is about, and the person who books it: an id of your directory, not an address. Events are kept, and addresses change. */
export const About = z.object({ title: z.string().min(1).max(200), organiser: z.string().min(1).max(100) });

/** A booking is numbered by the version of the event that made it: no two bookings of a room have the same number. */
const Numbered = z.object({ booking: z.int().positive() });
/** `day` is where the room is. It is decided once, whatever happens to the time zone later. */
const Booked = z.object({ ...Numbered.shape, ...StoredSlot.shape, day: z.iso.date(), ...About.shape });

interface Booking extends z.infer<typeof Booked> {
  readonly checkedIn: boolean;
}

export interface Room {
  /** Empty: there is no such room. */
  readonly zone: string;
  readonly checkInSeconds: number;
  /** Those that are not over, and some that are: the next booking drops them. So a room's state stays small over the years. */
  readonly bookings: readonly Booking[];
}

export const room = aggregate("room", {
  description: "A meeting room with its bookings, of which no two overlap.",
  events: {
    RoomOpened: Settings,
    SlotBooked: Booked,
    CheckedIn: Numbered,
    BookingExtended: Numbered.extend({ ends: z.iso.datetime() }),
    BookingCancelled: Booked,
    NoShowReleased: Booked,
  },
  commands: {
    OpenRoom: Settings.extend({ checkInSeconds: Settings.shape.checkInSeconds.default(15 * 60) }),
    Book: Slot.safeExtend(About.shape),
    CheckIn: Numbered,
    Extend: Numbered.extend({ minutes: z.int().positive() }),
    Cancel: Numbered,
    ReleaseNoShow: Numbered,
  },
  internal: ["ReleaseNoShow"],
  initialState: (): Room => ({ zone: "", checkInSeconds: 0, bookings: [] }),
  evolve: {
    RoomOpened: (state, { zone, checkInSeconds }) => ({ ...state, zone, checkInSeconds }),
    SlotBooked: (state, booked, { recordedAt }) => ({
      ...state,
      bookings: [...state.bookings.filter(({ ends }) => ends > recordedAt), { ...booked, checkedIn: false }],
    }),
    CheckedIn: (state, { booking }) => changed(state, booking, { checkedIn: true }),
    BookingExtended: (state, { booking, ends }) => changed(state, booking, { ends }),
    BookingCancelled: (state, { booking }) => without(state, booking),
    NoShowReleased: (state, { booking }) => without(state, booking),
  },
  decide: {
    OpenRoom: (state, settings) => (state.zone === "" ? event("RoomOpened", settings) : refuse("already-open")),

    Book: (state, { begins, ends, ...about }, { now, version }) => {
      if (state.zone === "") return refuse("no-such-room");
      if (ends <= now.toISOString()) return refuse("over");
      if (minutesOf({ begins, ends }) > LONGEST) return refuse("too-long", { minutes: LONGEST });
      if (Date.parse(begins) > now.getTime() + DAYS_AHEAD * 86_400_000) return refuse("too-far-ahead", { days: DAYS_AHEAD });
      const toCome = state.bookings.filter((booking) => booking.ends > now.toISOString());
      const other = toCome.find((booking) => overlap(booking, { begins, ends }));
      if (other !== undefined) return refuse("slot-taken", { begins: other.begins, ends: other.ends });
      if (toCome.length >= MOST_BOOKINGS) return refuse("too-many-bookings", { bookings: MOST_BOOKINGS });
      const booking = version + 1;
      // A meeting may be booked when it has begun: the time to check in is counted from now on.
      const checkInUntil = Math.max(Date.parse(begins), now.getTime()) + state.checkInSeconds * 1_000;
      return [
        event("SlotBooked", { booking, begins, ends, day: dayIn(state.zone, begins), ...about }),
        at(new Date(checkInUntil), "ReleaseNoShow", { booking }, { key: `${booking}` }),
      ];
    },

    CheckIn: (state, { booking }, { now }) => {
      const found = running(state, booking, now);
      if (found === undefined) return refuse("no-such-booking");
      if (found.checkedIn) return nothing();
      if (Date.parse(found.begins) - now.getTime() > EARLIEST_CHECK_IN * 60_000) return refuse("too-early", { minutes: EARLIEST_CHECK_IN });
      return [event("CheckedIn", { booking }), cancel("ReleaseNoShow", { key: `${booking}` })];
    },

    Extend: (state, { booking, minutes }, { now }) => {
      const found = running(state, booking, now);
      if (found === undefined) return refuse("no-such-booking");
      const longer = { begins: found.begins, ends: new Date(Date.parse(found.ends) + minutes * 60_000).toISOString() };
      if (minutesOf(longer) > LONGEST) return refuse("too-long", { minutes: LONGEST });
      const other = state.bookings.find((other) => other !== found && overlap(other, longer));
      if (other !== undefined) return refuse("slot-taken", { begins: other.begins, ends: other.ends });
      return event("BookingExtended", { booking, ends: longer.ends });
    },

    Cancel: (state, { booking }, { now }) => {
      const found = running(state, booking, now);
      if (found === undefined) return refuse("no-such-booking");
      return [event("BookingCancelled", contentOf(found)), cancel("ReleaseNoShow", { key: `${booking}` })];
    },

    ReleaseNoShow: (state, { booking }) => {
      const found = state.bookings.find((one) => one.booking === booking);
      return found === undefined || found.checkedIn ? nothing() : event("NoShowReleased", contentOf(found));
    },
  },
});

function running(state: Room, booking: number, now: Date): Booking | undefined {
  return state.bookings.find((one) => one.booking === booking && one.ends > now.toISOString());
}

function contentOf({ booking, begins, ends, day, title, organiser }: Booking): z.infer<typeof Booked> {
  return { booking, begins, ends, day, title, organiser };
}

function changed(state: Room, booking: number, change: Partial<Booking>): Room {
  return { ...state, bookings: state.bookings.map((one) => (one.booking === booking ? { ...one, ...change } : one)) };
}

function without(state: Room, booking: number): Room {
  return { ...state, bookings: state.bookings.filter((one) => one.booking !== booking) };
}
