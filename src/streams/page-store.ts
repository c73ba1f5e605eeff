/**
 * A stream's pages: the first ones in one value, which each append writes again while it is short, and the others in a table. So an append is
 * one row, and a stream with few events has no table, which would be two rows more (docs/decisions/0038).
 */

import { FORMATS, FORMAT_KEY, contentOf, formatWith } from "../store/stored-format.ts";
import { hasTable, inBatches } from "../core/sqlite.ts";
import { BEGINNING_CHARACTERS, FIRST_APPEND_CHARACTERS } from "./limits.ts";
import { type Page, blanked } from "./page-form.ts";
import { eventsOf } from "../store/events-text.ts";
import type { StoredEvent } from "../core/event.ts";

/** The layout is stored: add nullable columns, change nothing. */
const CREATE = `
  CREATE TABLE IF NOT EXISTS pages (
    first  INTEGER PRIMARY KEY,         -- version of its first event
    count  INTEGER NOT NULL,
    append INTEGER NOT NULL,            -- version of the first event stored together with them
    text   TEXT    NOT NULL             -- see store/events-text.ts
  ) STRICT`;

type Row = Record<keyof Page, SqlStorageValue>;

/** Pages that follow the head, and where they go. */
export interface PlacedPages {
  readonly pages: readonly Page[];
  /** What the stream's beginning will be with them; undefined: they go into the table. */
  readonly beginning?: readonly Page[];
  /** Writing them is one statement, which is atomic by itself. */
  readonly isOneStatement: boolean;
}

