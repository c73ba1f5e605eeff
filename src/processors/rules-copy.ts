/**
 * A processor's copy of a view that it joins: rows of its own, as the view's handlers make them, at the processor's own checkpoint. So a
 * join finds what the view had at the event's own position, however far the view itself is, and finds the same in every repeat.
 *
 * The copy has a checkpoint of its own, which the processor's commits move together with its own. Both are at the same position, unless the
 * copy is new: then it first folds all that the processor has passed.
 */

import { CheckpointStore } from "../consumers/checkpoint.ts";
import { type Checkpoint, fromRow } from "../consumers/checkpoint-row.ts";
import { type RecordedEvent, isErasure, toRecorded } from "../core/event.ts";
import { CONSUMER_BATCH_BYTES } from "../core/limits.ts";
import { CONSUMER_BATCH_EVENTS } from "../consumers/limits.ts";
import { liftFor, problemFor } from "../definitions/upcast.ts";
import { quoted } from "../definitions/views/sql-words.ts";
import { type View, filterOfView } from "../definitions/views/view.ts";
import type { StoredRow } from "../definitions/views/handler.ts";
import { fold, load, touchesOf } from "../rows/fold.ts";
import type { ViewTable } from "../rows/table.ts";
import type { Store } from "../store/store.ts";
import { COPY_CALLS, COPY_DROP_ROWS } from "./limits.ts";
import { type CopyOf, type CopyRow, type Folded, type Skips, type Version, concerns } from "./rules-copied.ts";

export class Copy {
  readonly view: View;
  readonly #store: Store;
  readonly #processor: string;
  readonly #generation: string;
  readonly #table: ViewTable;
  readonly #checkpoint: CheckpointStore;
  readonly #position: number;
  /** The log's head when the copy was begun: what was erased by then was read as erased. */
  readonly #bornAt: number;
  /** When that was (milliseconds since 1970). */
  readonly #startedAt: number;
  readonly #skipped: Skips;
  /** Rows as they are in the table, by key; null: it has none. Others have not been loaded. */
  readonly #base = new Map<string, StoredRow | null>();
  /** How the events of the batch have changed rows, in their order. */
  readonly #changes = new Map<string, Version[]>();
  /** Erasures in the batch, whose content other rows may still have. */
  readonly #erasures: number[] = [];

  constructor(
    { store, processor, view, table }: CopyOf,
    { position, bornAt, startedAt }: Pick<Checkpoint, "position" | "bornAt" | "startedAt">,
    skipped: Skips,
  ) {
    this.view = view;
    this.#store = store;
    this.#processor = processor.name;
    this.#generation = processor.generation;
    this.#table = table;
    this.#checkpoint = Copy.checkpointOf({ store, processor, view, table });
    this.#position = position;
    this.#bornAt = bornAt;
    this.#startedAt = startedAt;
    this.#skipped = skipped;
  }

  static checkpointOf({ store, processor, table }: CopyOf): CheckpointStore {
    return new CheckpointStore(store.database(), store.name, processor.name, table.generation, table.schema);
  }

  /** The copy of a checkpoint's row; makes the row if there is none. */
  static async open(of: CopyOf, row: CopyRow | null, skipped: Skips): Promise<Copy> {
    const begin = async () => ({ position: 0, head: await of.store.log.head() });
    return new Copy(of, row ? fromRow(row) : await Copy.checkpointOf(of).load(begin), skipped);
  }

  get position(): number {
    return this.#position;
  }

  get db(): D1Database {
    return this.#store.database();
  }

