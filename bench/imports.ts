/**
 * `npm run bench:imports`: how fast a store takes an import whose lines are of many streams in turns, and gives its export; and the
 * processor's time that an event takes, from which follows how much of it one request may do.
 *
 * EVENTS (20000) says how many events, STREAMS (1,10,100,1000) over how many streams.
 */

import { readFileSync } from "node:fs";
import { startRuntime } from "./runtime.ts";

const EVENTS = Number(process.env["EVENTS"] ?? 20_000);
const STREAMS = (process.env["STREAMS"] ?? "1,10,100,1000").split(",").map(Number);
/** Bytes of an event's text. */
const NOTE = "n".repeat(100);
/** Jiffies in a second, in which Linux counts a process's time. */
const HERTZ = 100;

const runtime = await startRuntime("bench/store.ts");
try {
  console.log(`${"".padEnd(44)}${"events/s".padStart(12)}${"events per CPU second".padStart(24)}`);
  for (const streams of STREAMS) {
    const base = `${runtime.url}/stores/of-${streams}`;
    await measure(`import into ${streams.toLocaleString("en")} streams in turns`, () => importInto(base, streams));
    await measure("… sent again", () => importInto(base, streams));
    await measure("… export", () => exportOf(base));
  }
} finally {
  await runtime.stop();
}

async function importInto(base: string, streams: number): Promise<void> {
  const lines = Array.from({ length: EVENTS }, (_, at) => {
    const id = `0198c2a6-1111-7abc-8def-${String(at).padStart(12, "0")}`;
    return JSON.stringify({ id, stream: `reading/${at % streams}`, type: "Read", data: { value: at, room: NOTE } });
  });
  // As much as one request may do, at a time.
  for (let after = 0; after < EVENTS;) {
    const answer = await fetch(`${base}/import${after === 0 ? "" : `?after=${after}`}`, { method: "POST", body: lines.join("\n") });
    const { next, detail }: { next?: number; detail?: string } = JSON.parse(await answer.text());
    if (!answer.ok && next === undefined) throw new Error(detail);
    after = next ?? EVENTS;
  }
}

async function exportOf(base: string): Promise<void> {
  const answer = await fetch(`${base}/log`, { headers: { accept: "application/x-ndjson" } });
  const lines = (await answer.text()).split("\n").length - 1;
  if (lines !== EVENTS) throw new Error(`${lines} events came instead of ${EVENTS}`);
}

async function measure(what: string, work: () => Promise<void>): Promise<void> {
  const [before, begun] = [cpuSeconds(), performance.now()];
  await work();
  const seconds = (performance.now() - begun) / 1_000;
  console.log(`${what.padEnd(44)}${rate(seconds).padStart(12)}${rate(cpuSeconds() - before).padStart(24)}`);
}

function rate(per: number): string {
  return Math.round(EVENTS / per).toLocaleString("en");
}

/** What the runtime's process has used, in all its threads. */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${runtime.pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / HERTZ;
}
