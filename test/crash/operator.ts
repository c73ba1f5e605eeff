/** An operator at work while clients write and processes die: rebuilds views, resets consumers, replays to webhooks. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "./random.ts";
import type { Endpoint } from "./witnesses.ts";

const SHARES = { rebuild: 30, reset: 40, replay: 30 };
/** Milliseconds between two deeds. */
const PAUSE = { min: 200, max: 1_500 };
/** How far back a reset or a replay goes, in positions. */
const BACK = 60;

interface Operated {
  readonly views: readonly string[];
  readonly processors: readonly string[];
  readonly endpoints: readonly Endpoint[];
}

/** How an operator reaches the store. */
interface Client {
  request(store: string, method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
}

export class Operator {
  readonly counts = { rebuilds: 0, resets: 0, replays: 0 };
  readonly violations: string[] = [];
  readonly #load: Client;
  readonly #random: Random;
  readonly #operated: Operated;
  readonly #stores: readonly string[];

  constructor(load: Client, random: Random, stores: readonly string[], operated: Operated) {
    this.#load = load;
    this.#random = random;
    this.#stores = stores;
    this.#operated = operated;
  }

  /** Works for as long as this says. */
  async work(goesOn: () => boolean): Promise<void> {
    while (goesOn()) {
      await sleep(this.#random.int(PAUSE.min, PAUSE.max));
      const store = this.#random.pick(this.#stores);
      const deed = this.#random.weighted(SHARES);
      try {
        if (deed === "rebuild") await this.#rebuild(store);
        else await (deed === "reset" ? this.#reset(store) : this.#replay(store));
      } catch {
        // nobody answers
      }
    }
  }

  async #rebuild(store: string): Promise<void> {
    const view = this.#random.pick(this.#operated.views);
    if (await this.#done(store, `/views/${view}/rebuild`)) this.counts.rebuilds++;
  }

  async #reset(store: string): Promise<void> {
    const name = this.#random.pick([...this.#operated.processors, ...this.#operated.processors, ...this.#operated.views]);
    const isView = this.#operated.views.includes(name);
    // Back from where it is: forward, it would leave out what it has not done yet, as the reset demands.
    const { status, body } = await this.#load.request(store, "GET", `/consumers/${name}`);
    if (status !== 200) return;
    const position = Math.max(0, Number(body.position) - this.#random.int(0, BACK));
    if (await this.#done(store, `/consumers/${name}/reset`, isView ? {} : { position })) this.counts.resets++;
  }

  async #replay(store: string): Promise<void> {
    const endpoint = this.#random.pick(this.#operated.endpoints.filter((one) => one.store === store));
    const head = await this.#head(store);
    const from = Math.max(1, head - this.#random.int(0, BACK));
    const to = Math.min(head, from + this.#random.int(0, BACK / 2));
    endpoint.replaysAsked++;
    const answer = await this.#done(store, `/webhooks/${endpoint.id}/replay`, { from, to });
    if (!answer) return;
    endpoint.replays.push({ run: Number(answer.id), from: from - 1, to: Number(answer.to) });
    this.counts.replays++;
  }

  async #head(store: string): Promise<number> {
    const { body } = await this.#load.request(store, "GET", "/log/head");
    return Number(body.head ?? 0);
  }

  /** @returns undefined when it was not done: the store is dying, or the consumer is not in a state for it */
  async #done(store: string, path: string, body?: unknown): Promise<Record<string, unknown> | undefined> {
    const answer = await this.#load.request(store, "POST", path, body);
    if (answer.status >= 400 && answer.status < 500 && answer.status !== 409)
      this.violations.push(`${store}: POST ${path} ${JSON.stringify(body)} got ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.status < 300 ? answer.body : undefined;
  }
}
