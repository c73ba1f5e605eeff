/** What people look at: the rooms, the bookings of a day, what a display at the door shows, and who waits. */

import { sql, streamIdOf, view } from "headspring";
import * as z from "zod";
import { room } from "./room.ts";
import { waitingList } from "./waiting-list.ts";

export const rooms = view("rooms", {
  description: "The rooms.",
  from: room,
  row: z.object({ room: z.string(), name: z.string(), zone: z.string(), seats: z.int() }),
  key: "room",
  indexes: ["seats"],
  on: { RoomOpened: (_row, { data: { name, zone, seats } }, room) => ({ room, name, zone, seats }) },
});

/** The key of a booking's row. */
const rowOf = ({ stream, data }: { readonly stream: string; readonly data: { readonly booking: number } }) =>
  `${streamIdOf(stream)}-${data.booking}`;

export const bookings = view("bookings", {
  description: "The bookings by day: of each room, and of each organiser.",
  from: room,
  row: z.object({
    id: z.string(),
    room: z.string(),
    booking: z.int(),
    day: z.iso.date(),
    begins: z.iso.datetime(),
    ends: z.iso.datetime(),
    title: z.string(),
    organiser: z.string(),
    checkedIn: z.boolean(),
  }),
  key: "id",
  indexes: ["day", "organiser"],
  on: {
    SlotBooked: { at: rowOf, fold: (_row, { stream, data }, id) => ({ id, room: streamIdOf(stream), ...data, checkedIn: false }) },
    CheckedIn: { at: rowOf, fold: (row) => (row ? { ...row, checkedIn: true } : null) },
    BookingExtended: { at: rowOf, fold: (row, { data }) => (row ? { ...row, ends: data.ends } : null) },
    BookingCancelled: { at: rowOf, fold: () => null },
    NoShowReleased: { at: rowOf, fold: () => null },
  },
  queries: {
    use: {
      description: "How much each room was booked, day by day.",
      params: z.object({ from: z.iso.date(), to: z.iso.date() }),
      row: z.object({ day: z.iso.date(), room: z.string(), bookings: z.int(), minutes: z.number() }),
      sql: ({ rows, params }) => sql`
        SELECT day, room, count(*) AS bookings, sum(unixepoch(ends) - unixepoch(begins)) / 60.0 AS minutes
        FROM ${rows} WHERE day BETWEEN ${params.from} AND ${params.to} GROUP BY day, room ORDER BY day, room`,
    },
  },
});

/** Anyone can read a display at a door: it has neither titles nor people. */
export const doors = view("doors", {
  description: "What a display at the door of a room shows.",
  from: room,
  row: bookings.row.pick({ id: true, room: true, booking: true, begins: true, ends: true, checkedIn: true }),
  key: "id",
  indexes: ["room"],
  on: {
    SlotBooked: {
      at: rowOf,
      fold: (_row, { stream, data: { booking, begins, ends } }, id) => ({
        id,
        room: streamIdOf(stream),
        booking,
        begins,
        ends,
        checkedIn: false,
      }),
    },
    CheckedIn: { at: rowOf, fold: (row) => (row ? { ...row, checkedIn: true } : null) },
    BookingExtended: { at: rowOf, fold: (row, { data }) => (row ? { ...row, ends: data.ends } : null) },
    BookingCancelled: { at: rowOf, fold: () => null },
    NoShowReleased: { at: rowOf, fold: () => null },
  },
});

export const waiting = view("waiting", {
  description: "The people who wait for a slot.",
  from: waitingList,
  row: z.object({
    id: z.string(),
    room: z.string(),
    waiting: z.int(),
    begins: z.iso.datetime(),
    ends: z.iso.datetime(),
    organiser: z.string(),
  }),
  key: "id",
  indexes: ["room"],
  on: {
    WaiterJoined: {
      at: waiterRow,
      fold: (_row, { stream, data: { waiting, begins, ends, organiser } }, id) => ({
        id,
        room: streamIdOf(stream),
        waiting,
        begins,
        ends,
        organiser,
      }),
    },
    WaiterBooked: { at: waiterRow, fold: () => null },
    WaiterLeft: { at: waiterRow, fold: () => null },
  },
});

function waiterRow({ stream, data }: { readonly stream: string; readonly data: { readonly waiting: number } }): string {
  return `${streamIdOf(stream)}-${data.waiting}`;
}
