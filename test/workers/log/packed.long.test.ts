/**
 * A packed segment, and one of version 0.1: whatever happens to both, they answer the same. The sizes here are so small that runs, merges and
 * page ends are everywhere.
 */

import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DELETED, DELETED_DATA, type LoggedEvent, type StoredEvent } from "../../../src/core/event.ts";
import type { LogTable } from "../../../src/log/log-table.ts";
import { PackedTable } from "../../../src/log/packed-table.ts";
import { RememberedHeads } from "../../../src/log/remembered-heads.ts";
import { RowTable } from "../../../src/log/row-table.ts";
import { takeTogether } from "../../../src/log/together.ts";
import { type LogReadRequest } from "../../../src/store/log-protocol.ts";
import { asRead } from "../../../src/store/packed-page.ts";
import { runs } from "../../effort.ts";
import { makeRows } from "../stored.ts";
import { freshStore } from "../support.ts";

const SIZES = { packEvents: 5, rowEntries: 3, fanOut: 2, mergeRows: 4 };
const STREAMS = ["a/1", "a/10", "b/1", "b/ä", "b/😀", "b/｡"] as const;
const TYPES = ["Some", "Other", "a/b"] as const;
const CORRELATIONS = ["one", "two", '"quoted"'] as const;

type Group = readonly { stream: string; from: number; events: number; type: string; correlation: string | undefined; erases: boolean }[];

const group = fc.array(
  fc.record({
    stream: fc.constantFrom(...STREAMS),
    // From how far before or behind the stream's head: a repeat, the next, a gap.
    from: fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, { weight: 2, arbitrary: fc.integer({ min: -3, max: 2 }) }),
    events: fc.integer({ min: 1, max: 7 }),
    type: fc.constantFrom(...TYPES),
    correlation: fc.option(fc.constantFrom(...CORRELATIONS), { nil: undefined }),
    erases: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);

const request = fc.record(
  {
    after: fc.nat(120),
    limit: fc.integer({ min: 1, max: 30 }),
    direction: fc.constantFrom("forward" as const, "backward" as const),
    to: fc.integer({ min: 1, max: 120 }),
    bytes: fc.integer({ min: 1, max: 900 }),
    types: fc.subarray([...TYPES]),
    categories: fc.subarray(["a", "b", "c"]),
    stream: fc.constantFrom(...STREAMS, "c/1"),
    streams: fc.subarray([...STREAMS]),
    since: fc.nat(60),
    until: fc.nat(60),
    correlationId: fc.constantFrom(...CORRELATIONS, "three"),
    version: fc.integer({ min: 1, max: 40 }),
  },
  { requiredKeys: ["after", "limit"] },
);

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("commit" as const), group }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("fail" as const), group }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("differ" as const), stream: fc.constantFrom(...STREAMS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("blank" as const), stream: fc.constantFrom(...STREAMS), before: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("read" as const), request }) },
);

/** As both kinds of segments give it. */
const plain = ({ erased, trace, ...event }: LoggedEvent) => ({ ...event, erased: Boolean(erased), trace: trace ?? null });

let made = 0;
function eventsOf({ from, events, type, correlation, erases }: Group[number], head: number): StoredEvent[] {
  const first = Math.max(1, head + from);
  return Array.from({ length: events }, (_, index) => {
    const version = first + index;
    const isErasure = erases && index === events - 1 && version % 5 === 0;
    return {
      version,
      id: `00000000-0000-4000-8000-${String(version).padStart(12, "0")}`,
      type: isErasure ? DELETED : type,
      data: isErasure ? DELETED_DATA.erased : JSON.stringify({ version, text: "\u2028é😀".repeat(version % 9) }),
      meta: JSON.stringify(correlation === undefined ? { note: '"correlationId"' } : { correlationId: correlation }),
      time: version % 4 === 0 ? "2026-01-01T00:00:00+01:00" : null,
      recordedAt: made++ % 60,
      schemaVersion: 1 + (version % 2),
      ...(version % 3 === 0 ? { trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } : {}),
    };
  });
}

/** The code has changed what one kind of events looks like. */
const LIFTING = {
  lift: (event: LoggedEvent) => (event.stream.startsWith("a/") && event.type === "Other" ? { ...event, data: `{"lifted":true}` } : event),
  isAsStored: (kind: string) => kind !== "a/Other",
};

