/** A stream in memory carries out commands and timers as a stream's object does. */

import { describe, expect, it } from "vitest";
import * as z from "zod";
import { after, aggregate, at, cancel, event, nothing, refuse } from "../../../src/index.ts";
import { NOW, inMemory } from "../../../src/testing/index.ts";

const seats = aggregate("seats", {
  events: {
    SeatReserved: z.object({ seat: z.string(), by: z.string().default("nobody") }),
    SeatFreed: z.object({ seat: z.string(), at: z.string() }),
    Spoilt: z.object({}),
  },
  commands: {
    Reserve: z.object({ seat: z.string().min(1), for: z.enum(["10m", "20m"]).default("10m") }),
    Pay: z.object({ seat: z.string() }),
    Free: z.object({ seat: z.string() }),
    FreeAll: z.object({}),
    Close: z.object({ at: z.iso.datetime() }),
    Spoil: z.object({}),
  },
  internal: ["Free"],
  initialState: () => ({ seats: [] as string[] }),
  evolve: {
    SeatReserved: (state, { seat }) => ({ seats: [...state.seats, seat] }),
    SeatFreed: (state, { seat }) => ({ seats: state.seats.filter((one) => one !== seat) }),
    Spoilt: () => {
      throw new Error("it cannot be folded");
    },
  },
  decide: {
    Reserve: (state, { seat, for: time }, { by }) =>
      state.seats.includes(seat)
        ? refuse("taken", { seat })
        : [event("SeatReserved", { seat, ...(by === undefined ? {} : { by }) }), after(time, "Free", { seat }, { key: seat })],
    Pay: (_state, { seat }) => cancel("Free", { key: seat }),
    Free: (state, { seat }, { now }) => (state.seats.includes(seat) ? event("SeatFreed", { seat, at: now.toISOString() }) : nothing()),
    FreeAll: (state, _data, { now }) => state.seats.map((seat) => event("SeatFreed", { seat, at: now.toISOString() })),
    Close: (_state, { at: time }) => at(time, "FreeAll", {}),
    Spoil: () => [event("SeatReserved", { seat: "x" }), event("Spoilt", {})],
  },
});
const start = Date.parse(NOW);
const minute = (minutes: number) => new Date(start + minutes * 60_000).toISOString();

describe("a stream in memory", () => {
  it("carries out one command after the other, each on the state that the previous one has left", () => {
    const hall = inMemory(seats, { id: "hall" });
    const ran = hall.run("Reserve", { seat: "A1" }, { by: "a customer" });
    expect(ran).toMatchObject({ ok: true, version: 1, events: [{ type: "SeatReserved", data: { seat: "A1", by: "a customer" } }] });
    expect(hall.run("Reserve", { seat: "A1" })).toEqual({ ok: false, reason: "taken", details: { seat: "A1" } });
    expect(hall.run("Free", { seat: "B7" })).toEqual({ ok: true, version: 1, events: [] });
    hall.run("Reserve", { seat: "B7" });
    expect(hall.state).toEqual({ seats: ["A1", "B7"] });
    expect(hall.events.map(({ stream, version, position, time, data }) => ({ stream, version, position, time, data }))).toEqual([
      { stream: "seats/hall", version: 1, position: 1, time: NOW, data: { seat: "A1", by: "a customer" } },
      { stream: "seats/hall", version: 2, position: 2, time: NOW, data: { seat: "B7", by: "nobody" } },
    ]);
    expect(new Set(hall.events.map(({ id }) => id)).size).toBe(2);
    expect(hall.events.map(({ meta }) => meta.by)).toEqual(["a customer", undefined]);
  });

  it("lets timers go off when they are due, in their order, and at no other time", () => {
    const hall = inMemory(seats, { now: new Date(NOW) });
    hall.run("Reserve", { seat: "A1", for: "20m" });
    hall.run("Reserve", { seat: "B7" });
    hall.run("Reserve", { seat: "C3" });
    hall.run("Pay", { seat: "C3" });
    expect(hall.timers).toEqual([
      { command: "Free", key: "B7", due: minute(10), data: { seat: "B7" } },
      { command: "Free", key: "A1", due: minute(20), data: { seat: "A1" } },
    ]);
    hall.wait("9m");
    expect(hall.version).toBe(3);
    hall.wait("1h");
    expect(hall.events.slice(3).map(({ data }) => data)).toEqual([
      { seat: "B7", at: minute(10) },
      { seat: "A1", at: minute(20) },
    ]);
    expect(hall.state).toEqual({ seats: ["C3"] });
    expect(hall.timers).toEqual([]);
    expect(hall.now).toEqual(new Date(minute(69)));
  });

  it("moves a timer that is set again, and lets one in the past go off at the next moment", () => {
    const hall = inMemory(seats);
    hall.run("Reserve", { seat: "A1" });
    hall.run("Close", { at: "2030-01-01T00:00:00Z" });
    hall.run("Close", { at: "2020-01-01T00:00:00Z" });
    expect(hall.timers[0]).toEqual({ command: "FreeAll", due: NOW, data: {} });
    hall.wait("0s");
    expect(hall.state).toEqual({ seats: [] });
    expect(hall.timers).toHaveLength(1);
    hall.wait("10m"); // the other one finds nothing to do
    expect(hall.version).toBe(2);
  });

  it("stores nothing of a command that fails, and accepts none that does not fit", () => {
    const hall = inMemory(seats);
    expect(() => hall.run("Spoil", {})).toThrow("it cannot be folded");
    expect(() => hall.run("Reserve", { seat: "" })).toThrow(/Reserve of seats does not fit its schema.*"path":"seat"/);
    // @ts-expect-error an unknown command
    expect(() => hall.run("Resrve", {})).toThrow('seats has no command "Resrve"');
    // @ts-expect-error the data of another command
    expect(() => hall.run("Pay", { chair: "A1" })).toThrow("does not fit");
    expect(hall).toMatchObject({ version: 0, events: [], timers: [], state: { seats: [] } });
    expect(Object.isFrozen(hall.state.seats)).toBe(true);
  });
});
