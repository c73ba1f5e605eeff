/** Takes over the events of another store, or of another system: NDJSON in, the counterpart of `GET /log` as NDJSON. */

import { Hono } from "hono";
import { z } from "zod";
import type { App } from "../definitions/app.ts";
import { bytesOf, categoryOf, streamIdOf } from "../core/event.ts";
import { derivedId } from "../core/ids.ts";
import { APPEND_BYTES, APPEND_EVENTS, IMPORT_LINE_CHARACTERS, WAIT_SECONDS } from "../core/limits.ts";
import { streamIdProblem } from "../core/names.ts";
import { catalogOf } from "../store/objects.ts";
import { decodedBody } from "./body.ts";
import { type PlainCategory, anyCategoryOf } from "./category.ts";
import { ImportLedger, type NumberedLine } from "./import-ledger.ts";
import { type ImportedEvent, importedEvent, parseLine } from "./import-line.ts";
import { linesOf } from "./lines.ts";
import { Problem } from "./problem.ts";
import { type HttpContext, idempotencyKeyOf, queryOf, storeOf } from "./request.ts";
import { writableStreamOf } from "./writable-stream.ts";

export const ImportQuery = z.object({ validate: z.stringbool({ truthy: ["true"], falsy: ["false"] }).default(false) });

/** Lines that follow each other and belong to one stream: they go in one call. */
interface Run {
  readonly stream: string;
  readonly events: ImportedEvent[];
  /** The number of each event's line. */
  readonly lines: number[];
  bytes: number;
}

export function importRoutes(app: App) {
  const routes = new Hono<{ Bindings: Env }>();

  routes.post("/", async (context) => {
    const { validate } = queryOf(context, ImportQuery);
    if (!context.req.raw.body) throw new Problem("invalid-request", "send the events as NDJSON: one JSON object a line");
    const importer = new Importer(app, context, validate);
    await importer.takeAll(linesOf(decodedBody(context), IMPORT_LINE_CHARACTERS));
    return context.json(importer.progress());
  });

  return routes;
}

class Importer {
  readonly #app: App;
  readonly #context: HttpContext;
  readonly #store: string;
  readonly #validate: boolean;
  /** Names the import, so that lines without an id get the same one when it is sent again. */
  readonly #key: string | undefined;
  readonly #ledger: ImportLedger | undefined;
  readonly #categories = new Map<string, PlainCategory>();
  /** The last line that was looked at. */
  #line = 0;
  /** The lines up to this one are stored. */
  #stored = 0;
  #imported = 0;
  #known = 0;
  #run: Run | undefined;

  constructor(app: App, context: HttpContext, validate: boolean) {
    this.#app = app;
    this.#context = context;
    this.#store = storeOf(context);
    this.#validate = validate;
    this.#key = idempotencyKeyOf(context);
    this.#ledger = this.#key === undefined ? undefined : new ImportLedger(catalogOf(context.env, this.#store), this.#key);
  }

