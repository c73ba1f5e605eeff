/**
 * One reading of the slot. The server decodes up to so many changes, and whole transactions; this side fetches them by pieces through an SQL
 * cursor. So a transaction of any size needs little memory here; the server keeps the rest of it in a temporary file.
 */

import { type Lsn, lsn } from "./lsn.ts";
import { Decoder, type Item } from "./decode.ts";
import { LONG_STATEMENT_MS, type Row, type Session, limited, literal } from "./session.ts";
import { RECORD } from "./claim.ts";
import { Snapshot } from "./visible.ts";
import { TEXT_SETTINGS, type Types, typesQuery } from "./values.ts";

/** Messages after which one reading ends, with the transaction. Ours: each reading starts again at the oldest open transaction, so few large ones are cheap. */
const PEEK_MESSAGES = 20_000;
/** Bytes of messages that are fetched at once, as far as the sizes before tell. Ours: their text and their buffers are three times as much, of 128 MB. */
const FETCH_BYTES = 4 * 1024 * 1024;
const FIRST_FETCH = 32;
/** Larger messages are not fetched. No event is so large: it may have 128 KiB of data. */
const MESSAGE_BYTES = 512 * 1024;

/** The slot, when the reading began. */
export interface Standing {
  readonly owner: string | undefined;
  readonly claimedBy: string | undefined;
  readonly confirmed: Lsn;
  /** From here on the server keeps its log for the slot. */
  readonly kept: Lsn;
  /** Bytes of log after which the server may remove what the slot needs; undefined: it never does. */
  readonly safeBytes: number | undefined;
  /** The end of the log. */
  readonly end: Lsn;
  /** As far as the log is on the disk: the decoder reads no further. */
  readonly flushed: Lsn;
}

export class Peek {
  readonly standing: Standing;
  /** What was visible to everybody after the server had decoded. */
  snapshot: Snapshot;
  /** All that the server has decoded is fetched. */
  isFetched = false;
  /** The reading had no limit but the end of the log. */
  isWhole = false;
  readonly #session: Session;
  readonly #types: Types;
  readonly #decoder = new Decoder();
  readonly #limit: number;
  #messages = 0;
  #largest = 1;
  #queue: Item[] = [];

  private constructor(session: Session, types: Types, limit: number, standing: Standing, snapshot: Snapshot) {
    this.#session = session;
    this.#types = types;
    this.#limit = limit;
    this.standing = standing;
    this.snapshot = snapshot;
  }

  static async open(
    session: Session,
    types: Types,
    { slot, publication, factor = 1 }: { readonly slot: string; readonly publication: string; readonly factor?: number },
  ): Promise<Peek> {
    const limit = PEEK_MESSAGES * factor;
    const results = await session.run(
      [
        "BEGIN",
        `${limited(LONG_STATEMENT_MS)}; ${TEXT_SETTINGS}`,
        `SELECT record.owner, record.source, slot.confirmed_flush_lsn, slot.restart_lsn, slot.safe_wal_size, pg_current_wal_insert_lsn(), pg_current_wal_flush_lsn()
FROM pg_catalog.pg_replication_slots AS slot LEFT JOIN ${RECORD} AS record ON record.slot = slot.slot_name WHERE slot.slot_name = ${literal(slot)}`,
        `DECLARE changes NO SCROLL CURSOR FOR SELECT CASE WHEN length(data) > ${MESSAGE_BYTES} THEN substring(data, 1, 5) ELSE data END, length(data)
FROM pg_logical_slot_peek_binary_changes(${literal(slot)}, NULL, ${limit}, 'proto_version', '1', 'publication_names', ${literal(`"${publication.replaceAll('"', '""')}"`)})`,
        `FETCH ${FIRST_FETCH} FROM changes`,
        "SELECT pg_current_snapshot()",
      ],
      LONG_STATEMENT_MS,
    );
    const [standing, , rows, [snapshot]] = results.slice(-4) as [Row[], Row[], Row[], Row[]];
    const [owner, source, confirmed, kept, safe, end, flushed] = standing[0] ?? [];
    const peek = new Peek(
      session,
      types,
      limit,
      {
        owner: owner ?? undefined,
        claimedBy: source ?? undefined,
        confirmed: lsn(confirmed!),
        kept: lsn(kept!),
        safeBytes: safe === null || safe === undefined ? undefined : Number(safe),
        end: lsn(end!),
        flushed: lsn(flushed!),
      },
      new Snapshot(snapshot![0]!),
    );
    await peek.#take(rows, FIRST_FETCH);
    return peek;
  }

  /** The next items, fetched as far as the caller wants changes. */
  async fill(changes: number): Promise<readonly Item[]> {
    while (!this.isFetched && this.#queue.length < changes) {
      const count = Math.max(8, Math.min(Math.floor(FETCH_BYTES / this.#largest), 2 * changes));
      const [rows] = await this.#session.run([`FETCH ${count} FROM changes`], LONG_STATEMENT_MS);
      await this.#take(rows!, count);
    }
    return this.#queue;
  }

  /** So many of the items are dealt with. */
  drop(count: number): void {
    this.#queue = this.#queue.slice(count);
  }

  async lookAgain(): Promise<void> {
    const [rows] = await this.#session.run(["SELECT pg_current_snapshot()"]);
    this.snapshot = new Snapshot(rows![0]![0]!);
  }

  async close(): Promise<void> {
    await this.#session.run(["COMMIT"]);
  }

  async #take(rows: readonly Row[], asked: number): Promise<void> {
    this.#messages += rows.length;
    if (rows.length < asked) {
      this.isFetched = true;
      this.isWhole = this.#messages < this.#limit;
    }
    for (const [data, length] of rows) {
      const bytes = Number(length);
      this.#largest = Math.max(this.#largest, Math.min(bytes, MESSAGE_BYTES));
      for (const item of this.#decoder.items(data!, bytes)) this.#queue.push(item);
    }
    const unknown = this.#types.unknownOf(this.#decoder.types);
    if (unknown.length === 0) return;
    const [known] = await this.#session.run([typesQuery(unknown)]);
    this.#types.learn(unknown, known!);
  }
}