/** What tables can be asked. */
function everything(table: LogTable) {
  const last = table.head;
  return {
    head: last,
    forward: table.page({ after: 0, limit: 1_000 }).events.map(plain),
    backward: table.page({ after: null, limit: 1_000, direction: "backward" }).events.map(plain),
    streams: table.streams(undefined, "", 100),
    ofB: [table.streams("b", "", 2), table.streams("b", "b/1", 100)],
    versions: STREAMS.map((stream) => table.versionHere(stream)),
    positions: STREAMS.map((stream) => table.positions(stream, 2, 30)),
    kinds: [0, Math.floor(last / 2), last - 1].map((position) =>
      table.kindsAfter(position).toSorted((a, b) => a.position - b.position || a.type.localeCompare(b.type)),
    ),
  };
}

describe("a packed segment", () => {
  it("answers like one of version 0.1, after any commits, repeats, gaps, failures, erasures and restarts", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) =>
        runInDurableObject(freshStore("packed").logObject(), (_instance, { storage }) => {
          makeRows(storage.sql);
          let row: LogTable = new RowTable(storage.sql, 1);
          let packed: LogTable = new PackedTable(storage, 1, SIZES);
          const commit = (table: LogTable, parts: Group) =>
            parts.map((part) => table.accept(part.stream, eventsOf(part, table.versionHere(part.stream) ?? 0)));
          for (const one of steps) {
            if (one.do === "restart") [row, packed] = [new RowTable(storage.sql, 1), new PackedTable(storage, 1, SIZES)];
            else if (one.do === "blank") for (const table of [row, packed]) table.blank(one.stream, one.before);
            else if (one.do === "differ") {
              const other = [{ ...eventsOf({ ...NEXT, from: 0 }, row.versionHere(one.stream) ?? 0)[0]!, id: "another" }];
              expect(packed.differs(one.stream, other)).toBe(row.differs(one.stream, other));
            } else if (one.do === "read") {
              const { version, stream, ...asked } = one.request;
              // One stream and one id are read by what the pages have of them; the rest may be combined.
              const wanted: LogReadRequest = {
                ...asked,
                after: asked.direction === "backward" && asked.after > row.head ? null : asked.after,
                ...(stream === undefined || asked.correlationId !== undefined ? {} : { stream }),
                ...(version === undefined ? {} : { id: `00000000-0000-4000-8000-${String(version).padStart(12, "0")}` }),
              };
              const [expected, found] = [row.page(wanted), packed.page(wanted)];
              expect({ ...found, events: found.events.map(plain) }).toEqual({ ...expected, events: expected.events.map(plain) });
            } else {
              const before = made;
              const answers = [row, packed].map((table) => {
                made = before;
                try {
                  return storage.transactionSync(() => {
                    const answer = commit(table, one.group);
                    table.flush();
                    if (one.do === "fail") throw new Error("broken disk");
                    return answer;
                  });
                } catch {
                  table.reload();
                  return [];
                }
              });
              expect(answers[1]).toEqual(answers[0]);
            }
          }
          expect(everything(packed)).toEqual(everything(row));
        }),
      ),
      { numRuns: runs(150), endOnFailure: true },
    );
  });
});

const LARGE = fc.array(
  fc.record({ stream: fc.constantFrom("a/1", "b/1", "c/1"), type: fc.constantFrom(...TYPES), events: fc.integer({ min: 1, max: 12 }) }),
  { minLength: 1, maxLength: 3 },
);

const KINDS = fc.record(
  {
    after: fc.nat(120),
    limit: fc.integer({ min: 1, max: 60 }),
    to: fc.integer({ min: 1, max: 120 }),
    bytes: fc.integer({ min: 1, max: 4_000 }),
    types: fc.subarray([...TYPES]),
    categories: fc.subarray(["a", "b", "c"]),
  },
  { requiredKeys: ["after", "limit"] },
);

