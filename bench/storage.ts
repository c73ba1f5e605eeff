/**
 * `npm run bench:storage`: what events take on disk, in their streams and in the log. EVENTS (20000) of 200 bytes each, spread over 100 streams,
 * in appends of 1, 10 and 100.
 */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "../scripts/dev-server.ts";
import { loadCalls } from "./load.ts";
import { startRuntime } from "./runtime.ts";

const EVENTS = Number(process.env["EVENTS"] ?? 20_000);
const STREAMS = 100;
/** 200 bytes of data, different in each. */
const read = (value: number) => ({ type: "Read", data: { value: 1_000_000 + value, room: String(value).padStart(174, "n") } });

console.log("MB for a million events of 200 bytes        streams       log  together");
for (const each of [1, 10, 100]) {
  const state = temporaryFolder();
  const runtime = await startRuntime("bench/store.ts", { state });
  try {
    await loadCalls(runtime.url, 16, EVENTS / each, (number) => ({
      path: `/streams/reading/of-${number % STREAMS}`,
      body: JSON.stringify({ events: Array.from({ length: each }, (_, at) => read(number * each + at)) }),
    }));
  } finally {
    await runtime.stop();
  }
  const [streams, log] = [bytesOf(state, "StreamObject"), bytesOf(state, "LogObject")];
  const cells = [streams, log, streams + log].map((bytes) => (bytes / EVENTS).toFixed(0).padStart(10));
  console.log(`${`in appends of ${each}`.padEnd(42)}${cells.join("")}`);
}

/** Bytes of all databases of a class of objects, those that are only in its write-ahead log included. */
function bytesOf(state: string, className: string): number {
  const files = readdirSync(state, { recursive: true, encoding: "utf8" }).filter(
    (path) => path.includes(className) && path.endsWith(".sqlite") && !path.includes("metadata"),
  );
  return files.reduce((sum, path) => {
    const database = new DatabaseSync(join(state, path));
    const [pages, size] = ["page_count", "page_size"].map((name) => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]));
    database.close();
    return sum + (pages ?? 0) * (size ?? 0);
  }, 0);
}
