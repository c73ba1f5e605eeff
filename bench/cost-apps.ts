/** The apps of {@link ./cost-cases.ts}, for the worker: the meter itself, which runs in Node, loads none. */

import * as z from "zod";
import { type App, aggregate, category, defineApp, event, reactor, send, streamIdOf, view } from "headspring";
import type { CaseName } from "./cost-cases.ts";

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

const reading = category("reading", { events: { Read: z.object({ sensor: z.string(), celsius: z.number(), note: z.string() }) } });

const alone = defineApp({ aggregates: [counter] });
const viewed = defineApp({ aggregates: [counter], views: [totals("totals")] });

export const APPS: Readonly<Record<CaseName, App>> = {
  cold: alone,
  coldView: viewed,
  hot: alone,
  key: alone,
  view: viewed,
  views: defineApp({ aggregates: [counter], views: ["one", "two", "three"].map(totals) }),
  reactor: defineApp({ aggregates: [counter, echo], processors: [echoing] }),
  webhook: alone,
  crowd: alone,
  crowdView: viewed,
  append: defineApp({ categories: [reading] }),
  near: alone,
  far: alone,
  overseas: alone,
};