  /**
   * Empties it: its processor was reset to an earlier position, or rows have what was erased. Only as long as it is marked for that: another
   * worker may have begun it again. Returns whether it is empty, and at the beginning; false: there is more to do.
   *
   * @param retiredAt as it was found: negative if it is marked already
   */
  async empty(retiredAt: number | null, until: number): Promise<boolean> {
    const { name: table, key } = this.#table;
    const { name: store } = this.#store;
    if (retiredAt === null || retiredAt >= 0) await this.#mark().run();
    const column = quoted(key);
    const remove = this.db
      .prepare(
        `DELETE FROM ${table} WHERE _store = ?1
           AND ${column} IN (SELECT ${column} FROM ${table} WHERE _store = ?1 LIMIT ${COPY_DROP_ROWS})
           AND EXISTS (SELECT 1 FROM headspring_checkpoints WHERE store = ?1 AND consumer = ?2 AND generation = ?3 AND retired_at < 0)`,
      )
      .bind(store, this.#processor, this.#table.generation);
    while ((await remove.run()).meta.changes > 0) {
      if (Date.now() >= until || this.#store.budget?.fits(COPY_CALLS) === false) return false;
    }
    const head = await this.#store.log.head();
    const { meta } = await this.#checkpoint
      .update(
        `position = 0, moved_from = position, retired_at = NULL, born_at = ?, started_at = ?`,
        [head, Date.now()],
        `AND position = ? AND retired_at < 0`,
        [this.#position],
      )
      .run();
    return meta.changes === 1;
  }

  /** It is wanted: other code has retired it, which has no use for it. */
  async keep(retiredAt: number): Promise<void> {
    await this.#checkpoint.update(`retired_at = NULL`, [], `AND retired_at = ?`, [retiredAt]).run();
  }

  /** Whether it is where it was opened, according to its row among these. */
  isStill(rows: readonly CopyRow[]): boolean {
    const row = rows.find(({ generation }) => generation === this.#table.generation);
    return (
      row !== undefined &&
      row.position === this.#position &&
      row.started_at === this.#startedAt &&
      !(row.retired_at !== null && row.retired_at < 0)
    );
  }

  /** Marks that its rows have to go, if the copy and its processor are still where they were found. */
  #mark(): D1PreparedStatement {
    const [store, consumer] = this.#checkpoint.key;
    return this.#checkpoint.update(
      `retired_at = ?`,
      [-Date.now()],
      `AND position = ? AND (retired_at > 0 OR position > (SELECT position FROM headspring_checkpoints WHERE store = ? AND consumer = ? AND generation = ?))`,
      [this.#position, store, consumer, this.#generation],
    );
  }

  /**
   * Folds what its processor has passed already, a page, and commits it.
   *
   * @param to where the processor is
   * @returns how far the copy is now
   * @throws {CheckpointMoved} when another worker was faster
   */
  async follow(to: number): Promise<Folded> {
    const from = this.#position;
    const page = await this.#store.log.read({
      ...filterOfView(this.view),
      after: from,
      to,
      limit: CONSUMER_BATCH_EVENTS,
      bytes: CONSUMER_BATCH_BYTES,
    });
    const events = page.events.map((event) => liftFor(this.view.followed, event));
    const stuck = events.find((event) => !this.#isSkipped(event) && problemFor(this.view.followed, event) !== undefined);
    const end = stuck ? stuck.position - 1 : Math.min(Math.max(page.next ?? to, from), to);
    const folded = await this.fold(
      events.filter((event) => !event.erased && event.unlifted === undefined && event.position <= end).map(toRecorded),
      end,
    );
    if (folded.position > from) await this.#checkpoint.commit(from, folded.position, this.#rows(from, folded.position), { events: [] });
    if (folded.failure || !stuck || folded.position < end) return folded;
    return { position: folded.position, failure: { event: toRecorded(stuck), error: problemFor(this.view.followed, stuck) } };
  }

  /** Folds a batch in memory: what {@link rowAt} answers for, and {@link statements} write. */
  async fold(events: readonly RecordedEvent[], to: number): Promise<Folded> {
    const { touches, failure } = this.#touches(
      events.filter((event) => concerns(this.view, event) && !this.#skipped.view.has(event.position)),
    );
    const { rows, loaded } = await load(this.#table, this.db, this.#store.name, touches);
    const first = touches.slice(0, loaded);
    for (const key of first.flatMap(({ keys }) => keys)) this.#base.set(key, rows.get(key) ?? null);
    for (const touch of first) {
      const { changed, failure } = fold(this.view, rows, [touch]);
      const { event } = touch;
      if (failure && !this.#skipped.processor.has(event.position)) return { position: event.position - 1, failure };
      for (const [key, row] of changed) {
        const versions = this.#changes.get(key) ?? [];
        versions.push({ position: event.position, row });
        this.#changes.set(key, versions);
      }
      if (isErasure(event) && !this.view.ownRows && event.position > this.#bornAt) this.#erasures.push(event.position);
    }
    const next = touches[loaded];
    if (next) return { position: next.event.position - 1 };
    return failure ? { position: failure.event.position - 1, failure } : { position: to };
  }

  #touches(events: readonly RecordedEvent[]): ReturnType<typeof touchesOf> {
    const found = touchesOf(this.view, events);
    const at = found.failure?.event;
    if (!at || !this.#skipped.processor.has(at.position)) return found;
    return this.#touches(events.filter((event) => event !== at));
  }

  #isSkipped({ position }: { readonly position: number }): boolean {
    return this.#skipped.view.has(position) || this.#skipped.processor.has(position);
  }

  /** The row as it was after the event at a position of the batch; null: there was none. Undefined: {@link load} it first. */
  rowAt(key: string, position: number): StoredRow | null | undefined {
    const version = this.#changes.get(key)?.findLast((one) => one.position <= position);
    return version ? version.row : this.#base.get(key);
  }

  /** How many more rows may be in memory. */
  get room(): number {
    return this.#table.rowsAtOnce - this.#base.size;
  }

  /** Loads rows that no event of the batch has changed. */
  async load(keys: readonly string[]): Promise<void> {
    const rows = await this.#table.load(this.db, this.#store.name, keys);
    for (const key of keys) this.#base.set(key, rows.get(key) ?? null);
  }

  /** What is committed with the positions after the first up to the second: the rows, and the copy's own checkpoint. */
  statements(after: number, last: number): D1PreparedStatement[] {
    return [this.#checkpoint.move(after, last), ...this.#rows(after, last)];
  }

  #rows(after: number, last: number): D1PreparedStatement[] {
    const written = new Map<string, StoredRow | null>();
    for (const [key, versions] of this.#changes) {
      const version = versions.findLast(({ position }) => position <= last);
      if (version && version.position > after) written.set(key, version.row);
    }
    const isErased = this.#erasures.some((position) => position > after && position <= last);
    const marks = isErased ? [this.#checkpoint.update(`retired_at = ?`, [-Date.now()])] : [];
    return [...this.#table.write(this.db, this.#store.name, written), ...marks];
  }
}
