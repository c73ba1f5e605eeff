/** Stores with a source of their own, and what tests ask of it. */

import { env } from "cloudflare:workers";
import { onTestFinished } from "vitest";
import * as z from "zod";
import { type App, defineApp } from "../../../src/definitions/app.ts";
import { category } from "../../../src/definitions/category.ts";
import { queue } from "../../../src/definitions/sources/queue.ts";
import { type SourceDefinition, source } from "../../../src/definitions/sources/source.ts";
import type { SourceProgress, SourceRpc } from "../../../src/store/source-protocol.ts";
import { eventually } from "../eventually.ts";
import { freshStore } from "../support.ts";
import { deploy } from "../versions/deployed.ts";
import { type Tick, type Ticker, ticker, tickerNamed } from "./ticker.ts";

export const measured = category("measured", {
  events: { Measured: z.object({ of: z.string(), value: z.number() }), Noted: z.object({ text: z.string() }) },
});

const BY_SENSOR = {
  to: measured,
  stream: ({ of }: Tick) => of,
  type: () => "Measured",
};

export interface Followed extends ReturnType<typeof freshStore> {
  readonly ticker: Ticker;
  readonly source: SourceRpc;
  readonly sourceStub: DurableObjectStub;
  /** Waits until it has settled this many changes. */
  readonly settled: (changes: number) => Promise<SourceProgress>;
  readonly progress: () => Promise<SourceProgress>;
  readonly app: App;
}

/** A store with a source `in` that follows a ticker of its own. It sleeps until it is woken. */
export function followed(
  name: string,
  changed: Partial<SourceDefinition<Tick>> = {},
  settings: { secret?: string } = {},
  brought: { id?: string } = {},
): Followed {
  const store = freshStore(name);
  const followedTicker = tickerNamed(store.store);
  const app = defineApp({
    categories: [measured],
    sources: [
      source<"in", Tick>("in", { from: ticker({ ticker: store.store, ...settings }), store: store.store, ...BY_SENSOR, ...changed }),
      source("brought", {
        from: queue({ queue: `queue-of-${store.store}`, ...brought }),
        store: store.store,
        ...BY_SENSOR,
        data: ({ body }) =>
          brought.id === undefined ? body : { of: (body as unknown as Tick).of, value: (body as unknown as Tick).value },
        stream: ({ body }) => (body as unknown as Tick).of,
      }),
    ],
    sourceKinds: [ticker],
  });
  deploy(store.store, { sources: app });
  const sourceStub = env.SOURCES.getByName(`${store.store}/in`);
  const object = sourceStub as unknown as SourceRpc;
  onTestFinished(async () => {
    followedTicker.onStep = () => {};
    await object.control("pause");
  });
  const progress = async () => (await object.progress()) as SourceProgress;
  return {
    ...store,
    app,
    ticker: followedTicker,
    source: object,
    sourceStub,
    progress,
    settled: async (changes) => {
      let seen = await progress();
      await eventually(async () => {
        seen = await progress();
        if (seen.changes < changes) throw new Error(`it has settled ${seen.changes} of ${changes} changes: ${JSON.stringify(seen)}`);
      });
      return seen;
    },
  };
}

/** The values of each stream, in its order. */
export async function valuesByStream(store: Pick<Followed, "log">): Promise<Record<string, unknown[]>> {
  const byStream: Record<string, unknown[]> = {};
  for (const { stream, data } of (await store.log()) as unknown as { stream: string; data: Tick }[])
    (byStream[stream] ??= []).push(data.value);
  return byStream;
}
