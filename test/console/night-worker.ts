/**
 * A store whose orders are shipped by a service outside: `SHIPPING` says where it is. The effect gives up at the second failure. And a source that
 * fails at a change.
 */

import * as z from "zod";
import { aggregate, category, defineApp, effect, event, source, sourceKind, streamIdOf } from "headspring";
import { createWorker, objects } from "headspring/runtime";

const order = aggregate("order", {
  events: { OrderPlaced: z.object({ address: z.string() }) },
  commands: { PlaceOrder: z.object({ address: z.string() }) },
  initialState: () => ({}),
  evolve: { OrderPlaced: (state) => state },
  decide: { PlaceOrder: (_state, asked) => event("OrderPlaced", asked) },
});

const shipment = category("shipment", { events: { ShipmentBooked: z.object({ number: z.string() }) } });

const booking = effect("booking", {
  description: "Books a shipment for every order.",
  from: order,
  records: shipment,
  start: "beginning",
  retry: { attempts: 2, delay: "100ms" },
  on: {
    OrderPlaced: async ({ stream, data }, { fetch, variable }) => {
      const answer = await fetch(variable("SHIPPING"), { method: "POST", body: JSON.stringify({ order: streamIdOf(stream), ...data }) });
      if (!answer.ok) throw new Error(`the shipping service answered ${answer.status}: ${await answer.text()}`);
      return event("ShipmentBooked", { number: await answer.text() });
    },
  },
});

const parcel = category("parcel", { events: { ParcelSeen: z.object({ number: z.string() }) } });

/** Three parcels, and one of them without a number. */
const PARCELS = [{ number: "p-1" }, { nunber: "p-2" }, { number: "p-3" }];

const scanner = sourceKind<object, { number: string }>({
  name: "scanner",
  settings: z.strictObject({}),
  change: true,
  needs: () => [],
  everyMs: 60_000,
  async connect(_settings, { cursor }) {
    let next = typeof cursor === "number" ? cursor : 0;
    return {
      async read() {
        const changes = PARCELS.map((value, index) => ({ id: `${index}`, position: `scan ${index}`, value })).slice(next);
        next = PARCELS.length;
        return { changes, cursor: next, position: `scan ${next}`, hasMore: false, lag: { entries: 0 } };
      },
      async acknowledge() {},
      async close() {},
    };
  },
});

const parcels = source("parcels", { from: scanner({}), to: parcel, stream: ({ number }) => number ?? "unknown", store: "night" });

const app = defineApp({ aggregates: [order], categories: [shipment, parcel], processors: [booking], sources: [parcels] });

export default createWorker(app, { console: true });
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);
