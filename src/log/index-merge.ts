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

/** Writes up to so many rows; answers with the merge as it stands, undefined when it is done, and how many rows it wrote. */
export function mergeRows(rows: IndexRows, merge: Merge, limit: number, rowEntries: number): { left: Merge | undefined; written: number } {
  let written = 0;
  let { after } = merge;
  const packer = new RowPacker(rowEntries, (row) => {
    rows.insert(merge.output, row);
    written++;
  });
  for (const group of inOrder(merge.inputs.map((run) => groupsAfter(rows, run, merge.after)))) {
    for (const part of packer.parts(group)) {
      packer.add(part);
      after = { key: part.key, at: part.ats.at(-1) ?? 0 };
      if (written === limit) return { left: { ...merge, after }, written };
    }
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

  /** Entries of a key, cut where rows end: {@link add} each before the next is asked for. */
  *parts(group: Group): Generator<Group> {
    for (let at = 0; at < group.ats.length;) {
      const part = sliceOf(group, at, at + this.#rowEntries - this.#entries);
      at += part.ats.length;
      yield part;
    }
  }

  /** Adds as many entries of a key as the row has room for, at most. */
  add({ key, ats, values }: Group): void {
    const last = this.#row.at(-1);
    if (last?.key === key) {
      last.ats.push(...ats);
      last.values.push(...values);
    } else this.#row.push({ key, ats: [...ats], values: [...values] });
    this.#entries += ats.length;
    if (this.#entries === this.#rowEntries) this.end();
  }

  /** There are no more: what is collected is a row. */
  end(): void {
    if (this.#entries > 0) this.#full(this.#row);
    this.#row = [];
    this.#entries = 0;
  }
}

function sliceOf(group: Group, from: number, to: number): Group {
  return from === 0 && to >= group.ats.length
    ? group
    : { key: group.key, ats: group.ats.slice(from, to), values: group.values.slice(from, to) };
}

function* groupsAfter(rows: IndexRows, run: number, after: Place | undefined): Generator<Group, undefined> {
  const start = after && rows.upTo(run, after);
  let last = after ?? { key: "", at: -1 };
  for (let row = start ?? rows.after(run, last); row; row = rows.after(run, last)) {
    for (const group of row) {
      const rest = after ? restAfter(group, after) : group;
      if (rest.ats.length > 0) yield rest;
      last = { key: group.key, at: group.ats.at(-1) ?? 0 };
    }
  }
  return undefined;
}

/** The entries of a group that come after a place. */
function restAfter(group: Group, { key, at }: Place): Group {
  const order = compareUtf8(group.key, key);
  if (order !== 0) return order < 0 ? sliceOf(group, 0, 0) : group;
  const from = group.ats.findIndex((other) => other > at);
  return from < 0 ? sliceOf(group, 0, 0) : sliceOf(group, from, group.ats.length);
}

/** The groups of several runs in one order. Whole groups: what an older run has of a key comes before all that a newer one has of it. */
function* inOrder(runs: readonly Generator<Group, undefined>[]): Generator<Group> {
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

function compare(a: Group, b: Group): number {
  return a.key === b.key ? (a.ats[0] ?? 0) - (b.ats[0] ?? 0) : compareUtf8(a.key, b.key);
}