describe("a page that travels as it is stored", () => {
  it("has the same events, lifted where the code lifts their type", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(LARGE, { minLength: 1, maxLength: 8 }), fc.array(KINDS, { maxLength: 20 }), (commits, requests) =>
        runInDurableObject(freshStore("travels").logObject(), (_instance, { storage }) => {
          const table = new PackedTable(storage, 1, SIZES);
          for (const parts of commits)
            storage.transactionSync(() => {
              for (const part of parts) table.accept(part.stream, eventsOf({ ...NEXT, ...part }, table.versionHere(part.stream) ?? 0));
              table.flush();
            });
          for (const request of requests) {
            const page = table.page(request);
            const stored = table.storedPage(request, LIFTING);
            const lifted = { ...page, events: page.events.map((event) => plain(LIFTING.lift(event))) };
            const found = stored && asRead(stored);
            if (found) expect({ ...found, events: found.events.map(plain) }).toEqual(lifted);
            else expect(page.events).toEqual([]);
          }
        }),
      ),
      { numRuns: runs(150), endOnFailure: true },
    );
  });

  it("ends where its limit of bytes is used up, counted in UTF-8", () =>
    runInDurableObject(freshStore("bytes").logObject(), (_instance, { storage }) => {
      const table = new PackedTable(storage, 1, SIZES);
      for (let commit = 0; commit < 3; commit += 1)
        storage.transactionSync(() => {
          table.accept("a/1", eventsOf({ ...NEXT, events: 10 }, 10 * commit));
          table.flush();
        });
      for (let bytes = 1; bytes < 6_000; bytes += 41) {
        const request = { after: 0, limit: 100, bytes };
        const found = asRead(table.storedPage(request, LIFTING) ?? { events: [], next: null, head: 0 });
        expect({ ...found, events: found.events.length }).toEqual({ ...table.page(request), events: table.page(request).events.length });
      }
    }));

  it("is not parsed", () =>
    runInDurableObject(freshStore("unparsed").logObject(), (_instance, { storage }) => {
      const table = new PackedTable(storage, 1, SIZES);
      storage.transactionSync(() => {
        table.accept("a/1", eventsOf({ ...NEXT, events: 20 }, 0));
        table.flush();
      });
      storage.sql.exec(`UPDATE pages SET head = 'nobody reads this'`);
      expect(table.storedPage({ after: 0, limit: 100 }, LIFTING)?.packed).toEqual([
        { first: 1, head: "nobody reads this", body: expect.any(String) as string },
      ]);
    }));
});

const NEXT: Group[number] = { stream: "a/1", from: 1, events: 1, type: "Some", correlation: undefined, erases: false };

describe("a stream that the log has not met", () => {
  it("is looked up once in the index, however often its first events are checked", async () => {
    await runInDurableObject(freshStore("strangers").logObject(), (_instance, { storage }) => {
      let asked = 0;
      const exec = (query: string, ...bindings: SqlStorageValue[]) => {
        if (query.startsWith("SELECT entries FROM packed")) asked++;
        return storage.sql.exec(query, ...bindings);
      };
      const table = new PackedTable({ sql: { exec } as SqlStorage, kv: storage.kv }, 1, SIZES);
      const firstOf = (stream: string) => {
        const [event] = eventsOf({ stream, from: 1, events: 1, type: "Some", correlation: undefined, erases: false }, 0);
        return [{ stream, after: 0, events: [event!] }];
      };
      storage.transactionSync(() => {
        for (let number = 0; number < 100; number++) takeTogether(table, firstOf(`old/${number}`), (...part) => table.accept(...part));
        table.flush();
      });
      asked = 0;
      expect(table.versionHere("new/1")).toBeUndefined();
      const once = asked;
      expect(once).toBeGreaterThan(0);
      asked = 0;
      takeTogether(table, firstOf("new/2"), (...part) => table.accept(...part));
      expect(asked).toBe(once);
      expect(table.versionHere("new/2")).toBe(1);
    });
  });

  it("is forgotten only when many others have been used since", () => {
    const heads = new RememberedHeads();
    for (let stream = 0; stream < 120_000; stream++) heads.set(`s/${stream}`, stream);
    expect(heads.get("s/119999")).toBe(119_999);
    expect(heads.get("s/95000")).toBe(95_000);
    expect(heads.get("s/1")).toBeUndefined();
    heads.clear();
    expect(heads.get("s/119999")).toBeUndefined();
  });
});
