/** Deaths: of all processes or of the runtime alone, at any moment, right after an acknowledgement, and while the store is starting. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Server } from "../e2e/server.ts";
import type { Load } from "./load.ts";
import type { Random } from "./random.ts";

const KINDS = {
  /** `kill -9` of wrangler and everything it has started. */
  all: 40,
  /** The same, as soon as a write was acknowledged without a position. */
  "all, at an acknowledgement": 25,
  /** The same, and again before the store is up. */
  "all, twice": 10,
  /** `kill -9` of workerd; wrangler starts another one. */
  runtime: 25,
};
export type Kind = keyof typeof KINDS;

/** Milliseconds of work between two deaths, at least. */
const PAUSE_MIN_MS = 300;
/** Writes that are acknowledged between two deaths, at least: a busy machine needs longer for them. Ours, and how long they are waited for. */
const ACKNOWLEDGED_MIN = 15;
const WORK_MAX_MS = 30_000;
/** How long to wait for such an acknowledgement. */
const NO_ACKNOWLEDGEMENT_MS = 3_000;

export class Kills {
  readonly counts: Record<string, number> = {};
  readonly #server: Server;
  readonly #load: Load;
  readonly #random: Random;
  readonly #pauseMs: number;

  /** @param pauseMs milliseconds of work between two deaths, at most */
  constructor(server: Server, load: Load, random: Random, pauseMs: number) {
    this.#server = server;
    this.#load = load;
    this.#random = random;
    this.#pauseMs = pauseMs;
  }

  /** One death, after some work, and the store's next life. */
  async next(): Promise<void> {
    await this.#work();
    const kind = this.#random.weighted(KINDS);
    if (kind === "runtime") {
      await this.#server.crashRuntime();
    } else {
      if (kind === "all, at an acknowledgement") await this.#acknowledgement();
      await this.#server.crash();
      if (kind === "all, twice") await this.#again();
      await this.#server.startAgain();
    }
    this.#count(kind);
  }

  /** The last death of a round: in full swing, and nobody is there afterwards. */
  async last(): Promise<void> {
    await this.#work();
    await this.#acknowledgement();
    await this.#server.crash();
    await this.#load.stop();
    await this.#server.startAgain();
    this.#count("all, at an acknowledgement");
  }

  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  async #work(): Promise<void> {
    const before = this.#load.acknowledged;
    const end = Date.now() + WORK_MAX_MS;
    await sleep(this.#random.int(PAUSE_MIN_MS, this.#pauseMs));
    while (this.#load.acknowledged < before + ACKNOWLEDGED_MIN && Date.now() < end) await sleep(20);
  }

  async #acknowledgement(): Promise<void> {
    await Promise.race([this.#load.nextWithoutPosition(), sleep(NO_ACKNOWLEDGEMENT_MS)]);
  }

  async #again(): Promise<void> {
    const starting = this.#server.startAgain().catch(() => {}); // it is killed while it tries
    await sleep(this.#random.int(300, 2_500));
    await this.#server.crash();
    await starting;
  }

  #count(kind: Kind): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }
}
