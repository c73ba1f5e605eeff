/** The two indexes of a packed segment, which are packed together: after a restart one look at the pages fills both. */

import { IndexRows } from "./index-rows.ts";
import { type IndexSizes, type IndexState, NO_RUNS, PackedIndex } from "./packed-index.ts";

export interface PackedSizes extends IndexSizes {
  /** Events that are packed together. */
  readonly packEvents: number;
}

/** Stored (docs/stored-formats.md): add optional members, change nothing. */
interface State {
  /** The last position that the runs have. */
  readonly to: number;
  /** Runs that there have been. */
  readonly made: number;
  readonly streams: IndexState;
  readonly correlations: IndexState;
}

const KEY = "packed";

export class PackedIndexes {
  /** By a stream's name: `at` is the version, `value` the position. */
  readonly streams: PackedIndex;
  /** By the key of a correlation id: `at` is the position. */
  readonly correlations: PackedIndex;
  readonly #kv: SyncKvStorage;
  readonly #rows: IndexRows;
  readonly #sizes: PackedSizes;
  #to = 0;
  #made = 0;

  /** Reads what is stored: after a transaction that did not commit, make another one. */
  constructor({ sql, kv }: Pick<DurableObjectStorage, "sql" | "kv">, sizes: PackedSizes) {
    this.#kv = kv;
    this.#rows = new IndexRows(sql);
    this.#sizes = sizes;
    const { to = 0, made = 0, streams = NO_RUNS, correlations = NO_RUNS } = kv.get<Partial<State>>(KEY) ?? {};
    [this.#to, this.#made] = [to, made];
    this.streams = new PackedIndex(this.#rows, sizes, "versions", streams);
    this.correlations = new PackedIndex(this.#rows, sizes, "positions", correlations);
  }

  get packedTo(): number {
    return this.#to;
  }

  /** Packs what was added, if it is enough. Call it inside `transactionSync`. */
  pack(head: number): void {
    if (head - this.#to < this.#sizes.packEvents) return;
    if (this.#made === 0) this.#rows.create();
    const newRun = () => ++this.#made;
    const streams = this.streams.pack(head, newRun);
    const correlations = this.correlations.pack(head, newRun);
    this.#to = head;
    this.#kv.put<State>(KEY, { to: head, made: this.#made, streams, correlations });
  }
}
