/** A source whose outside is a list in memory that a test writes, and breaks as it likes. All else is the real thing. */

import * as z from "zod";
import type { JsonObject, JsonValue } from "../../../src/core/event.ts";
import { type Change, type Connection, type Portion, type ReadKind } from "../../../src/definitions/sources/kind.ts";
import { sourceKind } from "../../../src/definitions/sources/source.ts";

/** What a source follows: entries that stay until they are acknowledged, as a broker keeps them. */
export class Ticker {
  /** All entries that there ever were. */
  readonly entries: Change[] = [];
  /** Entries up to this number are acknowledged. */
  acknowledged = 0;
  /** Portions may not be smaller than this: a transaction. */
  least = 1;
  /** What each portion has besides, or instead. */
  more: Partial<Portion> = {};
  /** Called before each step; throws where the connection breaks. */
  onStep: (step: "connect" | "read" | "acknowledge") => void | Promise<void> = () => {};
  /** What the kind was asked to forget, with the cursor that it had. */
  readonly forgotten: { why: string; cursor: JsonValue | undefined }[] = [];
  connections = 0;
  open = 0;

  add(...values: JsonObject[]): this {
    for (const value of values) {
      const number = this.entries.length + 1;
      this.entries.push({ id: `entry-${number}`, position: `#${number}`, value });
    }
    return this;
  }
}

const tickers = new Map<string, Ticker>();

/** The ticker with that name: a source in an object finds it by its settings. */
export function tickerNamed(name: string): Ticker {
  const ticker = tickers.get(name) ?? new Ticker();
  tickers.set(name, ticker);
  return ticker;
}

const Settings = z.strictObject({ ticker: z.string(), secret: z.string().optional() });

const kind: ReadKind<z.output<typeof Settings>> = {
  name: "ticker",
  settings: Settings,
  change: true,
  everyMs: 60_000,
  needs: ({ secret }) => (secret === undefined ? [] : [secret]),

  async connect({ ticker: name, secret }, { binding }): Promise<Connection> {
    const ticker = tickerNamed(name);
    if (secret !== undefined) binding(secret);
    await ticker.onStep("connect");
    ticker.connections += 1;
    ticker.open += 1;
    // What is not acknowledged comes again, as from a broker, whatever the source remembers.
    let next = ticker.acknowledged;
    return {
      async read(limit): Promise<Portion> {
        await ticker.onStep("read");
        // Without a break, as a real one, the loop of the object would never let anything else in.
        await scheduler.wait(0);
        const changes = ticker.entries.slice(next, next + Math.max(limit, ticker.least));
        next += changes.length;
        const left = ticker.entries.length - next;
        const lag = { entries: left, seconds: left === 0 ? 0 : 1 };
        return changes.length === 0
          ? { changes, hasMore: false, lag, ...ticker.more }
          : { changes, cursor: next, position: `#${next}`, hasMore: left > 0, lag, ...ticker.more };
      },
      async acknowledge({ cursor: through }) {
        await ticker.onStep("acknowledge");
        if (typeof through === "number") ticker.acknowledged = Math.max(ticker.acknowledged, through);
      },
      async close() {
        ticker.open -= 1;
      },
    };
  },

  async forget({ ticker: name }, { cursor }, why) {
    const ticker = tickerNamed(name);
    ticker.forgotten.push({ why, cursor });
    ticker.acknowledged = 0;
  },
};

/** What the tests' sources see. */
export interface Tick {
  readonly of: string;
  readonly value: number;
}

export const ticker = sourceKind<z.output<typeof Settings>, Tick>(kind);
