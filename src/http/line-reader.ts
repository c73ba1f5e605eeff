/** The lines of an import's body in pieces: as many as are stored together, and no line waits long for the next. */

import { IMPORT_PIECE_BYTES, IMPORT_PIECE_LINES } from "./limits.ts";

/** A line and its number, from 1. */
export interface NumberedLine {
  readonly line: number;
  readonly text: string;
}

/** No further line has arrived for a while. */
export const PAUSE: unique symbol = Symbol("pause");
/** Ours: long compared to the time between two lines of a body that is being sent. */
const PAUSE_MS = 500;

export class LineReader {
  readonly #lines: AsyncIterator<string>;
  /** The next line, already requested. */
  #coming: Promise<IteratorResult<string>> | undefined;
  /** One for many lines: a timer for each would cost more than the line. */
  #pause: Promise<typeof PAUSE> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(source: AsyncIterable<string>) {
    this.#lines = source[Symbol.asyncIterator]();
  }

  /**
   * The next line; undefined: there is none.
   *
   * @param mayPause lines wait for this one: it gives up after a while, counted from the first such call since {@link rest}
   * @throws what the source throws
   */
  async next(mayPause: boolean): Promise<string | typeof PAUSE | undefined> {
    this.#coming ??= this.#lines.next();
    const next = await (mayPause ? Promise.race([this.#coming, (this.#pause ??= this.#afterPause())]) : this.#coming);
    if (next === PAUSE) return PAUSE;
    this.#coming = undefined;
    return next.done ? undefined : next.value;
  }

  /** No line waits for another now. */
  rest(): void {
    clearTimeout(this.#timer);
    this.#pause = undefined;
  }

  #afterPause(): Promise<typeof PAUSE> {
    return new Promise((resolve) => {
      this.#timer = setTimeout(() => resolve(PAUSE), PAUSE_MS);
    });
  }
}

/** Lines that are stored together. */
export class Piece {
  readonly lines: NumberedLine[] = [];
  #characters = 0;

  add(line: NumberedLine): void {
    this.lines.push(line);
    this.#characters += line.text.length;
  }

  get isFull(): boolean {
    return this.lines.length >= IMPORT_PIECE_LINES || this.#characters >= IMPORT_PIECE_BYTES;
  }
}

/**
 * The lines after the first `after` ones, in pieces; those before a bad one are given out first.
 *
 * @throws what `source` throws
 */
export async function* piecesOf(source: AsyncIterable<string>, after: number): AsyncGenerator<readonly NumberedLine[]> {
  const reader = new LineReader(source);
  let piece = new Piece();
  let failure: unknown;
  try {
    for (let line = 0; ;) {
      const text = await reader.next(piece.lines.length > 0);
      if (text === undefined) break;
      if (text !== PAUSE && ++line > after) piece.add({ line, text });
      if (text !== PAUSE && !piece.isFull) continue;
      reader.rest();
      yield piece.lines;
      piece = new Piece();
    }
  } catch (error) {
    failure = error;
  }
  reader.rest();
  if (piece.lines.length > 0) yield piece.lines;
  if (failure !== undefined) throw failure;
}
