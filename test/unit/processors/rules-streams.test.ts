/** What a join with a category finds: the latest data that a stream had at a position, however long its history is. */

import { describe, expect, it } from "vitest";
import { JOINED_EVENTS } from "../../../src/processors/limits.ts";
import { latestAt } from "../../../src/processors/rules-streams.ts";
import type { StreamPage, StreamReadRequest } from "../../../src/store/stream-reads.ts";

interface Kept {
  /** Absent: it is not in the log yet. */
  readonly position?: number;
  readonly type?: string;
  readonly erased?: true;
}

/** A stream of these events, which answers as an object does, and counts how often it is asked. */
function streamOf(kept: readonly Kept[], isDeletedAfter = Number.POSITIVE_INFINITY) {
  const events = kept.map(({ position, type = "Counted", erased }, index) => ({
    version: index + 1,
    id: `${index}`,
    type,
    data: `{"n":${index + 1}}`,
    meta: "{}",
    time: null,
    recordedAt: 0,
    schemaVersion: 1,
    ...(erased ? { erased } : {}),
    ...(position === undefined ? {} : { position }),
  }));
  let reads = 0;
  return {
    reads: () => reads,
    read: async ({ from, to, limit, direction }: StreamReadRequest): Promise<StreamPage> => {
      if (++reads > isDeletedAfter) return { version: events.length + 1, deleted: true, events: [] };
      const all = events.filter(({ version }) => version >= from && version <= to);
      const ordered = direction === "backward" ? all.toReversed() : all;
      const next = ordered[limit]?.version;
      return { version: events.length, events: ordered.slice(0, limit), ...(next === undefined ? {} : { next }) };
    },
  };
}

const many = (count: number, one: (index: number) => Kept = (index) => ({ position: 2 * index + 2 })) =>
  Array.from({ length: count }, (_, index) => one(index));

describe("the latest data of a stream at a position", () => {
  it("is that of the last event that is not after it, wherever that is, and takes few reads", async () => {
    const count = 500;
    for (let position = 0; position <= 2 * count + 3; position += 7) {
      const stream = streamOf(many(count));
      const last = Math.min(count, Math.floor(position / 2));
      expect(await latestAt(stream, position)).toEqual(last === 0 ? undefined : { n: last });
      expect(stream.reads()).toBeLessThan(Math.log2(count) + 4);
    }
  });

  it("passes over the store's own events, also over more of them than one read has", async () => {
    const own = (index: number): Kept => ({ position: index + 1, type: index === 0 ? "Counted" : "$EffectStarted" });
    for (const after of [0, 1]) {
      const stream = streamOf([
        ...many(3 * JOINED_EVENTS, own),
        ...many(after * 2 * JOINED_EVENTS, (index) => ({ position: 1_000 + index })),
      ]);
      expect(await latestAt(stream, 900)).toEqual({ n: 1 });
      expect(await latestAt(streamOf(many(3 * JOINED_EVENTS, (index) => ({ ...own(index), type: "$Own" }))), 900)).toBeUndefined();
    }
  });

  it("is nothing as long as no event is in the log, and once the latest is erased", async () => {
    expect(await latestAt(streamOf([]), 5)).toBeUndefined();
    expect(await latestAt(streamOf([{}, {}]), 5)).toBeUndefined();
    expect(await latestAt(streamOf([{ position: 1 }, {}]), 5)).toEqual({ n: 1 });
    expect(await latestAt(streamOf([{ position: 1 }, { position: 2, erased: true }]), 5)).toBeUndefined();
  });

  it("is nothing if the stream is deleted while it is looked for", async () => {
    for (let reads = 1; reads < 8; reads++) expect(await latestAt(streamOf(many(200), reads), 100)).toBeUndefined();
    expect(await latestAt(streamOf(many(200)), 100)).toEqual({ n: 50 });
  });
});
