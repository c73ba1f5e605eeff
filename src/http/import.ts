/** Imports the events and definitions of another store, or of another system: takes NDJSON, as `GET /log` exports it. */

import { Hono } from "hono";
import * as z from "zod";
import { isFree } from "../core/budget.ts";
import { categoryOf, streamIdOf } from "../core/event.ts";
import { derivedId } from "../core/ids.ts";
import { IMPORT_CALLS, IMPORT_DEFINITION_CALLS, IMPORT_EVENT_CHARACTERS, IMPORT_LINES, IMPORT_LINE_CHARACTERS } from "./limits.ts";
import { streamIdProblem } from "../core/names.ts";
import type { ImportedEvent } from "../store/import-protocol.ts";
import { decodedBody } from "./body.ts";
import type { PlainCategory } from "../store/plain-category.ts";
import { isDefinitionLine } from "./definition-lines.ts";
import { importDefinition } from "./import-definition.ts";
import { anyCategoryOf } from "./resolve-category.ts";
import { ImportLedger } from "./import-ledger.ts";
import { importedEvent, parseLine } from "./import-line.ts";
import { type LineEvent, PieceStore, callsOfPiece } from "./import-piece.ts";
import { type NumberedLine, piecesOf } from "./line-reader.ts";
import { linesOf } from "./lines.ts";
import { Problem } from "./problem.ts";
import { Flag, type HttpEnv, type HttpContext, WholeNumber, idempotencyKeyOf, queryOf, storeOf } from "./request.ts";

export const ImportQuery = z.object({
  validate: Flag,
  /** The first lines, which are skipped: an earlier request has stored them. */
  after: WholeNumber.default(0),
});

/** Calls besides those of a piece: to claim its lines, and to note where the import stopped. */
const CALLS_BESIDE = 3;

export function importRoutes() {
  const routes = new Hono<HttpEnv>();

  routes.post("/", async (context) => {
    const options = queryOf(context, ImportQuery);
    if (!context.req.raw.body) throw new Problem("invalid-request", "send the events as NDJSON: one JSON object per line");
    const importer = new Importer(context, options);
    await importer.takeAll(linesOf(decodedBody(context), IMPORT_LINE_CHARACTERS));
    return context.json(importer.progress());
  });

  return routes;
}

class Importer {
  readonly #context: HttpContext;
  readonly #options: z.output<typeof ImportQuery>;
  /** Names the import, so that lines without an id get the same one when it is sent again. */
  readonly #key: string | undefined;
  readonly #ledger: ImportLedger | undefined;
  readonly #categories = new Map<string, PlainCategory>();
  readonly #pieces: PieceStore;
  /** Calls that this request may still make, and lines that it may take. */
  #calls: number;
  #room = IMPORT_LINES;
  /** The last line that was read. */
  #line = 0;
  /** The lines up to this one are stored. */
  #stored: number;
  #imported = 0;
  #known = 0;

