/** Merging runs of an index into one, row by row: a large merge takes many commits, and holds up none of them. */

import { compareUtf8 } from "../core/utf8-order.ts";
import type { Group, IndexRows, Place, Row } from "./index-rows.ts";

/** A merge that is under way. */
export interface Merge {
  readonly level: number;
  /** The runs that it reads, the oldest first. */
  readonly inputs: readonly number[];
  /** The run that it writes. */
  readonly output: number;
  /** The last entry that has been written. */
  readonly after?: Place;
}

interface Entry {
  readonly key: string;
  readonly at: number;
  readonly value: number | undefined;
}

/** Writes up to so many rows; answers with the merge as it stands, undefined when it is done, and how many rows it wrote. */
export function mergeRows(rows: IndexRows, merge: Merge, limit: number, rowEntries: number): { left: Merge | undefined; written: number } {
  let written = 0;
  let { after } = merge;
  const packer = new RowPacker(rowEntries, (row) => {
    rows.insert(merge.output, row);
    written++;
  });
  for (const entry of inOrder(merge.inputs.map((run) => entriesAfter(rows, run, merge.after)))) {
    packer.add(entry.key, entry.at, entry.value);
    after = entry;
    if (written === limit) return { left: { ...merge, after: { key: after.key, at: after.at } }, written };
  }
  packer.end();
  return { left: undefined, written };
}

/** Collects entries, in order, into rows of as many as belong into one. */
export class RowPacker {
  readonly #rowEntries: number;
  readonly #full: (row: Row) => void;
  #row: Group[] = [];
  #entries = 0;

  constructor(rowEntries: number, full: (row: Row) => void) {
    this.#rowEntries = rowEntries;
    this.#full = full;
  }

  add(key: string, at: number, value: number | undefined): void {
    let group = this.#row.at(-1);
    if (group?.key !== key) this.#row.push((group = { key, ats: [], values: [] }));
    group.ats.push(at);
    if (value !== undefined) group.values.push(value);
    if (++this.#entries === this.#rowEntries) this.end();
  }

  /** There are no more: what is collected is a row. */
  end(): void {
    if (this.#entries > 0) this.#full(this.#row);
    this.#row = [];
    this.#entries = 0;
  }
}

function* entriesAfter(rows: IndexRows, run: number, after: Place | undefined): Generator<Entry, undefined> {
  const start = after && rows.upTo(run, after);
  let last = after ?? { key: "", at: -1 };
  for (let row = start ?? rows.after(run, last); row; row = rows.after(run, last)) {
    for (const { key, ats, values } of row) {
      for (const [index, at] of ats.entries()) {
        const isOver = after && (compareUtf8(key, after.key) < 0 || (key === after.key && at <= after.at));
        if (!isOver) yield { key, at, value: values[index] };
        last = { key, at };
      }
    }
  }
  return undefined;
}

/** The entries of several runs in one order. */
function* inOrder(runs: readonly Generator<Entry, undefined>[]): Generator<Entry> {
  const heads = runs.map((run) => run.next().value);
  for (;;) {
    let least = -1;
    for (const [index, head] of heads.entries()) {
      const best = heads[least];
      if (head && (!best || compare(head, best) < 0)) least = index;
    }
    const next = heads[least];
    if (!next) return;
    yield next;
    heads[least] = runs[least]?.next().value;
  }
}

function compare(a: Place, b: Place): number {
  return a.key === b.key ? a.at - b.at : compareUtf8(a.key, b.key);
}
