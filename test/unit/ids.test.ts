import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { derivedId, newEventId, newId, versionInId } from "../../src/core/ids.ts";
import { UUID } from "../../src/core/names.ts";

describe("an id that the store makes", () => {
  it("is a UUID version 7, and another one each time", () => {
    const ids = Array.from({ length: 100 }, newId);
    expect(new Set(ids).size).toBe(100);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe("an event's id", () => {
  it("is a UUID version 7 that begins with the time", () => {
    const id = newEventId(1, Date.UTC(2026, 10, 21));
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(id.slice(0, 8) + id.slice(9, 13)).toBe(Date.UTC(2026, 10, 21).toString(16).padStart(12, "0"));
  });

  it("has the version that it was made for in it", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        fc.date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true }),
        (version, time) => {
          expect(versionInId(newEventId(version, time.getTime()))).toBe(version);
        },
      ),
    );
  });

  it("differs between two streams at the same version and time", () => expect(newEventId(1, 0)).not.toBe(newEventId(1, 0)));

  it("has some number in that place when it was made elsewhere", () => {
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        expect(versionInId(id)).toBeLessThan(2 ** 32);
      }),
    );
  });
});

describe("promise 5: a derived id", () => {
  // Stored ids depend on these strings: when one changes, reactions that have happened happen again.
  it("is the same in every run, on every machine, in every version of this code", () => {
    expect(derivedId("fulfilment", "order/42", "0198c0de-0000-7000-8000-000000000001", 0)).toBe("c5f21331-c6a9-53b8-9df6-1f3915cf6755");
    expect(derivedId("a")).toBe("9e721958-d8f3-554c-ac9a-e5c8251392a4");
  });

  it("is a UUID version 5", () => {
    expect(derivedId("a")).toMatch(UUID);
    expect(derivedId("a")[14]).toBe("5");
  });

  it("differs if the cause differs", () => {
    const cause = fc.array(fc.oneof(fc.string(), fc.integer()), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(cause, cause, (a, b) => {
        expect(derivedId(...a) === derivedId(...b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
    expect(derivedId("a", "b")).not.toBe(derivedId("a,b"));
    expect(derivedId("a", 1)).not.toBe(derivedId("a", "1"));
    expect(derivedId("a", "b")).not.toBe(derivedId("b", "a"));
  });
});
