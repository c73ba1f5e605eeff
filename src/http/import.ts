/** Takes over the events of another store, or of another system: NDJSON in, the counterpart of `GET /log` as NDJSON. */

import { Hono } from "hono";
import { z } from "zod";
import type { App } from "../app.ts";
import { newEffort } from "../catalog/checker.ts";
import { categoryOf, streamIdOf } from "../event.ts";
import { parseJson } from "../json.ts";
import { derivedId } from "../ids.ts";
import {
  APPEND_BYTES,
  APPEND_EVENTS,
  EVENT_DATA_BYTES,
  EVENT_META_BYTES,
  IMPORT_DEPTH,
  IMPORT_LINE_CHARACTERS,
  WAIT_SECONDS,
} from "../limits.ts";
import { EVENT_TYPE, UUID, streamIdProblem } from "../names.ts";
import { streamOf } from "../objects.ts";
import type { ImportRequest } from "../protocol.ts";
import { JsonObject } from "./append.ts";
import { type PlainCategory, anyCategoryOf } from "./category.ts";
import { linesOf } from "./lines.ts";
import { Problem } from "./problem.ts";
import { bounded, decodedBody } from "./body.ts";
import { type HttpContext, checked, idempotencyKeyOf, storeOf } from "./request.ts";

/** A line: an event as the log exports it. Of an event of another system, `stream`, `type` and `data` are enough. */
export const ImportLine = z.object({
  stream: z.string().regex(/^[^/]+\/[^/]+$/, "`category/id`"),
  type: z.string().regex(EVENT_TYPE),
  data: JsonObject,
  meta: JsonObject.default({}),
  id: z.string().regex(UUID, "a UUID").toLowerCase().optional(),
  time: z.iso.datetime({ offset: true }).optional(),
  recordedAt: z.iso.datetime({ offset: true }).optional(),
  schemaVersion: z.int().positive().optional(),
  erased: z.boolean().default(false),
});

type ImportedEvent = ImportRequest["events"][number];

/** Lines that follow each other and belong to one stream: they go in one call. */
interface Run {
  readonly stream: string;
  readonly events: ImportedEvent[];
  bytes: number;
}

export function importRoutes(app: App) {
  const routes = new Hono<{ Bindings: Env }>();

  routes.post("/", async (context) => {
    if (!context.req.raw.body) throw new Problem("invalid-request", "send the events as NDJSON: one JSON object a line");
    const importer = new Importer(app, context);
    await importer.takeAll(linesOf(decodedBody(context), IMPORT_LINE_CHARACTERS));
    return context.json(importer.progress());
  });

  return routes;
}

class Importer {
  readonly #app: App;
  readonly #context: HttpContext;
  readonly #store: string;
  /** Names the import, so that lines without an id get the same one when it is sent again. */
  readonly #name: string;
  readonly #categories = new Map<string, PlainCategory>();
  #lines = 0;
  #imported = 0;
  #known = 0;
  #run: Run | undefined;

  constructor(app: App, context: HttpContext) {
    this.#app = app;
    this.#context = context;
    this.#store = storeOf(context);
    this.#name = idempotencyKeyOf(context) ?? "";
  }

