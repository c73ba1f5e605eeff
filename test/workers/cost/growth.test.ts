/** What an operation reads and writes does not grow with the log (docs/benchmarks.md has the table, up to ten million events). */

import { afterEach, expect, it, vi } from "vitest";
import * as z from "zod";
import { OPERATIONS, RARE, filling } from "../../../bench/growth-operations.ts";
import { SCAN_EVENTS } from "../../../src/core/limits.ts";
import { defineApp, streamIdOf, view } from "../../../src/index.ts";
import { PACKED_INDEX } from "../../../src/log/limits.ts";
import { counter } from "../app.ts";
import { quietStore } from "../delivery/support.ts";
import { billOfWaking, metered, rowsOfActivation } from "./metered.ts";

afterEach(() => vi.restoreAllMocks());

/** Events of a commit: so few that reading all pages of the log would show. */
const TOGETHER = 25;
const SIZES = [1_000, 10_000];
/** Rows more that a log ten times as long may take: of the packed indexes a few for each run. */
const MORE = 2 * PACKED_INDEX.fanOut + 2;
/** What may take more, but not without end. */
const BOUNDED: Readonly<Record<string, number>> = {
  // What is not packed yet is read again: more or less of a pack, whatever the log has.
  "the log's activation": PACKED_INDEX.packEvents / TOGETHER,
  // And here what no snapshot has: there is one for every hundred events.
  "the activation of a long stream": 100,
  [`${RARE}: read in the log`]: SCAN_EVENTS / TOGETHER,
  // A name is a key of each run.
  "names of 100 streams: read in the log": 30,
};

const totals = view("grown-totals", {
  from: counter,
  row: z.object({ id: z.string(), total: z.int() }),
  key: "id",
  on: { Counted: (_row, { stream, data }) => ({ id: streamIdOf(stream), total: data.total }) },
});
const app = defineApp({ aggregates: [counter], views: [totals] });

it("an operation reads and writes as many rows in a log of ten thousand events as in one of a thousand", { timeout: 120_000 }, async () => {
  const { store, get, post, logClient, logObject, stream } = quietStore("grows");
  const log = logClient();
  const command = async (id: string, name = "Count") =>
    expect((await post(`/aggregates/counter/${id}/${name}`, {}, { prefer: "wait=20" })).status).toBe(200);
  const ask = async (path: string) => expect((await get(path)).status, path).toBe(200);
  const streams = ["known", "long", ...SIZES.map((events) => `new-${events}`)].map((id) => stream("counter", id));
  const [inStreams, inLog] = [await metered(...streams), await metered(logObject())];
  await command("known");

  let [filled, length, since] = [0, 0, new Date().toISOString()];
  const bySize = new Map<number, Record<string, number>>();
  for (const events of SIZES) {
    for (; length < 300 + events / 50; length += 20) await Promise.all(Array.from({ length: 10 }, () => command("long", "CountTwice")));
    for (; filled < events; filled += TOGETHER) {
      if (filled === events / 2) since = new Date().toISOString();
      expect(await log.sequenceTogether(filling(filled, filled + TOGETHER, 200))).toMatchObject({ taken: true });
    }
    await billOfWaking(app, store, "grown-totals");
    const rows: Record<string, number> = {
      "the log's activation": await rowsOfActivation(logObject(), (log: { head(): Promise<number> }) => log.head()),
      "the activation of a long stream": await rowsOfActivation(streams[1] as DurableObjectStub, (one: { state(): Promise<unknown> }) =>
        one.state(),
      ),
    };
    for (const { what, run } of OPERATIONS) {
      [inStreams, inLog].map((counted) => counted.since());
      await run({ ask, command, events, length, since });
      const [ofStreams, ofLog] = [inStreams.since(), inLog.since()];
      rows[`${what}: read in the stream`] = ofStreams.rowsRead;
      rows[`${what}: written in the stream`] = ofStreams.rowsWritten;
      rows[`${what}: read in the log`] = ofLog.rowsRead;
      rows[`${what}: written in the log`] = ofLog.rowsWritten - ofLog.alarmsSet;
    }
    const { rowsRead, rowsWritten } = await billOfWaking(app, store, "grown-totals");
    rows["a view's batch: read"] = rowsRead;
    rows["a view's batch: written"] = rowsWritten;
    bySize.set(events, rows);
  }
  const [small, large] = [...bySize.values()] as [Record<string, number>, Record<string, number>];
  const grown = Object.entries(large).filter(([what, rows]) => {
    const more = what.includes("written") ? 0 : (BOUNDED[what] ?? MORE);
    return rows > (small[what] ?? 0) + more;
  });
  expect(grown, JSON.stringify({ small, large }, null, 1)).toEqual([]);
});
