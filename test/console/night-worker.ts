/** A store whose orders are shipped by a service outside: `SHIPPING` says where it is. The effect gives up at the second failure. */

import * as z from "zod";
import { aggregate, category, defineApp, effect, event, streamIdOf } from "headspring";
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

const app = defineApp({ aggregates: [order], categories: [shipment], processors: [booking] });

export default createWorker(app, { console: true });
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);
