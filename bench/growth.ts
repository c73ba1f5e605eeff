/**
 * `npm run bench:growth`: the rows that each operation reads and writes, counted in the real runtime, while the log grows. Prints a table in
 * Markdown.
 *
 * The log is filled by calls to its own object, in pieces of 1,000 events: the same commits, pages and indexes as those of an import, but the streams
 * are made up. So a million of them need no million objects. LARGEST (10,000,000) is the largest log, STREAMS (1,000,000) the most streams.
 */

import { Client } from "../scripts/client.ts";
import { temporaryFolder } from "../scripts/dev-server.ts";
import { atRest } from "./at-rest.ts";
import type { Counts } from "./cost-bill.ts";
import { fill } from "./fill.ts";
import { COUNTER, type Grown, OPERATIONS, PARTS, type Part } from "./growth-operations.ts";
import { type Runtime, startRuntime } from "./runtime.ts";

const LARGEST = Number(process.env["LARGEST"] ?? 10_000_000);
const STREAMS = Number(process.env["STREAMS"] ?? 1_000_000);
const SIZES = [1_000, 100_000, 10_000_000].filter((size) => size < LARGEST).concat(LARGEST);
/** Events of one command to the stream that grows. Its length is a hundredth of the log's, and no less than this. */
const OFTEN = 1_000;

type Rows = Record<Part, { readonly read: number; readonly written: number }>;

const NAMES: Readonly<Record<Part, string>> = { stream: "its stream", log: "the log", d1: "a view's batch" };

const columns: string[] = [];
const table = new Map<string, string[]>();
await measure(1_000, SIZES);
await measure(STREAMS, [STREAMS]);
console.log(`\n| rows read · written | ${columns.join(" | ")} |\n| --- |${columns.map(() => " ---: |").join("")}`);
for (const [what, cells] of table) console.log(`| ${what} | ${cells.join(" | ")} |`);

/** One store, at each of these sizes. */
async function measure(streams: number, sizes: readonly number[]): Promise<void> {
  const state = temporaryFolder();
  const main = "bench/growth-worker.ts";
  let [filled, length, since] = [0, 0, new Date().toISOString()];
  for (const size of sizes) {
    console.error(`${size.toLocaleString("en")} events of ${streams.toLocaleString("en")} streams …`);
    const filling = await startRuntime(main, { state });
    const client = new Client(filling.url);
    await client.call(command("known"), { by: 1 });
    for (; length < Math.max(OFTEN, size / 100); length += OFTEN)
      await client.call(`/aggregates/${COUNTER}/long/AddOften`, { times: OFTEN });
    const half = filled + Math.floor((size - filled) / 2);
    await fill(client, filled, half, streams);
    since = new Date().toISOString();
    await fill(client, half, size, streams);
    filled = size;
    await atRest(client);
    await filling.stop();

    columns.push(`10^${Math.log10(size)} events, 10^${Math.log10(streams)} streams`);
    const runtime = await startRuntime(main, { state });
    try {
      await operations(runtime, { events: size, length, since });
    } finally {
      await runtime.stop();
    }
  }
}

async function operations({ url }: Runtime, grown: Pick<Grown, "events" | "length" | "since">): Promise<void> {
  const client = new Client(url);
  const ask = (path: string) => client.get(path);
  const send = async (id: string) => {
    const { status } = await client.call(command(id), { by: 1 }, { prefer: "wait=30" });
    if (status !== 200) throw new Error(`a command was answered with ${status}`);
  };
  const note = async (what: string, run: () => Promise<unknown>) => {
    const before = await atRest(client);
    await run();
    const rows = between(before, await atRest(client));
    for (const part of PARTS) {
      const { read, written } = rows[part];
      const name = `${what}: ${NAMES[part]}`;
      const cells = table.get(name) ?? columns.slice(1).map(() => "–");
      if (read === 0 && written === 0 && !table.has(name)) continue;
      table.set(name, [...cells, `${read} · ${written}`]);
    }
  };
  await note("the log's activation", () => ask("/log/head"));
  await note("activation of a long stream, with its snapshot", () => ask(`/aggregates/${COUNTER}/long`));
  for (const { what, run } of OPERATIONS) await note(what, () => run({ ask, command: send, ...grown }));
}

function command(id: string): string {
  return `/aggregates/${COUNTER}/${id}/Add`;
}

function between(before: Counts, after: Counts): Rows {
  return Object.fromEntries(
    PARTS.map((part) => {
      const [from, to] = [rowsOf(before, part), rowsOf(after, part)];
      return [part, { read: to.rowsRead - from.rowsRead, written: to.rowsWritten - from.rowsWritten }];
    }),
  ) as Rows;
}

function rowsOf(counts: Counts, part: Part) {
  return part === "d1" ? counts.d1 : counts.objects[part];
}
