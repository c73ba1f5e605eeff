/** What must hold for every room, whatever the requests, their order and their time. */

import { inMemory } from "headspring/testing";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { room } from "../src/room.ts";
import { overlap } from "../src/time.ts";

const START = new Date("2026-11-27T08:00:00.000Z");
const quarters = (count: number) => new Date(START.getTime() + count * 15 * 60_000).toISOString();

const openRoom = () => {
  const atlas = inMemory(room, { id: "atlas", now: START });
  atlas.run("OpenRoom", { name: "Atlas", zone: "Europe/Zurich", seats: 6 });
  return atlas;
};
type Step = (atlas: ReturnType<typeof openRoom>) => unknown;

// Few hours and few numbers, so that the steps get in each other's way.
const booking = fc.integer({ min: 2, max: 9 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({ from: fc.integer({ min: 0, max: 24 }), length: fc.integer({ min: 1, max: 6 }) })
      .map(({ from, length }): Step => {
        const slot = { begins: quarters(from), ends: quarters(from + length) };
        return (atlas) => atlas.run("Book", { ...slot, title: "Planning", organiser: "a customer" });
      }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ booking, minutes: fc.integer({ min: 1, max: 60 }) }).map(
      (extension): Step =>
        (atlas) =>
          atlas.run("Extend", extension),
    ),
  },
  {
    weight: 2,
    arbitrary: booking.map(
      (booking): Step =>
        (atlas) =>
          atlas.run("CheckIn", { booking }),
    ),
  },
  {
    weight: 1,
    arbitrary: booking.map(
      (booking): Step =>
        (atlas) =>
          atlas.run("Cancel", { booking }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 1, max: 60 }).map(
      (minutes): Step =>
        (atlas) =>
          atlas.wait(`${minutes}m`),
    ),
  },
);

/** Does the steps, and looks at the room after each. */
const always = (holds: (atlas: ReturnType<typeof openRoom>) => void) =>
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const atlas = openRoom();
      for (const take of steps) {
        take(atlas);
        holds(atlas);
      }
    }),
  );

describe("a room", () => {
  it("is never booked twice for the same time", () => {
    always(({ state: { bookings } }) => {
      const pairs = bookings.flatMap((one, index) => bookings.slice(index + 1).map((other) => [one, other] as const));
      expect(pairs.filter(([one, other]) => overlap(one, other))).toEqual([]);
    });
  });

  it("waits for exactly those who have not checked in", () => {
    always(({ state, timers, now }) => {
      const expected = state.bookings
        .filter(({ checkedIn, ends }) => !checkedIn && ends > now.toISOString())
        .map(({ booking }) => `${booking}`);
      expect(timers.map(({ key }) => key)).toEqual(expect.arrayContaining(expected));
      expect(state.bookings.filter(({ booking, checkedIn }) => checkedIn && timers.some(({ key }) => key === `${booking}`))).toEqual([]);
    });
  });

  it("gives each booking a different number", () => {
    always(({ events }) => {
      const numbers = events.flatMap((event) => (event.type === "SlotBooked" ? [event.data.booking] : []));
      expect(new Set(numbers).size).toBe(numbers.length);
    });
  });
});