  /** How far it came. `known` events were there already. */
  progress() {
    return { lines: this.#lines, imported: this.#imported, known: this.#known };
  }

  /**
   * Stores the events in the order of their lines, so that the log has them in that order too.
   *
   * @throws {Problem} at the first line that cannot be taken, with how far it came; sent again, the import goes on
   */
  async takeAll(lines: AsyncIterable<string>): Promise<void> {
    try {
      for await (const line of lines) {
        this.#lines += 1;
        if (line.trim() !== "") await this.#take(line);
      }
      await this.#flush();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      await this.#flush(); // what came before the bad line is good
      const line = Number(error.fields.line ?? this.#lines);
      throw new Problem(error.code, `line ${line}: ${error.message}`, { ...error.fields, line, ...this.progress() }, error.headers);
    }
  }

  async #take(line: string): Promise<void> {
    const { stream, event } = await this.#parse(line);
    const bytes = event.data.length + event.meta.length;
    const isFull = this.#run && (this.#run.events.length >= APPEND_EVENTS || this.#run.bytes + bytes > APPEND_BYTES);
    if (this.#run?.stream !== stream || isFull) await this.#flush();
    this.#run ??= { stream, events: [], bytes: 0 };
    this.#run.events.push(event);
    this.#run.bytes += bytes;
  }

  async #parse(line: string): Promise<{ stream: string; event: ImportedEvent }> {
    let value: unknown;
    try {
      value = parseJson(line, IMPORT_DEPTH);
    } catch (error) {
      throw new Problem("invalid-json", error instanceof Error ? error.message : String(error));
    }
    const { stream, type, data, meta, id, time, recordedAt, schemaVersion, erased } = checked(ImportLine, value, "the event is not valid");
    const problem = streamIdProblem(streamIdOf(stream));
    if (problem) throw new Problem("invalid-request", problem);
    const category = await this.#categoryOf(stream);
    // What the store says of itself fits no schema of a category.
    const stored =
      type.startsWith("$") || erased ? { data: JSON.stringify(data), schemaVersion: 1 } : check(category, type, data, schemaVersion);
    const happened = time ?? recordedAt;
    return {
      stream,
      event: {
        id: id ?? derivedId("import", this.#name, this.#lines, stream),
        type,
        data: bounded(stored.data, EVENT_DATA_BYTES, "data"),
        meta: bounded(JSON.stringify(meta), EVENT_META_BYTES, "meta"),
        schemaVersion: schemaVersion ?? stored.schemaVersion,
        ...(happened === undefined ? {} : { time: happened }),
        ...(erased ? { erased } : {}),
      },
    };
  }

  async #categoryOf(stream: string): Promise<PlainCategory> {
    const name = categoryOf(stream);
    const category = this.#categories.get(name) ?? (await anyCategoryOf(this.#app, this.#context, name));
    this.#categories.set(name, category);
    return category;
  }

  /** The next stream's events come after these in the log, so these must have their positions first. */
  async #flush(): Promise<void> {
    const run = this.#run;
    if (!run) return;
    this.#run = undefined;
    const { stream, events } = run;
    // An import may take long, and what was retired meanwhile takes nothing.
    await anyCategoryOf(this.#app, this.#context, categoryOf(stream));
    const object = streamOf(this.#context.env, this.#store, categoryOf(stream), streamIdOf(stream));
    const answer = await object.import({ events, waitMs: WAIT_SECONDS * 1_000 });
    if (answer.outcome === "idempotency-conflict") throw new Problem("idempotency-conflict", `${stream}: ${answer.detail}`);
    if (answer.outcome === "deleted") throw new Problem("stream-deleted", `${stream} was deleted; it takes no further events`);
    this.#imported += answer.stored;
    this.#known += events.length - answer.stored;
    if (!answer.sequenced) throw new Problem("unavailable", "the log is late; send the import again", {}, { "retry-after": "5" });
  }
}

/** An event of the version that is written today must fit its schema; an earlier one is lifted when it is read. */
function check(category: PlainCategory, type: string, data: object, schemaVersion: number | undefined) {
  const outcome = category.check(type, data, newEffort());
  if (outcome === undefined) {
    throw new Problem("invalid-event", `${category.name} has no event type ${type}; it has ${category.eventTypes.join(", ")}`);
  }
  const isEarlier = schemaVersion !== undefined && schemaVersion < category.schemaVersionOf(type);
  if (isEarlier) return { data: JSON.stringify(data), schemaVersion };
  if ("issues" in outcome) throw new Problem("invalid-event", `data does not fit the schema of ${type}`, { issues: outcome.issues });
  return outcome;
}
