/** The worker that is killed: one source, of the kind that its variable `KIND` names. */

import { env } from "cloudflare:workers";
import { type Source, category, defineApp, queue, source } from "headspring";
import { postgres } from "headspring/postgres";
import { mqtt } from "headspring/mqtt";
import { nats } from "headspring/nats";
import { createWorker, objects } from "headspring/runtime";
import * as z from "zod";

interface Change {
  readonly key: string;
  readonly n: number;
}

const received = category("received", { events: { Received: z.object({ key: z.string(), n: z.int(), isState: z.boolean().optional() }) } });

/** By kind: each puts the changes of a key into the stream of that key. */
const SOURCES: Readonly<Record<string, () => Source>> = {
  postgres: () =>
    source("in", {
      from: postgres({ connection: "DATABASE", tables: ["changes"] }),
      to: received,
      every: "200ms",
      stream: ({ key }) => key.key as string,
      data: ({ op, after }) => ({ key: after?.key as string, n: after?.n as number, ...(op === "snapshot" ? { isState: true } : {}) }),
    }),
  nats: () =>
    source("in", {
      from: nats({ connection: "NATS_URL", credentials: "NATS_CREDENTIALS", jetstream: "CHANGES" }),
      to: received,
      stream: ({ data }) => (data as unknown as Change).key,
      data: ({ data }) => data,
      every: "200ms",
    }),
  mqtt: () =>
    source("in", {
      from: mqtt({ connection: "MQTT_URL", topics: ["changes/+"], id: "data.id" }),
      to: received,
      stream: ({ data }) => (data as unknown as Change).key,
      data: ({ data }) => {
        const { key, n } = data as unknown as Change;
        return { key, n };
      },
      every: "200ms",
    }),
  queue: () =>
    source("in", {
      from: queue<Change & { readonly id: string }>({ queue: "in", id: "id" }),
      to: received,
      stream: ({ body }) => body.key,
      data: ({ body: { key, n } }) => ({ key, n }),
    }),
};

const { KIND = "" } = env as { readonly KIND?: string };
const made = SOURCES[KIND];
if (!made) throw new Error(`the worker has no source of kind ${KIND}`);
const app = defineApp({ categories: [received], sources: [made()] });

const worker = createWorker(app);
export default {
  ...worker,
  /** `POST /in` puts messages into the queue: what a producer of the deployment does. */
  async fetch(request, bindings, context) {
    if (new URL(request.url).pathname !== "/in") return worker.fetch(request, bindings, context);
    const messages = await request.json<readonly Change[]>();
    const { IN } = bindings as unknown as { readonly IN: Queue };
    await IN.sendBatch(messages.map((body) => ({ body })));
    return new Response(null, { status: 204 });
  },
} satisfies ExportedHandler<Env>;
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);