  /** How far it came. `known` events were there already. */
  progress() {
    const { line = 0, passedOver = 0 } = this.#ledger ?? {};
    return { lines: Math.max(this.#line, line), imported: this.#imported, known: this.#known + passedOver };
  }

  /**
   * Stores the events in the order of their lines, so that the log has them in that order too.
   *
   * @throws {Problem} at the first line that cannot be taken, with how far it came; sent again, the import goes on
   */
  async takeAll(source: AsyncIterable<string>): Promise<void> {
    try {
      for await (const line of this.#ledger?.lines(source, () => this.#stored) ?? numbered(source)) await this.#take(line);
      await this.#flush();
      await this.#ledger?.ended();
    } catch (error) {
      throw await this.#stopped(error);
    }
  }

  /** What came before the bad line is good, and what is wrong with one of those lines comes first. */
  async #stopped(error: unknown): Promise<unknown> {
    if (!(error instanceof Problem)) return error;
    try {
      await this.#flush();
    } catch (earlier) {
      if (!(earlier instanceof Problem)) return earlier;
      error = earlier;
    }
    const { code, message, fields, headers } = error as Problem;
    if (fields.line === undefined) return new Problem(code, message, { ...fields, ...this.progress() }, headers);
    const line = Number(fields.line);
    await this.#ledger?.stoppedAfter(line - 1);
    return new Problem(code, `line ${line}: ${message}`, { ...fields, line, ...this.progress() }, headers);
  }

  async #take({ line, text }: NumberedLine): Promise<void> {
    this.#line = line;
    if (text.trim() !== "") {
      const { stream, event } = await this.#eventOf(line, text).catch((error: unknown) => Promise.reject(atLine(error, line)));
      const bytes = bytesOf(event);
      const isFull = this.#run && (this.#run.events.length >= APPEND_EVENTS || this.#run.bytes + bytes > APPEND_BYTES);
      if (this.#run?.stream !== stream || isFull) await this.#flush();
      this.#run ??= { stream, events: [], lines: [], bytes: 0 };
      this.#run.events.push(event);
      this.#run.lines.push(line);
      this.#run.bytes += bytes;
    }
    if (!this.#run) this.#stored = line;
  }

  async #eventOf(line: number, text: string): Promise<{ stream: string; event: ImportedEvent }> {
    const parsed = parseLine(text);
    const { stream } = parsed;
    const problem = streamIdProblem(streamIdOf(stream));
    if (problem) throw new Problem("invalid-request", problem);
    const category = await this.#categoryOf(stream);
    const event = importedEvent(category, parsed, this.#validate);
    return { stream, event: { ...event, id: parsed.id ?? this.#idOf(line, stream) } };
  }

  /** The same whenever the same body is sent under the same key. */
  #idOf(line: number, stream: string): string {
    if (this.#key !== undefined) return derivedId("import", this.#key, line, stream);
    const detail =
      "a line without an id needs an Idempotency-Key, from which it gets one: without both, sending it again would store it twice";
    throw new Problem("invalid-request", detail, { issues: [{ path: "id", message: detail }] });
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
    const { stream, events, lines } = run;
    const first = lines[0] ?? 0;
    this.#stored = first - 1;
    // An import may take long, and what was retired meanwhile takes nothing.
    await anyCategoryOf(this.#app, this.#context, categoryOf(stream)).catch((error: unknown) => Promise.reject(atLine(error, first)));
    const object = writableStreamOf(this.#app, this.#context, categoryOf(stream), streamIdOf(stream));
    const answer = await object.import({ events, waitMs: WAIT_SECONDS * 1_000 });
    // Only an object with the code of before answers otherwise; then it has stored nothing.
    const refused = answer.outcome === "imported" ? answer.refused : { detail: "", ...answer, index: 0 };
    const stored = answer.outcome === "imported" ? answer.stored : 0;
    const taken = refused?.index ?? events.length;
    this.#imported += stored;
    this.#known += taken - stored;
    if (refused) {
      const line = lines[refused.index] ?? first;
      this.#stored = line - 1;
      const code = refused.outcome === "deleted" ? "stream-deleted" : "idempotency-conflict";
      throw new Problem(code, `${stream}: ${refused.detail}`, { line });
    }
    if (answer.outcome === "imported" && !answer.sequenced) {
      throw new Problem("unavailable", "the log is late; send the import again", {}, { "retry-after": "5" });
    }
    this.#stored = lines.at(-1) ?? first;
  }
}

async function* numbered(source: AsyncIterable<string>): AsyncGenerator<NumberedLine> {
  let line = 0;
  for await (const text of source) yield { line: ++line, text };
}

/** The error, with the line that it is about. */
function atLine(error: unknown, line: number): unknown {
  if (!(error instanceof Problem) || error.fields.line !== undefined) return error;
  return new Problem(error.code, error.message, { ...error.fields, line }, error.headers);
}
