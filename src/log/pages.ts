/** The pages of a segment, one row each: what a commit added, cut where it would get long. */

import { type LoggedEvent, bytesOf } from "../core/event.ts";
import { KiB } from "../core/limits.ts";
import { hasTable, inBatches } from "../core/sqlite.ts";
import { type Entry, type PageText, eventsOf, kindsText, pageText } from "../store/page-text.ts";

/** The layout is stored (docs/stored-formats.md): add nullable columns, change nothing. */
const CREATE = `
  CREATE TABLE IF NOT EXISTS pages (
    first INTEGER PRIMARY KEY,   -- the position of its first event
    count INTEGER NOT NULL,
    taken INTEGER NOT NULL,      -- when the log took it: milliseconds since 1970, never less than the page before
    kinds TEXT    NOT NULL,      -- and the strings of page-text.ts; a column that is not asked for is not read
    head  TEXT    NOT NULL,
    body  TEXT    NOT NULL
  ) STRICT`;

/** Bytes of data and meta in a page. Ours: a single event is found without reading much else. */
const PAGE_TEXT_BYTES = 64 * KiB;
/** Events in a page. Ours, for the same reason. */
const PAGE_TEXT_EVENTS = 500;

export interface Page {
  readonly first: number;
  readonly events: readonly LoggedEvent[];
}

/** A page as it is stored. */
export interface StoredPage extends PageText {
  readonly first: number;
  readonly count: number;
  /** JSON: see `kindsText`. */
  readonly kinds: string;
}

interface PageRow {
  readonly [column: string]: SqlStorageValue;
  readonly first: number;
  readonly head: string;
  readonly body: string;
}

/** What all pages that are wanted have in their columns: one of each list. It may let others through. */
export interface Narrowing {
  readonly kinds?: readonly string[];
  readonly otherKinds?: readonly string[];
  readonly heads?: readonly string[];
}

const HAS_KIND = `AND EXISTS (SELECT 1 FROM json_each(?) WHERE instr(kinds, value))`;
const HAS_HEAD = `AND EXISTS (SELECT 1 FROM json_each(?) WHERE instr(head, value))`;

export class Pages {
  readonly #sql: SqlStorage;
  #exists = false;
  #taken = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get exist(): boolean {
    return this.#exists;
  }

  /** Reads where the last page ends; 0: there is none. */
  load(): number {
    this.#exists = hasTable(this.#sql, "pages");
    if (!this.#exists) return 0;
    const [last] = this.#sql
      .exec<{ first: number; count: number; taken: number }>(`SELECT first, count, taken FROM pages ORDER BY first DESC LIMIT 1`)
      .toArray();
    this.#taken = last?.taken ?? 0;
    return last ? last.first + last.count - 1 : 0;
  }

  /** Adds events from this position on. */
  add(first: number, entries: readonly Entry[]): void {
    if (!this.#exists) this.#sql.exec(CREATE);
    this.#exists = true;
    this.#taken = Math.max(this.#taken, Date.now());
    let [from, bytes] = [0, 0];
    for (const [index, { event }] of entries.entries()) {
      const size = bytesOf(event);
      if (index > from && (bytes + size > PAGE_TEXT_BYTES || index - from === PAGE_TEXT_EVENTS)) {
        this.#insert(first + from, entries.slice(from, index));
        [from, bytes] = [index, 0];
      }
      bytes += size;
    }
    this.#insert(first + from, entries.slice(from));
  }

  #insert(first: number, entries: readonly Entry[]): void {
    const { head, body } = pageText(entries);
    this.#sql.exec(
      `INSERT INTO pages (first, count, taken, kinds, head, body) VALUES (?, ?, ?, ?, ?, ?)`,
      first,
      entries.length,
      this.#taken,
      kindsText(entries),
      head,
      body,
    );
  }

  /** The page that has a position. */
  with(position: number): Page | undefined {
    const [row] = this.#sql
      .exec<PageRow>(`SELECT first, head, body FROM pages WHERE first <= ? ORDER BY first DESC LIMIT 1`, position)
      .toArray();
    return row && { first: row.first, events: eventsOf(row, row.first) };
  }

  /** The pages with the positions from one to another, those that have what is wanted. */
  *between(from: number, to: number, direction: "forward" | "backward", { kinds, otherKinds, heads }: Narrowing = {}): Generator<Page> {
    const forward = direction === "forward";
    const query = `SELECT first, head, body FROM pages WHERE first BETWEEN ? AND ?
      ${kinds ? HAS_KIND : ""} ${otherKinds ? HAS_KIND : ""} ${heads ? HAS_HEAD : ""} ORDER BY first ${forward ? "ASC" : "DESC"} LIMIT ?`;
    const wanted = [kinds, otherKinds, heads].flatMap((list) => (list ? [JSON.stringify(list)] : []));
    const begin = this.#firstOf(from);
    const read = (limit: number, last?: PageRow) => {
      const [low, high] = last === undefined ? [begin, to] : forward ? [last.first + 1, to] : [begin, last.first - 1];
      return this.#sql.exec<PageRow>(query, low, high, ...wanted, limit).toArray();
    };
    for (const row of inBatches(read, ({ head, body }) => head.length + body.length))
      yield { first: row.first, events: eventsOf(row, row.first) };
  }

  /** The same, from the page that has the first position on, as they are stored. */
  *storedBetween(from: number, to: number): Generator<StoredPage> {
    const begin = this.#firstOf(from);
    const read = (limit: number, last?: StoredPage) =>
      this.#sql
        .exec<StoredPage & Record<string, SqlStorageValue>>(
          `SELECT first, count, kinds, head, body FROM pages WHERE first BETWEEN ? AND ? ORDER BY first LIMIT ?`,
          last === undefined ? begin : last.first + 1,
          to,
          limit,
        )
        .toArray();
    yield* inBatches(read, ({ head, body }) => head.length + body.length);
  }

  /** The first position of the page that has this one. */
  #firstOf(position: number): number {
    return Number(this.#sql.exec(`SELECT MAX(first) AS first FROM pages WHERE first <= ?`, position).one()["first"] ?? position);
  }

  /** The kinds of the pages that reach beyond a position, each with the position of its last event there. */
  *kindsAfter(position: number): Generator<[kind: string, position: number]> {
    const rows = this.#sql.exec<{ first: number; kinds: string }>(
      `SELECT first, kinds FROM pages WHERE first >= ifnull((SELECT MAX(first) FROM pages WHERE first <= ?), 0)`,
      position + 1,
    );
    for (const { first, kinds } of rows)
      for (const [kind, place] of Object.entries(JSON.parse(kinds) as Record<string, number>))
        if (first + place > position) yield [kind, first + place];
  }

  /** Stores the events of a page again, without the content of some. */
  replace({ first, events }: Page): void {
    const { head, body } = pageText(events.map((event) => ({ stream: event.stream, event })));
    this.#sql.exec(`UPDATE pages SET head = ?, body = ? WHERE first = ?`, head, body, first);
  }

  /** The first position of the first page that was taken at this time or later; halves the positions that are in question. */
  positionAt(time: number, first: number, end: number): number | undefined {
    if (this.#taken < time) return undefined;
    let [low, high] = [first, end];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const page = this.#sql
        .exec<{ first: number; count: number; taken: number }>(
          `SELECT first, count, taken FROM pages WHERE first <= ? ORDER BY first DESC LIMIT 1`,
          middle,
        )
        .one();
      if (page.taken >= time) high = page.first;
      else low = page.first + page.count;
    }
    return low;
  }
}
