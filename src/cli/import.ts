/** Events of a file into a store, a piece at a time. The store recognises what it has: an import that was interrupted is called again. */

import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createInterface } from "node:readline";
import { isPassing } from "../client/connection.ts";
import { pause, pauseBefore } from "../client/pause.ts";
import { HeadspringError, problemOf } from "../client/problem.ts";
import { definitionsFile } from "./export.ts";
import { progressOf } from "./progress.ts";
import type { Session } from "./session.ts";

/**
 * Lines and characters of a request: far below what one may have (100,000 lines, 100 MB on the smallest plan). Never change them: ids of
 * lines without one derive from where the line is in its piece.
 */
const PIECE_LINES = 10_000;
const PIECE_CHARACTERS = 16 * 1_048_576;
/** How often a piece is sent again without any of it being taken. Ours. */
const ATTEMPTS = 6;

interface Flags {
  readonly key?: string;
  readonly validate?: boolean;
}

interface Done {
  readonly lines: number;
  readonly imported: number;
  readonly known: number;
}

interface Piece {
  /** The line of the file at which it begins, from 0. */
  readonly first: number;
  readonly lines: readonly string[];
}

export async function importFrom(path: string, flags: Flags, session: Session): Promise<Done> {
  const total = path === "-" ? 0 : statSync(path).size;
  const progress = progressOf("importing", "bytes");
  let [lines, imported, known, bytes] = [0, 0, 0, 0];
  const add = async (piece: Piece, flags: Flags) => {
    const done = await send(piece, flags, session);
    lines += piece.lines.length;
    imported += done.imported;
    known += done.known;
  };
  const declared = definitionsNextTo(path);
  try {
    for (const text of declared.before) await add({ first: 0, lines: [text] }, {});
    for await (const piece of piecesOf(path)) {
      if (total > 0) progress.at(bytes, total);
      await add(piece, flags);
      bytes += piece.lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    }
    for (const text of declared.after) await add({ first: 0, lines: [text] }, {});
  } finally {
    progress.end();
  }
  return { lines, imported, known };
}

/** What `export` has written next to the events: categories, which their streams need, and what comes after all events. */
function definitionsNextTo(path: string): { readonly before: readonly string[]; readonly after: readonly string[] } {
  const file = definitionsFile(path);
  if (path === "-" || !existsSync(file)) return { before: [], after: [] };
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
  return { before: lines.filter(declaresCategory), after: lines.filter((line) => !declaresCategory(line)) };
}

function declaresCategory(line: string): boolean {
  const { definition } = JSON.parse(line) as { definition?: { kind?: string; definition?: unknown } };
  return definition?.kind === "category" && definition.definition !== undefined;
}

async function* piecesOf(path: string): AsyncGenerator<Piece, void> {
  const input = path === "-" ? process.stdin : createReadStream(path);
  let [first, characters] = [0, 0];
  let lines: string[] = [];
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    if (lines.length > 0 && (lines.length === PIECE_LINES || characters + line.length > PIECE_CHARACTERS)) {
      yield { first, lines };
      first += lines.length;
      characters = 0;
      lines = [];
    }
    lines.push(line);
    characters += line.length;
  }
  if (lines.length > 0) yield { first, lines };
}

/** Sends a piece until the store has all of it. @throws {HeadspringError} with the line of the file at which it stopped */
async function send({ first, lines }: Piece, { key, validate }: Flags, { connection }: Session): Promise<Pick<Done, "imported" | "known">> {
  const headers = {
    "content-type": "application/x-ndjson",
    ...(key === undefined ? {} : { "idempotency-key": `${key}:${first}` }),
  };
  const query = validate ? "?validate=true" : "";
  let [stored, attempt, imported] = [0, 0, 0];
  for (;;) {
    let retryAfter: string | null = null;
    let problem: HeadspringError;
    try {
      // With a key the same body continues where it stopped; without one what is left is sent.
      const text = `${(key === undefined ? lines.slice(stored) : lines).join("\n")}\n`;
      const response = await connection.open(`/import${query}`, { method: "POST", headers, text });
      if (response.ok) {
        const done = await response.json<{ imported: number }>();
        imported += done.imported;
        return { imported, known: lines.filter((line) => line.trim() !== "").length - imported };
      }
      retryAfter = response.headers.get("retry-after");
      problem = await problemOf(response);
    } catch (error) {
      problem =
        error instanceof HeadspringError
          ? error
          : new HeadspringError("unreachable", `the store did not answer: ${(error as Error).message}`, 0);
    }
    const { next, imported: some, line } = problem.problem as { next?: number; imported?: number; line?: number };
    imported += some ?? 0;
    if (typeof next === "number") {
      // It takes only so much at a time.
      const before = stored;
      stored = key === undefined ? stored + next : next;
      attempt = stored > before ? 0 : attempt + 1;
      if (attempt < ATTEMPTS) continue;
    }
    if (!isPassing(problem, retryAfter) || attempt++ >= ATTEMPTS) throw located(problem, first + (key === undefined ? stored : 0), line);
    await pause(pauseBefore(attempt, retryAfter));
  }
}

/** A piece's lines count from 1: the person looks at those of the file. */
function located(error: HeadspringError, before: number, line: number | undefined): HeadspringError {
  if (line === undefined) return error;
  const message = error.message.replace(/^line \d+: /, `line ${before + line}: `);
  return new HeadspringError(error.code, message, error.status, { ...error.problem, line: before + line });
}
