/**
 * What a lookup in the log's indexes costs, however many events there are: counted in rows, not by a clock. The packs are small, and there are
 * as many of them as so many events make: that alone decides how many rows a lookup reads.
 */

import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { PACKED_INDEX } from "../../../src/log/limits.ts";
import { PackedIndexes } from "../../../src/log/packed-indexes.ts";
import { IS_LONG } from "../../effort.ts";
import { freshStore } from "../support.ts";

const SCALE = 64;
const SIZES = { ...PACKED_INDEX, packEvents: PACKED_INDEX.packEvents / SCALE, rowEntries: PACKED_INDEX.rowEntries / SCALE };

/** Rows that statements read and write, while it is there. */
function counted(sql: SqlStorage) {
  let cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  const exec = (query: string, ...bindings: SqlStorageValue[]) => {
    const cursor = sql.exec(query, ...bindings);
    cursors.push(cursor);
    return cursor;
  };
  const rows = (kind: "rowsRead" | "rowsWritten") => {
    const sum = cursors.reduce((total, cursor) => total + cursor[kind], 0);
    cursors = [];
    return sum;
  };
  return { sql: { exec } as SqlStorage, rows };
}

vi.setConfig({ testTimeout: 120_000 }); // millions of events take their time

describe.each(IS_LONG ? [1_000, 100_000, 10_000_000] : [1_000, 100_000])("at %i events", (events) => {
  it.each([
    ["each of a stream of its own", (event: number) => `s/${(event * 7_919) % 10_000_019}`],
    ["of a thousand streams", (event: number) => `s/${event % 1_000}`],
    ["of one stream", () => "s/0"],
  ])("%s: a lookup reads at most 60 rows, and an event writes a tenth of one for both indexes together", async (_what, streamOf) => {
    await runInDurableObject(freshStore("growth").logObject(), async (_instance, { storage }) => {
      const { sql, rows } = counted(storage.sql);
      const indexes = new PackedIndexes({ sql, kv: storage.kv }, SIZES);
      const last = Math.floor(events / SCALE);
      const versions = new Map<string, number>();
      let written = 0;
      for (let position = 1; position <= last; position++) {
        const stream = streamOf(position);
        const version = (versions.get(stream) ?? 0) + 1;
        versions.set(stream, version);
        indexes.streams.add(stream, version, position);
        indexes.correlations.add(`c${position % 500}`, position);
        storage.transactionSync(() => indexes.pack(position));
        if (position % 1_000 === 0) written += rows("rowsWritten");
      }
      written += rows("rowsWritten");
      const perEvent = written / SCALE / last;
      expect(perEvent).toBeLessThan(0.1);

      const most = (lookup: () => unknown) => {
        rows("rowsRead");
        const found = lookup();
        expect(rows("rowsRead")).toBeLessThanOrEqual(60);
        return found;
      };
      for (const position of [1, 2, Math.ceil(last / 3), last - 1, last]) {
        const stream = streamOf(position);
        const version = versions.get(stream) ?? 0;
        expect(most(() => indexes.streams.last(stream))).toMatchObject({ at: version });
        expect(most(() => [...indexes.streams.between(stream, version, version)])).toHaveLength(1);
        expect(most(() => indexes.streams.lastUpTo(stream, position))).toMatchObject({ value: position });
        const found = most(() => [...indexes.correlations.between(`c${position % 500}`, position, position)]);
        expect(found).toMatchObject([{ at: position }]);
      }
      for (const stranger of ["a/1", "s/1x", "z/1"]) expect(most(() => indexes.streams.last(stranger))).toBeUndefined();
      expect(most(() => indexes.correlations.between("nobody", 1, last).next().value)).toBeUndefined();
    });
  });
});
