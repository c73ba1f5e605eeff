/** What the runtime's process holds when 10,000 streams are awake. */

import { readFileSync } from "node:fs";
import { type Call, loadCalls } from "./load.ts";
import type { Note } from "./report.ts";
import { startRuntime } from "./runtime.ts";

const STREAMS = 10_000;

export async function memory(note: Note): Promise<void> {
  const below = await grown("bench/floor.ts", (number) => ({ path: `/counter/${number}`, body: `{"by":1}` }));
  const here = await grown("bench/store.ts", (number) => ({ path: `/aggregates/counter/${number}/Add`, body: `{"by":1}` }));
  note({ what: "memory of the runtime for 10,000 streams awake", unit: "MB", store: here, floor: below, ratio: below / here });
}

/** Megabytes by which the process has grown. */
async function grown(main: string, call: (number: number) => Call): Promise<number> {
  const runtime = await startRuntime(main);
  try {
    await loadCalls(runtime.url, 32, 100, (number) => call(STREAMS + number));
    const before = residentMb(runtime.pid);
    await loadCalls(runtime.url, 32, STREAMS, call);
    return residentMb(runtime.pid) - before;
  } finally {
    await runtime.stop();
  }
}

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024;
}
