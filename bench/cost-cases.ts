/** What the cost meter measures: commands to one aggregate, with different company. */

import * as z from "zod";
import { type App, aggregate, defineApp, event, reactor, send, streamIdOf, view } from "../src/index.ts";

const counting = {
  events: { Added: z.object({ by: z.int() }) },
  commands: { Add: z.object({ by: z.int() }) },
  initialState: () => ({ total: 0 }),
  evolve: { Added: (state: { total: number }, { by }: { by: number }) => ({ total: state.total + by }) },
  decide: { Add: (_state: { total: number }, { by }: { by: number }) => event("Added", { by }) },
};

const counter = aggregate("counter", counting);
/** What the reactor sends its commands to. */
const echo = aggregate("echo", counting);

/** A row for each stream. */
const totals = (name: string) =>
  view(name, {
    from: counter,
    row: z.object({ id: z.string(), total: z.int() }),
    key: "id",
    on: { Added: (row, { stream, data }) => ({ id: streamIdOf(stream), total: (row?.total ?? 0) + data.by }) },
  });

const echoing = reactor("echoing", {
  from: counter,
  emits: echo,
  on: { Added: ({ stream, data }) => send(echo, streamIdOf(stream), "Add", data) },
});

export interface CostCase {
  readonly title: string;
  readonly app: App;
  /** Every command is the first of its stream. Else they go to streams that are there, each in its turn. */
  readonly isCold?: boolean;
  readonly hasKey?: boolean;
  readonly hasWebhook?: boolean;
  /** Milliseconds from one object to another and back. Clients then wait as they usually do, so that a write which gives up waiting shows. */
  readonly distanceMs?: number;
}

export const CASES: Readonly<Record<string, CostCase>> = {
  cold: { title: "a new stream each time, the log", app: defineApp({ aggregates: [counter] }), isCold: true },
  coldView: {
    title: "a new stream each time, the log and one view",
    app: defineApp({ aggregates: [counter], views: [totals("totals")] }),
    isCold: true,
  },
  hot: { title: "a stream that is there, the log", app: defineApp({ aggregates: [counter] }) },
  key: { title: "… and an idempotency key", app: defineApp({ aggregates: [counter] }), hasKey: true },
  view: { title: "… and one view", app: defineApp({ aggregates: [counter], views: [totals("totals")] }) },
  views: {
    title: "… and three views",
    app: defineApp({ aggregates: [counter], views: ["one", "two", "three"].map(totals) }),
  },
  reactor: {
    title: "… and a reactor that answers with a command",
    app: defineApp({ aggregates: [counter, echo], processors: [echoing] }),
  },
  webhook: { title: "… and a webhook", app: defineApp({ aggregates: [counter] }), hasWebhook: true },
  near: { title: "a stream that is there, its log 20 ms away", app: defineApp({ aggregates: [counter] }), distanceMs: 20 },
  far: { title: "… 60 ms away", app: defineApp({ aggregates: [counter] }), distanceMs: 60 },
  overseas: { title: "… 150 ms away", app: defineApp({ aggregates: [counter] }), distanceMs: 150 },
};

/** The case that the aim is set for, and the aim: dollars per million commands under steady load. */
export const AIMED = "view";
export const AIM = 5;
