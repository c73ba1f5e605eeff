/**
 * `npm run bench:console`: how soon the console shows something useful of a store with many events, and how evenly it draws while hundreds arrive
 * in a second, in a real Chromium.
 *
 * The log is filled by calls to its own object, as by `npm run bench:growth`: its streams are made up, apart from those that the load goes to. EVENTS
 * (1,000,000) is the size of the log, PER_SECOND (500) the load, SECONDS (10) how long each measurement takes, LOADS (9) how often a page is
 * opened; the browser begins with an empty cache each time.
 */

import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type Page, chromium } from "playwright-core";
import { buildConsole } from "../scripts/build-console.ts";
import { Client } from "../scripts/client.ts";
import { CHROMIUM } from "../test/console/chromium.ts";
import { FILLER } from "./growth-operations.ts";
import { quantile } from "./load.ts";
import { fill } from "./fill.ts";
import { startRuntime } from "./runtime.ts";

const EVENTS = Number(process.env["EVENTS"] ?? 1_000_000);
const PER_SECOND = Number(process.env["PER_SECOND"] ?? 500);
const SECONDS = Number(process.env["SECONDS"] ?? 10);
const LOADS = Number(process.env["LOADS"] ?? 9);
/** Milliseconds between two appends of the load, and the streams that they go to in turns. */
const APPEND_MS = 100;
const STREAMS = 5;
/** Milliseconds in which Chromium draws a frame. */
const FRAME_MS = 1_000 / 60;

console.error(`a log of ${EVENTS.toLocaleString("en")} events …`);
console.error(`script and style: ${(await buildConsole()).toLocaleString("en")} bytes, gzipped`);
const runtime = await startRuntime("bench/growth-worker.ts");
const client = new Client(runtime.url);
await fill(client, 0, EVENTS, 1_000);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
try {
  console.log(`${cpus().length} × ${cpus()[0]?.model ?? "?"}, Chromium ${browser.version()}, ${EVENTS.toLocaleString("en")} events\n`);
  console.log("| first useful paint | p50, ms | slowest, ms |\n| --- | ---: | ---: |");
  await paints("overview", "/console", "table td");
  await paints("live log", "/console/log", ".log-row");
  await paints(`live log, from position ${EVENTS / 2}`, `/console/log?at=${EVENTS / 2}`, ".log-row");
  await paints("a stream of the log", `/console/log?stream=${FILLER}%2F7`, ".log-row");
  console.log(
    `\n| frames, ${SECONDS} s | in a second | p50, ms | p95, ms | p99, ms | longest, ms | later than one frame |\n| --- |${" ---: |".repeat(6)}`,
  );
  await frames("live log at rest", 0, async () => sleep(SECONDS * 1_000));
  await frames(`live log, following ${PER_SECOND} events/s`, PER_SECOND, async () => sleep(SECONDS * 1_000));
  await frames(`live log, scrolled at ${PER_SECOND} events/s`, PER_SECOND, scrolled);
} finally {
  await browser.close();
  await runtime.stop();
}

/** From the navigation's start until the first frame that has what somebody came for. */
async function paints(what: string, path: string, selector: string): Promise<void> {
  const times: number[] = [];
  for (let load = 0; load < LOADS; load++) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    await page.addInitScript(`
      const look = () => document.querySelector(${JSON.stringify(selector)})
        ? requestAnimationFrame(() => (globalThis.paintedAt = performance.now()))
        : requestAnimationFrame(look);
      look();
    `);
    await page.goto(runtime.url + path);
    await page.waitForSelector(selector);
    let painted: number | undefined;
    while (painted === undefined) painted = await page.evaluate<number | undefined>("globalThis.paintedAt");
    times.push(painted);
    await context.close();
  }
  const sorted = times.toSorted((a, b) => a - b);
  console.log(`| ${what} | ${Math.round(quantile(sorted, 0.5))} | ${Math.round(sorted.at(-1)!)} |`);
}

/** The times between the frames of the live log. */
async function frames(what: string, perSecond: number, act: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(`${runtime.url}/console/log`);
  await page.waitForSelector(".log-row");
  const load = perSecond === 0 ? undefined : appending(perSecond);
  await sleep(1_000);
  await page.evaluate(`
    globalThis.frameTimes = [];
    let last = performance.now();
    const frame = (now) => { frameTimes.push(now - last); last = now; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
  `);
  await act(page);
  const times = (await page.evaluate<number[]>("frameTimes")).slice(1).toSorted((a, b) => a - b);
  const sent = await load?.stop();
  if (sent !== undefined && sent < perSecond * 0.95) console.error(`only ${Math.round(sent)} events/s were taken`);
  const late = times.filter((ms) => ms > 1.5 * FRAME_MS).length;
  const cells = [times.length / SECONDS, quantile(times, 0.5), quantile(times, 0.95), quantile(times, 0.99), times.at(-1)!];
  console.log(`| ${what} | ${cells.map((cell) => cell.toFixed(1)).join(" | ")} | ${((late / times.length) * 100).toFixed(1)} % |`);
  await context.close();
}

/** Down through the history and up again, a notch of the wheel in each frame. */
async function scrolled(page: Page): Promise<void> {
  await page.mouse.move(600, 500);
  const until = performance.now() + SECONDS * 1_000;
  for (let turn = 0; performance.now() < until; turn++) {
    await page.mouse.wheel(0, turn % 120 < 80 ? 100 : -100);
    await sleep(FRAME_MS);
  }
}

/** Appends until it is stopped, whether the answers are in time or not; returns how many events a second were accepted. */
function appending(perSecond: number): { stop: () => Promise<number> } {
  const events = Array.from({ length: (perSecond * APPEND_MS) / 1_000 }, () => ({ type: "Read", data: { value: 1 } }));
  const began = performance.now();
  const answers: Promise<void>[] = [];
  let count = 0;
  const timer = setInterval(() => {
    const path = `/streams/${FILLER}/load-${answers.length % STREAMS}`;
    answers.push(
      client.call(path, { events }, { prefer: "wait=0" }).then(({ status }) => {
        if (status !== 201) throw new Error(`an append was answered with ${status}`);
        count += events.length;
      }),
    );
  }, APPEND_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      const perSecondTaken = count / ((performance.now() - began) / 1_000);
      await Promise.all(answers);
      return perSecondTaken;
    },
  };
}
