/**
 * Writes changes into a database or broker while it, the store and the runtime are killed at random, and compares what has arrived: each change
 * once, those of one key in their order.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { until } from "../../../scripts/client.ts";
import { Random } from "../../crash/random.ts";
import { Server } from "../../e2e/server.ts";
import type { Arrived, Outside, Written } from "./outside.ts";
import { type Verdict, missingIn, verdictOn } from "./verdict.ts";

export interface HarnessOptions {
  readonly outside: Outside;
  readonly changes: number;
  readonly seed: number;
  /** Deaths. Default: as many as there is time for. */
  readonly kills?: number;
  readonly tell?: (line: string) => void;
}

export interface HarnessReport extends Verdict {
  readonly kind: string;
  readonly changes: number;
  readonly kills: Readonly<Record<string, number>>;
  /** Changes that arrived, per second, from the first write to the last arrival. */
  readonly perSecond: number;
  readonly seconds: number;
}

const KEYS = 100;
const BATCH = 100;
/** Milliseconds between two deaths. Ours: long enough for some work in between. */
const [SHORTEST_MS, LONGEST_MS] = [2_000, 8_000];
/** Seconds without any arrival after which the harness gives up, or writes again what is missing. */
const STILL_SECONDS = 60;
const LOST_SECONDS = 8;

export async function harness({
  outside,
  changes,
  seed,
  kills: most = Number.POSITIVE_INFINITY,
  tell = () => {},
}: HarnessOptions): Promise<HarnessReport> {
  const random = new Random(seed);
  const server = await Server.start({
    configs: [join(import.meta.dirname, "wrangler.jsonc")],
    variables: { HEADSPRING_ENV: "local", KIND: outside.kind, ...outside.variables },
  });
  outside.begin?.(server.client.url);
  const counts = new Map<string, number>((outside.before ?? []).map(({ key, n }) => [key, n]));
  const kills: Record<string, number> = {};
  const began = Date.now();
  let isOver = false;
  let written = 0;
  // Nothing but questions reach the store: its own alarm does the work.
  const arrivals = new Arrivals(server);
  const killing = (async () => {
    const deaths = ["store", "runtime", ...(outside.restart ? ["outside"] : [])];
    for (let count = 0; count < most; count++) {
      await sleep(random.int(SHORTEST_MS, LONGEST_MS));
      if (isOver) return;
      const who = random.pick(deaths);
      kills[who] = (kills[who] ?? 0) + 1;
      tell(`${written} written, ${arrivals.all.length} arrived: ${who} dies`);
      if (who === "store") {
        await server.crash();
        await server.startAgain();
      } else if (who === "runtime") await server.crashRuntime();
      else await outside.restart?.();
    }
  })();
  try {
    const { hasBegun } = outside;
    if (hasBegun) {
      const look = async () => (hasBegun((await server.client.call<object>("/sources/in")).body) ? true : undefined);
      await until("the source at work", () => look().catch(() => undefined));
    }
    while (written < changes) {
      const batch: Written[] = [];
      while (batch.length < Math.min(BATCH, changes - written)) {
        const key = `k${random.int(1, KEYS)}`;
        const n = (counts.get(key) ?? 0) + 1;
        counts.set(key, n);
        batch.push({ key, n });
      }
      await untilWritten(outside, batch);
      written += batch.length;
    }
    tell(`all of ${changes} written`);
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    // So many deaths were asked for: what is left arrives through them.
    if (Number.isFinite(most)) await killing;
    let stillSince = Date.now();
    let seen = -1;
    for (;;) {
      await arrivals.look();
      if (arrivals.all.length !== seen) {
        [seen, stillSince] = [arrivals.all.length, Date.now()];
        if (missingIn(counts, arrivals.all).length === 0) break;
      }
      const still = (Date.now() - stillSince) / 1_000;
      if (outside.again && still > LOST_SECONDS) {
        const missing = missingIn(counts, arrivals.all);
        tell(`${missing.length} have not arrived: written again`);
        for (let at = 0; at < missing.length; at += BATCH) await outside.again(missing.slice(at, at + BATCH)).catch(() => {});
        stillSince = Date.now();
      } else if (still > STILL_SECONDS) break;
      await sleep(200);
    }
    isOver = true;
    await killing;
    if (missingIn(counts, arrivals.all).length > 0) tell(JSON.stringify((await server.client.call("/sources/in")).body));
    // What comes twice may come late.
    await sleep(2_000);
    await arrivals.look();
    const seconds = (Date.now() - began - 2_000) / 1_000;
    const verdict = verdictOn(counts, arrivals.all, outside.isOrdered);
    return { kind: outside.kind, changes: total, kills, seconds, perSecond: Math.round(total / seconds), ...verdict };
  } catch (error) {
    throw new Error(`the harness itself failed. The store said:\n${server.output.slice(-4_000)}`, { cause: error });
  } finally {
    isOver = true;
    await killing.catch(() => {});
    await server.stop();
  }
}

/** Writes, and writes again while it cannot be known whether that went through. */
async function untilWritten(outside: Outside, batch: readonly Written[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await outside.write(batch);
    } catch (error) {
      if (attempt === 300) throw error;
      await sleep(100);
    }
  }
}

/** Reads the log on, across deaths. */
class Arrivals {
  readonly all: Arrived[] = [];
  readonly #server: Server;
  #after = 0;

  constructor(server: Server) {
    this.#server = server;
  }

  async look(): Promise<void> {
    try {
      const events = await this.#server.client.log(this.#after);
      for (const event of events) {
        this.#after = event.position;
        if (event.stream.startsWith("received/")) this.all.push(event.data as unknown as Arrived);
      }
    } catch {
      // It is dead just now.
    }
  }
}
