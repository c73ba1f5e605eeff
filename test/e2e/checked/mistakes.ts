/** An app with a mistake in almost every part, and none that the compiler has let through without a cast. */

import { DurableObject, env } from "cloudflare:workers";
import * as z from "zod";
import { aggregate, category, defineApp, reactor, view } from "../../../src/index.ts";
import { createWorker, objects } from "../../../src/runtime.ts";

const order = aggregate("or der", { events: {}, commands: {}, initialState: () => ({}), evolve: {}, decide: {} });

const reading = category("reading", { key: "sensor", events: { Read: z.object({ celsius: z.number() }) } } as never);

const readings = view("readings", { from: reading, row: z.object({ id: z.string() }), key: "id", on: { Written: () => null } } as never);

const lost = reactor("lost", { from: category("elsewhere", { events: { Gone: z.object({}) } }), on: { Gone: () => [] } });

const app = defineApp({ aggregates: [order], categories: [reading, reading], views: [readings], processors: [lost] });

export class Own extends DurableObject {
  readonly name = (env as { readonly NAME?: string }).NAME;
}
export default createWorker(app);
export const { StreamObject } = objects(app);
