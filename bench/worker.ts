/** The worker that is measured: readings, and views of them from simple to wide. It also counts what D1 bills. */

import * as z from "zod";
import { append, category, defineApp, reactor, streamIdOf, view } from "headspring";
import { billed, counted } from "./counted.ts";
import { createWorker, objects } from "headspring/runtime";

const reading = category("reading", {
  events: { Read: z.object({ value: z.number(), room: z.string(), battery: z.int(), by: z.string() }) },
});

/** A row for each stream, of two columns. */
const simple = (name: string) =>
  view(name, {
    from: reading,
    row: z.object({ id: z.string(), count: z.int() }),
    key: "id",
    on: { Read: (row, { stream }) => ({ id: streamIdOf(stream), count: (row?.count ?? 0) + 1 }) },
  });

/** A row for each stream, of ten columns and two indexes. */
const wide = view("wide", {
  from: reading,
  row: z.object({
    id: z.string(),
    room: z.string(),
    by: z.string(),
    last: z.number(),
    lowest: z.number(),
    highest: z.number(),
    sum: z.number(),
    count: z.int(),
    battery: z.int(),
    since: z.string(),
  }),
  key: "id",
  indexes: ["room", "by"],
  on: {
    Read: (row, { stream, data, time }) => ({
      id: streamIdOf(stream),
      room: data.room,
      by: data.by,
      last: data.value,
      lowest: Math.min(row?.lowest ?? data.value, data.value),
      highest: Math.max(row?.highest ?? data.value, data.value),
      sum: (row?.sum ?? 0) + data.value,
      count: (row?.count ?? 0) + 1,
      battery: data.battery,
      since: row?.since ?? time,
    }),
  },
});

/** What processors answer, each with an event on a stream of its own. */
const mark = category("mark", { events: { Marked: z.object({ n: z.int() }) } });
const copy = category("copy", { events: { Marked: z.object({ n: z.int() }) } });
const marks = view("marks", {
  from: mark,
  row: z.object({ id: z.string(), count: z.int() }),
  key: "id",
  on: { Marked: (row, { stream }) => ({ id: streamIdOf(stream), count: (row?.count ?? 0) + 1 }) },
});
const copyInCode = reactor("copy-in-code", {
  from: mark,
  emits: copy,
  on: { Marked: ({ stream, data }) => append(copy, `${streamIdOf(stream)}-code`, "Marked", data) },
});

const app = defineApp({
  categories: [reading, mark, copy],
  views: [simple("simple"), wide, marks, ...["a", "b", "c", "d"].map((name) => simple(`simple-${name}`))],
  processors: [copyInCode],
});

const worker = createWorker(app);
const withCounting = (env: Env): Env => ({ ...env, VIEWS: counted(env.VIEWS) });

export default {
  fetch(request, env, context) {
    if (new URL(request.url).pathname === "/billed") return Response.json(billed);
    return worker.fetch(request, withCounting(env), context);
  },
  queue: (batch, env, context) => worker.queue(batch, withCounting(env), context),
} satisfies ExportedHandler<Env>;
export const { StreamObject, LogObject, WebhookObject, CatalogObject, SourceObject } = objects(app);
