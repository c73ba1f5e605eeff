/** What the benchmarks' stores have in common: an aggregate that counts, and a view of its totals. */

import { env } from "cloudflare:workers";
import * as z from "zod";
import { aggregate, event, streamIdOf, view } from "headspring";

export const counter = aggregate("counter", {
  events: { Added: z.object({ by: z.int() }) },
  commands: { Add: z.object({ by: z.int() }), AddOften: z.object({ times: z.int() }) },
  initialState: () => ({ total: 0 }),
  evolve: { Added: (state, { by }) => ({ total: state.total + by }) },
  decide: {
    Add: (_state, { by }) => event("Added", { by }),
    AddOften: (_state, { times }) => Array.from({ length: times }, () => event("Added", { by: 1 })),
  },
  // Another one ignores the snapshots there are.
  ...("REVISION" in env ? { revision: String(env.REVISION) } : {}),
});

export const totals = view("totals", {
  from: counter,
  row: z.object({ id: z.string(), total: z.int() }),
  key: "id",
  on: { Added: (row, { stream, data }) => ({ id: streamIdOf(stream), total: (row?.total ?? 0) + data.by }) },
});
