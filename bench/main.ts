/**
 * `npm run bench`: what the store does in a second, each figure next to what a bare Durable Object does with the same calls,
 * from the same clients, on the same disk, in the same run ({@link ./floor.ts}). Prints a table, and with `--json` the same for machines.
 *
 * ROUNDS (5) rounds of SECONDS (2) alternate between the two; the figures are medians, the ratio is the median of the rounds' ratios.
 */

import { cpus } from "node:os";
import { activations } from "./activation.ts";
import { latency } from "./latency.ts";
import { memory } from "./memory.ts";
import { reads } from "./reads.ts";
import { type Figure, HEADER, line } from "./report.ts";
import { startRuntime } from "./runtime.ts";
import { writes } from "./writes.ts";

const json = process.argv.includes("--json");
const machine = `${cpus().length} × ${cpus()[0]?.model ?? "?"}, Node ${process.version}`;
const at = new Date().toISOString();
const figures: Figure[] = [];
const note = (figure: Figure) => {
  figures.push(figure);
  if (!json) console.log(line(figure));
};
if (!json) console.log(`${at}, ${machine}\n\n${HEADER}`);

const floor = await startRuntime("bench/floor.ts");
const store = await startRuntime("bench/store.ts");
try {
  const pair = { floor, store, note };
  await writes(pair);
  await reads(pair);
  await latency(pair);
} finally {
  await floor.stop();
  await store.stop();
}
await activations(note);
await memory(note);
if (json) console.log(JSON.stringify({ at, machine, figures }, null, 2));