  constructor(context: HttpContext, options: z.output<typeof ImportQuery>) {
    this.#context = context;
    this.#options = options;
    this.#stored = options.after;
    this.#key = idempotencyKeyOf(context);
    if (this.#key !== undefined && options.after > 0)
      throw new Problem("invalid-request", "an import with an Idempotency-Key resumes where it stopped: send it without after");
    this.#ledger = this.#key === undefined ? undefined : new ImportLedger(storeOf(context).catalog, this.#key);
    this.#pieces = new PieceStore(context);
    this.#calls = IMPORT_CALLS[isFree(context.env) ? "free" : "paid"];
  }

  /** How far it has got. `known` events were there already. */
  progress() {
    const { line = 0, passedOver = 0 } = this.#ledger ?? {};
    return { lines: Math.max(this.#line, line), imported: this.#imported, known: this.#known + passedOver };
  }

  /**
   * Stores the events so that the log has them in the order of their lines.
   *
   * @throws {Problem} at the first line that cannot be taken, with how far it has got; sent again, the import continues
   */
  async takeAll(source: AsyncIterable<string>): Promise<void> {
    try {
      const pieces = this.#ledger?.pieces(source, () => this.#stored) ?? piecesOf(source, this.#options.after);
      for await (const piece of pieces) await this.#take(piece);
      await this.#ledger?.ended();
    } catch (error) {
      throw await this.#stopped(error);
    }
  }

  async #stopped(error: unknown): Promise<unknown> {
    if (!(error instanceof Problem)) return error;
    const { code, message, headers } = error;
    const { line, ...fields } = error.fields;
    if (error instanceof Enough) await this.#ledger?.stoppedAfter(this.#stored);
    if (typeof line !== "number") return new Problem(code, message, { ...fields, ...this.progress() }, headers);
    // What came before the bad line is good, and stored.
    if (this.#stored === line - 1) await this.#ledger?.stoppedAfter(this.#stored);
    return new Problem(code, `line ${line}: ${message}`, { ...fields, line, ...this.progress() }, headers);
  }

  /** Stores a piece: its events together, up to a line that declares something. */
  async #take(piece: readonly NumberedLine[]): Promise<void> {
    let rest = piece;
    while (rest.length > 0) {
      const at = rest.findIndex(({ text }) => isDefinitionLine(text));
      const definition = rest[at];
      if (at !== 0) await this.#takeEvents(definition ? rest.slice(0, at) : rest);
      if (definition) await this.#declare(definition);
      rest = definition ? rest.slice(at + 1) : [];
    }
  }

  async #declare({ line, text }: NumberedLine): Promise<void> {
    if (this.#calls < IMPORT_DEFINITION_CALLS) throw new Enough(this.#stored);
    this.#line = line;
    this.#calls -= IMPORT_DEFINITION_CALLS;
    try {
      const isNew = await importDefinition(this.#context, text);
      if (isNew) this.#imported += 1;
      else this.#known += 1;
    } catch (error) {
      throw error instanceof Problem ? atLine(error, line) : error;
    }
    // What the line has declared counts for the lines after it.
    this.#categories.clear();
    this.#stored = line;
  }

  /** Stores events up to the first bad line, and as many of them as one request may. */
  async #takeEvents(piece: readonly NumberedLine[]): Promise<void> {
    const { events, last, bad } = await this.#eventsOf(piece);
    const outcome = await this.#pieces.store(events);
    this.#imported += outcome.imported;
    this.#known += outcome.taken - outcome.imported;
    const { refused } = outcome;
    if (refused && !refused.inside) this.#stored = refused.line - 1;
    if (refused) throw refused.problem;
    this.#stored = last;
    if (bad !== undefined) throw bad;
  }

  /** The events of a piece's lines, up to the first that is not valid, or that is too many for this request. */
  async #eventsOf(piece: readonly NumberedLine[]): Promise<{ events: LineEvent[]; last: number; bad?: unknown }> {
    const events: LineEvent[] = [];
    const streams = new Set<string>();
    const takers = new Set<string>();
    let last = this.#stored;
    const stop = (bad?: unknown) => {
      this.#calls -= CALLS_BESIDE + callsOfPiece(streams.size);
      return { events, last, ...(bad === undefined ? {} : { bad }) };
    };
    for (const { line, text } of piece) {
      if (text.trim() !== "" && !isEndOfExport(text)) {
        try {
          const one = await this.#eventOf(line, eventText(text));
          const category = categoryOf(one.stream);
          // An import may take long, and a category that is retired during it takes nothing more.
          if (!takers.has(category)) await anyCategoryOf(this.#context, category);
          takers.add(category);
          streams.add(one.stream);
          if (this.#room === 0 || CALLS_BESIDE + takers.size + callsOfPiece(streams.size) > this.#calls) {
            streams.delete(one.stream);
            return stop(new Enough(last));
          }
          this.#room -= 1;
          events.push({ line, ...one });
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
          this.#line = line;
          return stop(atLine(error, line));
        }
      }
      this.#line = last = line;
    }
    return stop();
  }

  async #eventOf(line: number, text: string): Promise<{ stream: string; event: ImportedEvent }> {
    const parsed = parseLine(text);
    const { stream } = parsed;
    const problem = streamIdProblem(streamIdOf(stream));
    if (problem) throw new Problem("invalid-request", problem);
    const category = await this.#categoryOf(stream);
    const event = importedEvent(category, parsed, this.#options.validate);
    return { stream, event: { ...event, id: parsed.id ?? this.#idOf(line, stream) } };
  }

  /** The same whenever the same body is sent with the same key. */
  #idOf(line: number, stream: string): string {
    if (this.#key !== undefined) return derivedId("import", this.#key, line, stream);
    const detail =
      "a line without an id needs an Idempotency-Key, from which its id is derived: without both, sending it again would store it twice";
    throw new Problem("invalid-request", detail, { issues: [{ path: "id", message: detail }] });
  }

  async #categoryOf(stream: string): Promise<PlainCategory> {
    const name = categoryOf(stream);
    const category = this.#categories.get(name) ?? (await anyCategoryOf(this.#context, name));
    this.#categories.set(name, category);
    return category;
  }
}

/** The line of an event, which is shorter than one of a definition may be. */
function eventText(text: string): string {
  if (text.length <= IMPORT_EVENT_CHARACTERS) return text;
  const limit = IMPORT_EVENT_CHARACTERS;
  throw new Problem("body-too-large", `the line of an event may have at most ${limit} characters`, { limit });
}

/** This request has stored as much as one request may. */
class Enough extends Problem {
  /** @param stored the lines up to this one are stored */
  constructor(stored: number) {
    const detail = `the lines up to ${stored} are stored, the most that one request can store: send the import again`;
    super("unavailable", `${detail}; without an Idempotency-Key, with ?after=${stored}`, { next: stored }, { "retry-after": "0" });
  }
}

/** The line with which a piece of an export ends: it is skipped, so that pieces can be put together and imported as they are. */
function isEndOfExport(text: string): boolean {
  return text.startsWith('{"hasMore":');
}

/** The error, with the line that it is about. */
function atLine(error: Problem, line: number): Problem {
  return error.fields.line === undefined ? new Problem(error.code, error.message, { ...error.fields, line }, error.headers) : error;
}
