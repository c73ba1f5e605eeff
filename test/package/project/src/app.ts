/** One definition of every kind. Each is exported: with `declaration: true` the compiler has to write its type down. */

import {
  after,
  category,
  complete,
  defineApp,
  effect,
  event,
  nothing,
  processManager,
  reactor,
  saga,
  send,
  series,
  sql,
  step,
  streamIdOf,
  transform,
  view,
  webhook,
} from "headspring";
import * as z from "zod";
import { room } from "./room.ts";

export const complaint = category("complaint", {
  key: "room",
  events: { Complained: z.object({ room: z.string(), about: z.string() }) },
});

export const mails = category("mails", { events: { MailSent: z.object({ to: z.string() }), MailFailed: z.object({}) } });

export const days = category("days", { events: { Taken: z.object({ room: z.string() }) } });

export const bookings = view("bookings", {
  from: room,
  row: z.object({ id: z.string(), days: z.int(), last: z.string() }),
  key: "id",
  on: { Booked: (row, { data }, id) => ({ id, days: (row?.days ?? 0) + 1, last: data.day }) },
  queries: {
    busy: {
      params: z.object({ days: z.coerce.number() }),
      row: z.object({ id: z.string() }),
      sql: ({ rows, columns, params }) => sql`SELECT ${columns.id} FROM ${rows} WHERE ${columns.days} >= ${params.days}`,
    },
  },
});

export const tidy = reactor("tidy", {
  from: complaint,
  emits: room,
  on: { Complained: ({ data }) => send(room, data.room, "Book", { by: "the cleaners", day: "tomorrow" }) },
});

export const calendarDays = transform("calendar-days", {
  from: room,
  to: days,
  on: { Booked: ({ stream }) => event("Taken", { room: streamIdOf(stream) }) },
  stream: () => "all",
});

export const thanks = effect("thanks", {
  from: room,
  records: mails,
  on: {
    Booked: async ({ data }, { fetch }) => {
      const { ok } = await fetch("https://mails.example/", { method: "POST", body: data.by });
      return ok ? event("MailSent", { to: data.by }) : event("MailFailed", {});
    },
  },
});

export const stay = processManager("stay", {
  from: complaint,
  correlate: { Complained: ({ data }) => data.room },
  to: room,
  events: { Begun: z.object({}) },
  initialState: () => ({ begun: false }),
  evolve: { Begun: () => ({ begun: true }) },
  on: { Complained: (state) => (state.begun ? nothing() : [event("Begun", {}), after("1d", "Over", {})]) },
  timeouts: { Over: z.object({}) },
  onTimeout: { Over: () => complete() },
});

export const trip = saga("trip", {
  input: z.object({ rooms: z.array(z.string()), by: z.string(), day: z.string() }),
  steps: ({ rooms, by, day }) => series(...rooms.map((one) => step(`book ${one}`, { action: () => send(room, one, "Book", { by, day }) }))),
});

export const calendar = webhook("calendar", { from: room, url: { variable: "CALENDAR_URL" }, secret: { variable: "CALENDAR_SECRET" } });

export const app = defineApp({
  aggregates: [room],
  categories: [complaint, mails, days],
  views: [bookings],
  processors: [tidy, calendarDays, thanks, stay, trip],
  webhooks: [calendar],
});
