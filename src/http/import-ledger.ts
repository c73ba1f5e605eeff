/**
 * The lines of an import with an `Idempotency-Key`. The same body continues where it stopped before, without another look at what is
 * stored; another body with the same key is refused before any of its lines is given out.
 *
 * A line is given out only once it is claimed: then the store's catalog has a hash over the body up to the line. Many lines are claimed at
 * a time, so that an import calls the catalog once for a block of them.
 */

import { createHash } from "node:crypto";
import type { CatalogRpc, ImportProgress, ImportedLines } from "../store/catalog-protocol.ts";
import { logger } from "../telemetry/logger.ts";
import { LineReader, type NumberedLine, PAUSE, Piece } from "./line-reader.ts";
import { Problem } from "./problem.ts";

const NOTHING: ImportProgress = { stored: { lines: 0, hash: "" }, claimed: { lines: 0, hash: "" }, ended: false };

export class ImportLedger {
  readonly #catalog: CatalogRpc;
  readonly #key: string;
  /** As the catalog has it. */
  #progress: ImportProgress | undefined;
  /** By line: the hash over the body up to it. Only for lines that may still be needed. */
  readonly #hashes = new Map<number, string>([[0, ""]]);
  #line = 0;
  #passedOver = 0;
  #isRecognised = false;
  #failure: unknown;

  constructor(catalog: CatalogRpc, key: string) {
    this.#catalog = catalog;
    this.#key = key;
  }

  /** Lines read so far. */
  get line(): number {
    return this.#line;
  }

  /** Events that an earlier import with this key has stored, and that were not checked again. */
  get passedOver(): number {
    return this.#passedOver;
  }

  /**
   * The lines that are not known to be stored, in pieces.
   *
   * @param stored returns how many of the body's first lines are stored; called when the next lines are claimed
   * @throws {Problem} when the key came with another body before; after the lines before a bad one, what `source` throws
   */
  async *pieces(source: AsyncIterable<string>, stored: () => number): AsyncGenerator<readonly NumberedLine[]> {
    this.#progress = await this.#catalog.importProgress(this.#key);
    const before = this.#progress ?? NOTHING;
    const lines = new LineReader(source);
    let block = new Piece();
    for (;;) {
      const isNew = block.lines.length > 0 && this.#line > before.claimed.lines;
      const text = await this.#next(lines, before, isNew);
      if (text === undefined) break;
      if (text !== PAUSE && this.#line <= before.stored.lines) {
        if (text.trim() !== "") this.#passedOver += 1;
        continue;
      }
      if (text !== PAUSE) {
        block.add({ line: this.#line, text });
      }
      const isClaimed = this.#line <= before.claimed.lines;
      const isFull = text === PAUSE || block.isFull;
      if (isClaimed ? this.#line < before.claimed.lines : !isFull) continue;
      this.#isRecognised = true;
      if (!isClaimed) await this.#claim(stored());
      lines.rest();
      yield block.lines;
      block = new Piece();
    }
    lines.rest();
    this.#isRecognised = this.#line >= before.claimed.lines;
    if (!this.#isRecognised && this.#failure === undefined) throw otherBody();
    if (this.#isRecognised && block.lines.length > 0) {
      await this.#claim(stored());
      yield block.lines;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** All lines are stored, and there are no others. */
  async ended(): Promise<void> {
    const all = this.#at(this.#line);
    if (!this.#progress?.ended) await this.#move({ stored: all, claimed: all, ended: true });
  }

  /** The lines up to this one are stored and none after them: the next lines may be corrected, and sent with the same key. */
  async stoppedAfter(line: number): Promise<void> {
    // A body that broke off before it was recognised shows nothing about what is stored.
    if (!this.#isRecognised || !this.#hashes.has(line)) return;
    try {
      await this.#move({ stored: this.#at(line), claimed: this.#at(line), ended: false });
    } catch (error) {
      logger.warn({ message: "the place where an import stopped could not be recorded; a corrected body needs another key" }, error);
    }
  }

  /** The next line, recognised if it was claimed before; undefined: there is none, or none that could be read. */
  async #next(
    lines: LineReader,
    { stored, claimed, ended }: ImportProgress,
    mayPause: boolean,
  ): Promise<string | typeof PAUSE | undefined> {
    let next: string | typeof PAUSE | undefined;
    try {
      next = await lines.next(mayPause);
    } catch (error) {
      this.#failure = error;
      return undefined;
    }
    if (next === PAUSE || next === undefined) return next;
    if (ended && this.#line === claimed.lines) throw otherBody();
    const hash = createHash("sha256")
      .update(this.#hashes.get(this.#line) ?? "")
      .update(next)
      .digest("base64url");
    this.#line += 1;
    this.#hashes.set(this.#line, hash);
    if (this.#line <= stored.lines) this.#hashes.delete(this.#line - 1);
    for (const { lines: line, hash: expected } of [stored, claimed]) if (this.#line === line && hash !== expected) throw otherBody();
    return next;
  }

  async #claim(stored: number): Promise<void> {
    const from = Math.max(stored, this.#progress?.stored.lines ?? 0);
    await this.#move({ stored: this.#at(from), claimed: this.#at(this.#line), ended: false });
    for (const line of this.#hashes.keys()) if (line < from) this.#hashes.delete(line);
  }

  async #move(after: ImportProgress): Promise<void> {
    if (!(await this.#catalog.moveImport(this.#key, this.#progress, after))) {
      throw new Problem("idempotency-conflict", "another import under this key is under way; send it again once that has ended");
    }
    this.#progress = after;
  }

  #at(line: number): ImportedLines {
    return { lines: line, hash: this.#hashes.get(line) ?? "" };
  }
}

function otherBody(): Problem {
  return new Problem("idempotency-conflict", "this Idempotency-Key was used before with another body; nothing was stored");
}
