/** Events on their way to a stream's object and back arrive as they were sent, whatever they are. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DELETED } from "../../../src/core/event.ts";
import {
  type PackedAppend,
  type StreamWire,
  packedHeld,
  packedPage,
  packedWritten,
  received,
  streamClient,
} from "../../../src/store/packed-stream.ts";
import type { AppendEvent, EventReference } from "../../../src/store/stream-protocol.ts";
import type { StreamPage } from "../../../src/store/stream-reads.ts";

const json = fc.jsonValue().map((value) => JSON.stringify({ value }));
const type = fc.constantFrom("Read", "a b/ü", DELETED, "Ω");
/** Now and then what an event need not have. */
const maybe = <Name extends string, Value>(name: Name, value: fc.Arbitrary<Value>) =>
  fc.option(
    value.map((it) => ({ [name]: it }) as Record<Name, Value>),
    { nil: {} },
  );

const sent = fc
  .tuple(
    fc.record({ type, data: json, meta: fc.oneof(fc.constant("{}"), json), schemaVersion: fc.integer({ min: 1, max: 3 }) }),
    maybe("id", fc.uuid()),
    maybe("time", fc.constantFrom("2026-11-21T06:00:00.123456Z", "2026-11-21T06:00:00+05:30")),
    maybe("trace", fc.constant("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")),
  )
  .map((parts): AppendEvent => Object.assign({}, ...parts) as AppendEvent);

const stored = fc
  .tuple(
    fc.record({
      id: fc.uuid(),
      type,
      data: json,
      meta: json,
      time: fc.constantFrom(null, "2026-11-21T06:00:00Z"),
      recordedAt: fc.integer({ min: 0, max: 2 ** 42 }),
      schemaVersion: fc.integer({ min: 1, max: 3 }),
      erased: fc.boolean(),
      trace: fc.constantFrom(null, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    }),
    maybe("unlifted", fc.string()),
  )
  .map(([event, unlifted]) => ({ ...event, ...unlifted }));

/** The client of an object that has only these methods. What goes either way is copied, as the platform does. */
function clientOf(object: Partial<Record<keyof StreamWire, (given: never) => unknown>>) {
  const copied = Object.entries(object).map(([method, answer]) => [
    method,
    async (given: never) => structuredClone(answer(structuredClone(given))),
  ]);
  return streamClient(Object.fromEntries(copied) as StreamWire);
}

describe("the events of", () => {
  it("an append and of an import arrive as they were sent", async () => {
    const arrived: unknown[] = [];
    const note = ({ packed }: PackedAppend) => {
      arrived.push(received(packed));
      return { outcome: "deleted" };
    };
    const client = clientOf({
      append: note,
      holdImport: (part: never) => (note(part), packedHeld({ stored: 0, versions: [], before: 0, recordedAt: 0, inLog: 0, older: [] })),
      checkImport: (events: never) => (note({ packed: events } as never), undefined),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { maxLength: 8 }), async (events) => {
        arrived.length = 0;
        const imported = events.map((event, at) => ({ ...event, id: event.id ?? `id ${at}`, ...(at % 2 ? { erased: true } : {}) }));
        await client.append({ events, expected: { kind: "any" } });
        await client.holdImport({ events: imported });
        await client.checkImport(imported);
        expect(arrived).toEqual([events, imported, imported]);
      }),
    );
  });

  it("an append are not sent with a character that would cut them elsewhere", async () => {
    const client = clientOf({ append: () => ({ outcome: "deleted" }) });
    for (const separator of ["\u001D", "\u001E"]) {
      const events = [{ type: `Read${separator}`, data: "{}", meta: "{}", schemaVersion: 1 }];
      for (const all of [events, [...events, { ...events[0]!, type: "Read" }]])
        await expect(client.append({ events: all, expected: { kind: "any" } })).rejects.toThrow("control character");
    }
  });

  it("a page arrive in their order, with their versions, and with the positions that are known", async () => {
    const pages = fc.record({
      events: fc.array(stored, { maxLength: 8 }),
      gap: fc.integer({ min: -2, max: 3 }).filter((gap) => gap !== 0),
      position: fc.option(fc.array(fc.option(fc.nat(), { nil: undefined }), { minLength: 8, maxLength: 8 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(pages, async ({ events, gap, position }) => {
        const page: StreamPage = {
          version: 99,
          next: 7,
          events: events.map((event, at) => ({
            ...event,
            version: 50 + at * gap,
            ...(position?.[at] === undefined ? {} : { position: position[at] }),
          })),
        };
        const client = clientOf({ read: () => packedPage(page) });
        expect(await client.read({ from: 1, to: 9, limit: 9, direction: "forward" })).toEqual(page);
      }),
    );
  });

  it("an answer arrive with their ids, types and positions, also where a position is unknown or a gap is between two", async () => {
    const references = fc.array(fc.record({ id: fc.uuid(), type, position: fc.option(fc.nat({ max: 3 }), { nil: undefined }) }), {
      maxLength: 6,
    });
    const follows = fc.tuple(references, fc.boolean());
    await fc.assert(
      fc.asyncProperty(follows, async ([given, areTogether]) => {
        const events = given.map(({ position, ...event }, at): EventReference => {
          const placed = areTogether ? 100 + at : position;
          return { ...event, version: 5 + at, ...(placed === undefined ? {} : { position: placed }) };
        });
        const answer = { outcome: "written", version: 9, position: 3, events, replayed: false } as const;
        const client = clientOf({ append: () => packedWritten(answer) });
        expect(await client.append({ events: [], expected: { kind: "any" } })).toEqual(answer);
      }),
    );
  });
});

describe("an object", () => {
  it("that answers with events as they are is understood, too", async () => {
    const [event] = fc.sample(stored, 1);
    const page: StreamPage = { version: 1, next: 1, events: [{ ...event!, version: 1 }] };
    const written = { outcome: "written", version: 1, events: [{ id: "a", version: 1, type: "Read" }], replayed: false } as const;
    const held = { stored: 1, versions: [2], before: 1, recordedAt: 0, inLog: 0, older: [{ ...event!, version: 1 }] };
    const client = clientOf({ read: () => page, append: () => written, holdImport: () => held });
    expect(await client.read({ from: 1, to: 9, limit: 9, direction: "forward" })).toEqual(page);
    expect(await client.append({ events: [], expected: { kind: "any" } })).toEqual(written);
    expect(await client.holdImport({ events: [] })).toEqual(held);
  });
});
