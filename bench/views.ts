/**
 * `npm run bench:views`: how fast views follow the log, what they cost in rows of D1, and how soon a write is seen.
 *
 * And how fast processors do: in code, and declared over HTTP.
 *
 * EVENTS (20000) says how many events are caught up with, SECONDS (10) how long writes are watched.
 * All figures are of one run on one machine, through `wrangler dev` and its local D1.
 */

import { rmSync } from "node:fs";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "../scripts/client.ts";
import { DevServer, freePort, temporaryFolder } from "../scripts/dev-server.ts";
import { measureProcessors } from "./processors.ts";

const EVENTS = Number(process.env["EVENTS"] ?? 20_000);
const SECONDS = Number(process.env["SECONDS"] ?? 10);
/** Streams that the events are spread over: as many rows in each view. */
const STREAMS = 1_000;
/** Events in one append: few, so that a batch of the log touches many rows. */
const APPEND = 4;
/** Appends under way at once. */
const WRITERS = 20;
/** Commands in a second while writes are watched. */
const RATE = 50;
/** The simple and the wide view again, declared over HTTP; and one whose rows are the latest data as it is. */
const DECLARED = {
  "simple-http": { from: "reading", columns: { count: { type: "integer", init: 0, fold: "acc + 1" } } },
  "wide-http": {
    from: "reading",
    columns: {
      room: { type: "string", value: "data.room" },
      by: { type: "string", value: "data.by" },
      last: { type: "number", value: "data.value" },
      lowest: { type: "number", init: null, fold: "acc == null ? data.value : math.least(acc, data.value)" },
      highest: { type: "number", init: null, fold: "acc == null ? data.value : math.greatest(acc, data.value)" },
      sum: { type: "number", init: 0, fold: "acc + data.value" },
      count: { type: "integer", init: 0, fold: "acc + 1" },
      battery: { type: "integer", value: "data.battery" },
      since: { type: "string", init: null, fold: "acc == null ? event.time : acc" },
    },
    indexes: ["room", "by"],
  },
  "basic-http": { from: "reading" },
};
const VIEWS = ["simple", "wide", "simple-a", "simple-b", "simple-c", "simple-d", ...Object.keys(DECLARED)];

interface Billed {
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

const persistTo = temporaryFolder();
const server = new DevServer({ port: await freePort(), persistTo, main: "bench/worker.ts", output: () => {} });
try {
  await server.listening();
  const client = new Client(server.url);
  const billed = () => client.get<Billed>("/billed");
  const read = () => ({
    type: "Read",
    data: { value: random(1_000) / 10, room: `room-${random(20)}`, battery: random(100), by: `sensor-${random(50)}` },
  });

  for (const [name, definition] of Object.entries(DECLARED)) await client.call(`/views/${name}`, definition, {}, "PUT");
  await tellAll("pause");
  for (let sent = 0; sent < EVENTS; sent += APPEND * WRITERS) {
    const appends = Array.from({ length: WRITERS }, () => Array.from({ length: APPEND }, read));
    await Promise.all(appends.map((events) => client.call(`/streams/reading/s-${random(STREAMS)}`, { events }, { prefer: "wait=30" })));
  }
  const { head } = await client.get<{ head: number }>("/log/head");

  console.log(`\n${head.toLocaleString("en")} events, ${STREAMS} rows in each view; ${cpus().length} cores, Node ${process.version}\n`);
  const results: Record<string, Record<string, number>> = {};
  for (const [what, names] of [
    ["a simple view", ["simple"]],
    ["a simple view over HTTP", ["simple-http"]],
    ["a view of 10 columns and 2 indexes", ["wide"]],
    ["the same over HTTP", ["wide-http"]],
    ["the latest data as it is, over HTTP", ["basic-http"]],
    ["5 views at once", ["simple", "simple-a", "simple-b", "simple-c", "simple-d"]],
  ] as const) {
    await tellAll("pause");
    await Promise.all(names.map((name) => client.call(`/consumers/${name}/resume`, {})));
    await Promise.all(names.map((name) => client.get(`/views/${name}?minPosition=${head}`, { prefer: "wait=30" })));
    const before = await billed();
    const began = performance.now();
    await Promise.all(names.map((name) => client.call(`/views/${name}/rebuild`, {})));
    await Promise.all(names.map(rebuilt));
    const seconds = (performance.now() - began) / 1_000;
    const after = await billed();
    results[what] = {
      "events/s of each view": Math.round(head / seconds),
      "events/s in all": Math.round((head * names.length) / seconds),
      "rows written per event, checkpoints included": round((after.rowsWritten - before.rowsWritten) / (head * names.length)),
      "rows read per event": round((after.rowsRead - before.rowsRead) / (head * names.length)),
    };
  }
  console.table(results);

  await tellAll("pause");
  await client.call("/consumers/simple/resume", {});
  await client.get(`/views/simple?minPosition=${head}`, { prefer: "wait=30" });
  const seen: number[] = [];
  const asked: number[] = [];
  const watching: Promise<unknown>[] = [];
  const before = await billed();
  for (let number = 0; number < RATE * SECONDS; number++) {
    // Some are watched: who looks at all of them measures his own looking.
    watching.push(number % 10 === 0 ? watch(number) : number % 10 === 5 ? ask(number) : write(number));
    await sleep(1_000 / RATE);
  }
  await Promise.all(watching);
  const after = await billed();
  console.log(`\n${RATE} appends a second for ${SECONDS} s: milliseconds from the answer to the row\n`);
  console.table({
    "until a query shows it": quantiles(seen),
    "a query that waits for its position (minPosition)": quantiles(asked),
  });
  console.log(
    `rows written per touched row: ${round((after.rowsWritten - before.rowsWritten) / (RATE * SECONDS))}, the checkpoint's included`,
  );

  await tellAll("pause");
  await measureProcessors(client);

  async function tellAll(action: string): Promise<void> {
    await Promise.all(VIEWS.map((name) => client.call(`/consumers/${name}/${action}`, {})));
  }

  async function rebuilt(name: string): Promise<void> {
    for (;;) {
      const { status, rebuild } = await client.get<{ status: string; rebuild?: unknown }>(`/consumers/${name}`);
      if (status === "live" && rebuild === undefined) return;
      await sleep(20);
    }
  }

  async function write(number: number): Promise<{ stream: string; position: number }> {
    const stream = `w-${number}`;
    const { body } = await client.call<{ position: number }>(`/streams/reading/${stream}`, read(), { prefer: "wait=30" });
    return { stream, position: body.position };
  }

  /** Asks for the row until it is there. */
  async function watch(number: number): Promise<void> {
    const { stream } = await write(number);
    const began = performance.now();
    while ((await client.call(`/views/simple/${stream}`)).status !== 200) await sleep(5);
    seen.push(performance.now() - began);
  }

  async function ask(number: number): Promise<void> {
    const { stream, position } = await write(number);
    const began = performance.now();
    const { status } = await client.call(`/views/simple/${stream}?minPosition=${position}`);
    if (status !== 200) throw new Error(`the row was not there at its position: ${status}`);
    asked.push(performance.now() - began);
  }
} finally {
  await server.stop();
  rmSync(persistTo, { recursive: true });
}

function random(below: number): number {
  return Math.floor(Math.random() * below);
}

function round(number: number): number {
  return Math.round(number * 1_000) / 1_000;
}

function quantiles(samples: number[]): Record<string, number> {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round((sorted[Math.floor(sorted.length * share)] ?? Number.NaN) * 10) / 10;
  return { p50: at(0.5), p99: at(0.99), max: at(0.9999) };
}
