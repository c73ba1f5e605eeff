/**
 * `npm run cost`: what a command costs on the platform, counted in the real runtime and priced by {@link ./prices.ts}. Prints
 * three tables in Markdown, and with `--json` the same for machines.
 *
 * Each case of {@link ./cost-cases.ts} runs in a runtime of its own, twice: under a steady load of RATE (200) commands a second for
 * SECONDS (5), where commands share wake-ups, batches and checkpoints; and as a single command in a store that is otherwise
 * idle, where nothing is shared: ALONE (3) times, of which the middle one is reported. What follows from the commands is waited for,
 * alarms included. With names of cases as arguments: those alone.
 */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "../scripts/client.ts";
import { atRest } from "./at-rest.ts";
import { STREAM_CALL_MS, billOf, perCommand } from "./cost-bill.ts";
import { AIM, AIMED, CASES, type CostCase } from "./cost-cases.ts";
import { type Measured, type Result, printTables } from "./cost-tables.ts";
import { type Runtime, startRuntime } from "./runtime.ts";

const RATE = Number(process.env["RATE"] ?? 200);
const SECONDS = Number(process.env["SECONDS"] ?? 5);
const ALONE = Number(process.env["ALONE"] ?? 3);
/** Commands under way at once, at most. */
const CLIENTS = 32;
/** Streams that commands are spread over: so many that those which one wake-up brings to a view all touch another row. */
const STREAMS = 500;
/** Milliseconds of CPU time in one tick of the kernel's clock, as `/proc` counts. */
const TICK_MS = 10;

const receiver = createServer((request, response) => {
  request.resume().on("end", () => response.writeHead(204).end());
});
await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
const endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;

const json = process.argv.includes("--json");
const names = process.argv.slice(2).filter((argument) => argument !== "--json");
const machine = `${cpus().length} × ${cpus()[0]?.model ?? "?"}, Node ${process.version}`;
const at = new Date().toISOString();
const results: Record<string, Result> = {};
try {
  for (const [name, measured] of Object.entries(CASES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    if (!json) console.error(`${measured.title} …`);
    const runtime = await startRuntime("bench/cost-worker.ts", { variables: { COST_CASE: name } });
    try {
      results[name] = await measure(runtime, measured);
    } finally {
      await runtime.stop();
    }
  }
} finally {
  receiver.close();
}
if (json) console.log(JSON.stringify({ at, machine, RATE, SECONDS, STREAM_CALL_MS, results }, null, 2));
else {
  console.log(`${at}, ${machine}; ${RATE} commands/s for ${SECONDS} s over ${STREAMS} streams\n`);
  printTables(Object.values(results));
  const total = results[AIMED]?.steady.bill.total;
  if (total !== undefined) {
    const dollars = (total * 1_000_000).toFixed(2);
    console.log(
      `\nAim: $${AIM.toFixed(2)} per million with one view, for commands that arrive together. ${dollars}: ${Number(dollars) <= AIM ? "met" : "missed"}.`,
    );
  }
}

async function measure(
  { url, pid }: Runtime,
  { title, isCold = false, hasKey = false, hasWebhook = false, distanceMs, together = 1, events = 1 }: CostCase,
): Promise<Result> {
  const client = new Client(url);
  let sent = 0;
  const command = async () => {
    const number = ++sent;
    const stream = isCold ? `new-${number}` : `s-${number % STREAMS}`;
    // Patience, so that a slow machine does not add the alarm that an answer in time does without.
    const headers = {
      ...(distanceMs === undefined ? { prefer: "wait=30" } : {}),
      ...(hasKey ? { "idempotency-key": `key-${number}` } : {}),
    };
    const { status, body } =
      events === 1
        ? await client.call(`/aggregates/counter/${stream}/Add`, { by: 1 }, headers)
        : await client.call(`/streams/reading/${stream}`, { events: Array.from({ length: events }, reading) }, headers);
    if (status !== 200 && status !== 201) throw new Error(`a command was answered with ${status} ${JSON.stringify(body)}`);
  };
  const measured = async (commands: number, send: () => Promise<void>): Promise<Measured> => {
    const before = await atRest(client);
    const cpuBefore = cpuMsOf(pid);
    await send();
    // Before it is quiet: that takes seconds of looking whether it is.
    const cpuMs = (cpuMsOf(pid) - cpuBefore) / (commands * events);
    const counts = perCommand(before, await atRest(client), commands * events);
    return { counts, cpuMs, bill: billOf(counts, cpuMs, distanceMs) };
  };

  if (hasWebhook) await client.call("/webhooks", { url: endpoint });
  // The streams that are there, and everything that is made once.
  for (let made = 0; made < STREAMS; made += 20) await Promise.all(Array.from({ length: 20 }, command));

  let perSecond = 0;
  const rate = events === 1 ? RATE : RATE / 10;
  const steady = await measured(rate * SECONDS, async () => {
    perSecond = await atRate(rate, together, command);
  });
  const singles: Measured[] = [];
  while (singles.length < ALONE) singles.push(await measured(1, command));
  // The middle one: a pause of the machine while an object is awake is no part of what a command costs.
  const alone = singles.toSorted((a, b) => a.bill.total - b.bill.total)[Math.floor(ALONE / 2)]!;
  // A single command is too short for the clock that CPU time is counted by.
  return {
    title,
    distanceMs,
    steady,
    alone: { ...alone, cpuMs: steady.cpuMs, bill: billOf(alone.counts, steady.cpuMs, distanceMs) },
    perSecond,
  };
}

/** Sends commands at the rate, or as fast as the machine can. Answers with the rate that it came to. */
async function atRate(rate: number, together: number, command: () => Promise<void>): Promise<number> {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1_000;
  let sent = 0;
  const client = async () => {
    while (sent < rate * SECONDS) {
      if (sent < seconds() * rate) {
        sent += together;
        await Promise.all(Array.from({ length: together }, command));
      } else await sleep(5);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return sent / seconds();
}

function reading(): object {
  return { type: "Read", data: { sensor: "in the cellar", celsius: 21.5, note: "x".repeat(100) } };
}

/** Milliseconds of CPU time that a process has used. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
