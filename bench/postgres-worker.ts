/** A store that follows a table, and, under `/kind`, the kind alone: how fast it reads, with nothing stored. */

import * as z from "zod";
import { category, defineApp, source } from "headspring";
import { postgres } from "headspring/postgres";
import { createWorker, objects } from "headspring/runtime";
import type { JsonValue } from "../src/core/event.ts";
import { TABLE } from "./postgres-table-name.ts";

/** Changes that are read at a time, as the engine reads them. */
const PORTION = 1_000;

const reading = category("reading", { events: { Read: z.object({ value: z.number(), room: z.string() }) } });
const settings = { connection: "DATABASE", tables: [TABLE] };
const readings = source("readings", {
  from: postgres(settings),
  to: reading,
  stream: ({ key, after }) => String((after?.sensor ?? key.id) as number),
  data: ({ after }) => ({ value: after?.value, room: after?.room }),
});

const app = defineApp({ categories: [reading], sources: [readings] });
const worker = createWorker(app);

export default {
  ...worker,
  async fetch(request, env, context) {
    const { pathname, searchParams } = new URL(request.url);
    // As the cron would.
    if (pathname === "/sweep") await worker.scheduled({ cron: "* * * * *", scheduledTime: Date.now(), noRetry() {} }, env, context);
    if (pathname === "/sweep") return new Response();
    if (pathname !== "/kind") return worker.fetch(request, env, context);
    return Response.json(await readAlone(Number(searchParams.get("changes")), env));
  },
} satisfies ExportedHandler<Env>;
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);

let cursor: JsonValue | undefined;

/** Reads until so many changes have come; with 0: until there is nothing new. */
async function readAlone(wanted: number, env: Env): Promise<{ readonly changes: number; readonly seconds: number }> {
  const { kind } = postgres;
  if (kind.isBrought) throw new Error("it is read");
  const begun = Date.now();
  const context = { store: "bench", source: "alone", cursor, binding: (name: string) => (env as unknown as Record<string, unknown>)[name] };
  const connection = await kind.connect(settings, context);
  let changes = 0;
  for (;;) {
    const portion = await connection.read(PORTION);
    changes += portion.changes.length;
    cursor = portion.cursor ?? cursor;
    await connection.acknowledge(portion);
    if (changes >= wanted && !portion.hasMore) break;
  }
  await connection.close();
  return { changes, seconds: (Date.now() - begun) / 1_000 };
}
