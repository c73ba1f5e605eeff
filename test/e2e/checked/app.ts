/** The app of the tests of `headspring check`: as it is deployed, and with one fault each. */

import * as z from "zod";
import {
  aggregate,
  append,
  category,
  defineApp,
  event,
  nothing,
  processManager,
  reactor,
  refuse,
  streamIdOf,
  upcast,
  view,
  webhook,
} from "../../../src/index.ts";

const Booked = z.object({ guest: z.string(), nights: z.int() });
const PaidV1 = z.object({ amount: z.number() });
const PaidV2 = z.object({ cents: z.int() });

/** @param fault undefined: as it is deployed */
export function appWith(fault: string | undefined) {
  const has = (name: string) => fault === name;

  const bookedSchemas: Readonly<Record<string, z.ZodType>> = {
    "a member required": Booked.extend({ room: z.string() }),
    "another type": Booked.extend({ nights: z.string() }),
    "a smaller range": Booked.extend({ nights: z.int().max(2) }),
    "a refinement": Booked.refine(({ guest }) => guest !== "Bo", { path: ["guest"], message: "is not welcome" }),
    "a default": Booked.extend({ room: z.string().default("1") }),
    "a strict object that fits": z.strictObject({ guest: z.string() }),
    "a member optional": Booked.extend({ room: z.string().optional() }),
    "a range that all fit": Booked.extend({ nights: z.int().max(1_000) }),
    "a version with upcast": upcast(Booked, Booked.extend({ room: z.string() }), (booked) => ({ ...booked, room: "1" })),
    "an upcast that throws": upcast(Booked, Booked, (booked) => {
      if (booked.guest === "Bo") throw new Error("nobody knows Bo");
      return booked;
    }),
    "an upcast that does not fit": upcast(Booked, Booked.extend({ room: z.string() }), (booked) => booked as never),
  };
  const booked = (bookedSchemas[fault ?? ""] ?? Booked) as typeof Booked;
  const events = {
    Booked: booked,
    ...(has("an event type gone") ? {} : { Cancelled: z.object({}) }),
    Paid: has("a version taken back") ? PaidV2 : upcast(PaidV1, PaidV2, ({ amount }) => ({ cents: Math.round(amount * 100) })),
    ...(has("an unused event type gone") ? {} : { Never: z.object({}) }),
  };
  const state = { initialState: () => ({ nights: 0 }) };
  const evolve: object = {
    Booked: (_state: unknown, { nights }: { nights: number }) => {
      if (has("an evolve that throws") && nights > 2) throw new Error("nobody stays so long");
      return { nights };
    },
    Cancelled: () => ({ nights: 0 }),
    Paid: (state: unknown) => state,
    Never: (state: unknown) => state,
  };
  const commands = {
    Book: Booked,
    Pay: PaidV2,
    ...(has("a command gone") ? {} : { Cancel: z.object({}) }),
  };
  const decide: object = {
    Book: ({ nights }: { nights: number }, book: z.infer<typeof Booked>) => (nights > 0 ? refuse("taken") : event("Booked", book)),
    Pay: (_state: unknown, paid: z.infer<typeof PaidV2>) => event("Paid", paid),
    Cancel: ({ nights }: { nights: number }) => (nights > 0 ? event("Cancelled", {}) : nothing()),
  };
  const stay = aggregate(has("an aggregate renamed") ? "visit" : "stay", {
    events,
    commands,
    ...state,
    evolve,
    decide,
  } as never) as never as ReturnType<typeof plainStay>;
  const plainStay = () => category("stay", { events });
  const from = has("an aggregate turned plain") ? plainStay() : stay;

  const note = category("note", {
    ...(has("another key") ? { key: "author" } : { key: "about" }),
    events: {
      Noted: has("an incompatible note")
        ? z.object({ about: z.string(), author: z.string(), text: z.string().max(2) })
        : z.object({ about: z.string(), author: z.string(), text: z.string() }),
    },
  });
  const unused = category("unused", { events: { Used: z.object({}) } });
  const meant = category("meant", { events: { Meant: z.object({ at: z.string() }) } });
  const retired = category("retired", { events: { Retired: z.object({}) } });
  const posted = aggregate("posted", {
    events: { Posted: z.object({}) },
    commands: {},
    initialState: () => ({}),
    evolve: { Posted: (state) => state },
    decide: {},
  });

  const stays = view(has("a view renamed") ? "all-stays" : "stays", {
    from,
    row: has("another column")
      ? z.object({ id: z.string(), nights: z.int(), guest: z.string() })
      : has("another column type")
        ? z.object({ id: z.string(), nights: z.string() })
        : z.object({ id: z.string(), nights: z.int() }),
    key: has("another key column") ? "nights" : "id",
    on: {
      Booked: (_row: unknown, { stream, data }: { stream: string; data: z.infer<typeof Booked> }) => ({
        id: streamIdOf(stream),
        nights: data.nights,
        guest: data.guest,
      }),
      ...(has("a handler more") ? { Paid: (row: unknown) => row } : {}),
    } as never,
  } as never);
  const notes = view("notes", {
    from: note,
    row: z.object({ about: z.string(), count: z.int() }),
    key: "about",
    on: { Noted: { at: ({ data }) => data.about, fold: (row, { data }) => ({ about: data.about, count: (row?.count ?? 0) + 1 }) } },
  });
  const counts = view("counts", {
    from: note,
    row: z.object({ author: z.string() }),
    key: "author",
    on: { Noted: { at: ({ data }) => data.author, fold: (_row, { data }) => ({ author: data.author }) } },
  });

  const remember = reactor(has("a processor renamed") ? "recall" : "remember", {
    from,
    emits: meant,
    on: {
      Booked: ({ stream }: { stream: string }) => append(meant, streamIdOf(stream), "Meant", { at: stream }),
      ...(has("a processor that follows more") ? { Paid: () => [] } : {}),
    } as never,
  } as never);
  const welcome = processManager(has("a process renamed") ? "greet" : "welcome", {
    from: note,
    to: [],
    correlate: { Noted: ({ data }) => data.about },
    events: { Greeted: z.object({}) },
    initialState: () => ({}),
    evolve: { Greeted: (state) => state },
    on: { Noted: () => event("Greeted", {}) },
  });
  const later = reactor("later", {
    from: note,
    ...(has("a processor more, from the head") ? { start: "head" } : {}),
    on: { Noted: () => [] },
  } as never);
  const told = webhook("told", {
    from: note,
    url: { variable: "TOLD_URL" },
    secret: { variable: "TOLD_SECRET" },
  });

  return defineApp({
    aggregates: [
      ...(has("an aggregate turned plain") || has("an aggregate gone") ? [] : [stay]),
      ...(has("an aggregate where HTTP has a category") ? [posted] : []),
    ] as never,
    categories: [
      note,
      meant,
      ...(has("an aggregate turned plain") ? [from] : []),
      ...(has("an unused category gone") ? [] : [unused]),
      ...(has("a retired name") ? [retired] : []),
    ] as never,
    views: [...(has("a view gone") || has("an aggregate gone") ? [] : [stays]), notes, ...(has("a view more") ? [counts] : [])] as never,
    processors: [
      ...(has("a processor gone") || has("an aggregate gone") ? [] : [remember]),
      ...(has("a process gone") ? [] : [welcome]),
      ...(has("a processor more") || has("a processor more, from the head") ? [later] : []),
    ],
    webhooks: has("a webhook gone") ? [] : [told],
  });
}