export class PageStore {
  readonly #storage: DurableObjectStorage;
  /** The pages that are stored in one value: those from version 1 on, or none. Undefined: to be read again. */
  #begun: readonly Page[] | undefined;
  /** The storage says already that it has the form of this version. */
  #isMarked: boolean;
  #hasTable: boolean;
  /** The last page that was read, with its events: the next question is often about the same one. */
  #read: { readonly page: Page; readonly events: readonly StoredEvent[] } | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    const stored = storage.kv.get(FORMAT_KEY);
    this.#isMarked = stored !== undefined;
    this.#begun = beginningIn(stored) ?? [];
    this.#hasTable = this.#isMarked && hasTable(storage.sql, "pages");
  }

  /** The version of the last event. 0: there is none. */
  get head(): number {
    const [last] = this.#hasTable
      ? this.#storage.sql.exec<{ head: number }>(`SELECT first + count - 1 AS head FROM pages ORDER BY first DESC LIMIT 1`).toArray()
      : [];
    if (last) return last.head;
    return this.#beginningEnd;
  }

  /** Where pages go that follow the head. */
  place(pages: readonly Page[]): PlacedPages {
    const beginning = [...this.#beginning, ...pages];
    const characters = beginning.reduce((sum, { text }) => sum + text.length, 0);
    const isFirst = pages[0]?.first === 1;
    const isShort = characters <= (isFirst ? FIRST_APPEND_CHARACTERS : BEGINNING_CHARACTERS);
    const followsIt = isFirst || this.#beginning.length > 0; // not in a stream of version 0.1
    if (!this.#hasTable && followsIt && isShort) return { pages, beginning, isOneStatement: true };
    return { pages, isOneStatement: this.#hasTable && pages.length === 1 };
  }

  /** Call it inside a transaction unless it is one statement, and {@link written} after that. */
  write({ pages, beginning }: PlacedPages): void {
    const { kv, sql } = this.#storage;
    if (beginning) return kv.put(FORMAT_KEY, formatWith(FORMATS.STREAMS, beginning));
    if (!this.#isMarked) kv.put(FORMAT_KEY, FORMATS.STREAMS);
    if (!this.#hasTable) sql.exec(CREATE);
    for (const { first, count, append, text } of pages) {
      sql.exec(`INSERT INTO pages (first, count, append, text) VALUES (?, ?, ?, ?)`, first, count, append, text);
    }
  }

  /** These pages are stored. */
  written({ beginning }: PlacedPages): void {
    this.#isMarked = true;
    if (!beginning) this.#hasTable = true;
    else if (this.#begun) this.#begun = beginning;
  }

  /** Removes the content of events before a version. Call it inside a transaction, which may have written pages as well. */
  blankBefore(version: number): void {
    const { kv, sql } = this.#storage;
    this.#read = undefined;
    this.#begun = undefined;
    const beginning = beginningIn(kv.get(FORMAT_KEY));
    if (beginning) {
      const without = beginning.map((page) => blanked(page, version));
      kv.put(FORMAT_KEY, formatWith(FORMATS.STREAMS, without));
    }
    if (!hasTable(sql, "pages")) return;
    // One page at a time: a cursor must not read what is being written.
    const next = (from: number) => this.#rows(`WHERE first >= ? AND first < ? ORDER BY first LIMIT 1`, from, version)[0];
    for (let page = next(0); page; page = next(page.first + 1)) {
      sql.exec(`UPDATE pages SET text = ? WHERE first = ?`, blanked(page, version).text, page.first);
    }
  }

  /** The pages with the events of versions `from`…`to`, in the order of `direction`. */
  *pages(from: number, to: number, direction: "forward" | "backward"): Generator<Page> {
    const inBeginning = this.#beginning.filter(({ first, count }) => first <= to && first + count > from);
    if (direction === "forward") yield* inBeginning;
    if (this.#hasTable && to > this.#beginningEnd) {
      yield* this.#inTable(from, to, direction);
    }
    if (direction === "backward") yield* inBeginning.toReversed();
  }

  /** The page that has this version, if there is one. */
  pageOf(version: number): Page | undefined {
    const { page: read } = this.#read ?? {};
    if (read && has(read, version)) return read;
    if (version <= this.#beginningEnd) return this.#beginning.find((page) => has(page, version));
    const [page] = this.#hasTable ? this.#rows(`WHERE first <= ? ORDER BY first DESC LIMIT 1`, version) : [];
    return page && has(page, version) ? page : undefined;
  }

  /** The events of a page. */
  eventsOf(page: Page): readonly StoredEvent[] {
    if (this.#read?.page.first === page.first) return this.#read.events;
    const events = eventsOf(page);
    if (page.count > 1) this.#read = { page, events };
    return events;
  }

  get #beginning(): readonly Page[] {
    return (this.#begun ??= beginningIn(this.#storage.kv.get(FORMAT_KEY)) ?? []);
  }

  get #beginningEnd(): number {
    const page = this.#beginning.at(-1);
    return page ? page.first + page.count - 1 : 0;
  }

  #inTable(from: number, to: number, direction: "forward" | "backward"): Iterable<Page> {
    const forward = direction === "forward";
    // The page that has `from` begins there or before it.
    const begin = this.pageOf(from)?.first ?? from;
    const where = `WHERE first BETWEEN ? AND ? ORDER BY first ${forward ? "ASC" : "DESC"} LIMIT ?`;
    const read = (limit: number, last?: Page) => {
      const [low, high] = forward ? [last ? last.first + 1 : begin, to] : [begin, last ? last.first - 1 : to];
      return this.#rows(where, low, high, limit);
    };
    return inBatches(read, ({ text }) => text.length);
  }

  #rows(where: string, ...bindings: readonly number[]): Page[] {
    return this.#storage.sql.exec<Row>(`SELECT first, count, append, text FROM pages ${where}`, ...bindings).toArray() as unknown as Page[];
  }
}

function has({ first, count }: Page, version: number): boolean {
  return first <= version && version < first + count;
}

/** The first pages, where the stored version has them. */
function beginningIn(stored: unknown): readonly Page[] | undefined {
  return contentOf(stored) as readonly Page[] | undefined; // what `write` has stored
}
