/**
 * An index of the log's events: what is recent in memory, the rest in sorted runs of rows. When enough is recent it becomes a run, and when
 * a level has enough runs they are merged into one of the next level. So a key is found by a row or two of each run, of which there are
 * a few for each power of {@link IndexSizes.fanOut}, and an entry is written again once for each.
 *
 * Runs follow each other in the order of the log, and so do the entries of a key: each `at` and each value is larger than the one before.
 */

import { compareUtf8 } from "../core/utf8-order.ts";
import { type Merge, RowPacker, mergeRows } from "./index-merge.ts";
import { type Found, entryOf, entryUpTo, lastOf, startOf, within } from "./index-groups.ts";
import { END, type Group, type IndexRows } from "./index-rows.ts";
import { keysOf } from "./index-keys.ts";

interface Run {
  readonly id: number;
  readonly level: number;
  /** The last position that it has entries of; those before belong to the runs before it. */
  readonly to: number;
}

/** Where an index is in its rows. Stored as JSON (docs/stored-formats.md): add optional members, change nothing. */
export interface IndexState {
  /** The oldest first. */
  readonly runs: readonly Run[];
  /** At most one of each level. */
  readonly merges: readonly Merge[];
  /** Runs that were merged, and whose rows are to be removed. */
  readonly garbage: readonly number[];
}

export const NO_RUNS: IndexState = { runs: [], merges: [], garbage: [] };

export interface IndexSizes {
  /** Entries in a row. */
  readonly rowEntries: number;
  /** Runs of a level that are merged. */
  readonly fanOut: number;
  /** Rows that a pack may write, and those that it may remove, for merges. */
  readonly mergeRows: number;
}

export class PackedIndex {
  readonly #rows: IndexRows;
  readonly #sizes: IndexSizes;
  /** Whether `at` is a position: else the value is. */
  readonly #byPosition: boolean;
  #state: IndexState;
  readonly #recent = new Map<string, Group>();

  constructor(rows: IndexRows, sizes: IndexSizes, of: "positions" | "versions", state: IndexState) {
    this.#rows = rows;
    this.#byPosition = of === "positions";
    this.#sizes = sizes;
    this.#state = state;
  }

  add(key: string, at: number, value?: number): void {
    let group = this.#recent.get(key);
    if (!group) this.#recent.set(key, (group = { key, ats: [], values: [] }));
    group.ats.push(at);
    if (value !== undefined) group.values.push(value);
  }

  /**
   * Makes a run of what is recent, and goes on with the merges. Call it inside `transactionSync`.
   *
   * @param to the last position that is recent
   * @param newRun gives a number that no run has had
   * @returns what to store with it
   */
  pack(to: number, newRun: () => number): IndexState {
    if (this.#recent.size > 0) {
      const id = newRun();
      const packer = new RowPacker(this.#sizes.rowEntries, (row) => this.#rows.insert(id, row));
      for (const group of [...this.#recent.values()].toSorted((a, b) => compareUtf8(a.key, b.key)))
        for (const part of packer.parts(group)) packer.add(part);
      packer.end();
      this.#recent.clear();
      this.#state = { ...this.#state, runs: [...this.#state.runs, { id, level: 0, to }] };
    }
    this.#merge(newRun);
    this.#removeGarbage();
    return this.#state;
  }

  /** The last entry of a key. */
  last(key: string): Found | undefined {
    const recent = this.#recent.get(key);
    if (recent) return entryOf(recent, recent.ats.length - 1);
    for (const { id } of this.#state.runs.toReversed()) {
      const group = this.#groupUpTo(id, key, END);
      if (group) return entryOf(group, group.ats.length - 1);
    }
    return undefined;
  }

  /** The last entry of a key whose value is not above this. */
  lastUpTo(key: string, value: number): Found | undefined {
    const recent = this.#recent.get(key);
    if (recent && startOf(recent) <= value) return entryUpTo(recent, value);
    for (const { id } of this.#runs(0, value, "backward")) {
      const last = this.#groupUpTo(id, key, END);
      if (!last) continue;
      if (startOf(last) <= value) return entryUpTo(last, value);
      // The rest of the run's entries of this key, halved until one row is left.
      let [low, high, found] = [0, last.ats[0] ?? 0, undefined as Group | undefined];
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        const group = this.#groupUpTo(id, key, middle);
        if (group && startOf(group) > value) high = group.ats[0] ?? 0;
        else {
          found = group ?? found;
          low = Math.max(middle, group?.ats.at(-1) ?? 0);
        }
      }
      if (found) return entryUpTo(found, value);
    }
    return undefined;
  }

  /** The entries of a key from one `at` to another, inclusive. */
  *between(key: string, from: number, to: number, direction: "forward" | "backward" = "forward"): Generator<Found> {
    const forward = direction === "forward";
    const recent = this.#recent.get(key);
    if (recent && !forward) yield* within(recent, from, to, false);
    for (const { id } of this.#byPosition ? this.#runs(from, to, direction) : this.#runs(0, END, direction))
      for (const group of forward ? this.#groupsForward(id, key, from, to) : this.#groupsBackward(id, key, from, to))
        yield* within(group, from, to, forward);
    if (recent && forward) yield* within(recent, from, to, true);
  }

  /** The keys after this one, in order, each with its last entry. */
  *keysAfter(after: string): Generator<Found> {
    const recent = [...this.#recent.keys()].filter((key) => compareUtf8(key, after) > 0).toSorted(compareUtf8);
    // The newest first: its entry is the one that counts.
    const runs = this.#state.runs.toReversed().map(({ id }) => keysOf(this.#rows, id, after));
    const sources = [lastOf(recent, this.#recent), ...runs];
    const heads = sources.map((source) => source.next().value);
    for (;;) {
      let least: Found | undefined;
      for (const head of heads) if (head && (!least || compareUtf8(head.key, least.key) < 0)) least = head;
      if (!least) return;
      yield least;
      for (const [index, head] of heads.entries()) if (head?.key === least.key) heads[index] = sources[index]?.next().value;
    }
  }

  /** The runs that have positions between these. */
  #runs(from: number, to: number, direction: "forward" | "backward"): Run[] {
    const { runs } = this.#state;
    const found = runs.filter((run, index) => run.to >= from && (runs[index - 1]?.to ?? 0) < to);
    return direction === "forward" ? found : found.toReversed();
  }

  *#groupsForward(run: number, key: string, from: number, to: number): Generator<Group> {
    let group = this.#groupAt(run, key, from);
    let last = group?.ats.at(-1) ?? from - 1;
    if (group) yield group;
    while (last < to) {
      const [next] = this.#rows.after(run, { key, at: last }) ?? [];
      group = next?.key === key ? next : undefined;
      if (!group) break;
      yield group;
      last = group.ats.at(-1) ?? to;
    }
  }

  *#groupsBackward(run: number, key: string, from: number, to: number): Generator<Group> {
    let group = this.#groupUpTo(run, key, to);
    while (group) {
      yield group;
      const first = group.ats[0] ?? from;
      group = first <= from ? undefined : this.#groupUpTo(run, key, first - 1);
    }
  }

  /** The same, if one of them is this one or before it. */
  #groupUpTo(run: number, key: string, at: number): Group | undefined {
    const group = this.#groupAt(run, key, at);
    return (group?.ats[0] ?? END) <= at ? group : undefined;
  }

  /** The entries of a key in the row of a run where this `at` would be. They may all be after it, if those of other keys come before them. */
  #groupAt(run: number, key: string, at: number): Group | undefined {
    return this.#rows.upToWith(run, { key, at })?.findLast((group) => group.key === key);
  }

  /** Lower levels first: their merges are short, and the runs that they read are those of which there are soon too many. */
  #merge(newRun: () => number): void {
    const { rowEntries, fanOut, mergeRows: most } = this.#sizes;
    let left = most;
    for (let level = 0; level <= (this.#state.runs[0]?.level ?? -1) && left > 0; level++) {
      const runs = this.#state.runs.filter((run) => run.level === level).map(({ id }) => id);
      const underway = this.#state.merges.find((merge) => merge.level === level);
      if (!underway && runs.length < fanOut) continue;
      const merge = underway ?? { level, inputs: runs.slice(0, fanOut), output: newRun() };
      const { left: rest, written } = mergeRows(this.#rows, merge, left, rowEntries);
      left -= written;
      const merges = this.#state.merges.filter((other) => other.level !== level);
      this.#state = rest ? { ...this.#state, merges: [...merges, rest] } : merged({ ...this.#state, merges }, merge);
    }
  }

  #removeGarbage(): void {
    let left = this.#sizes.mergeRows;
    let { garbage } = this.#state;
    while (left > 0 && garbage[0] !== undefined) {
      const removed = this.#rows.remove(garbage[0], left);
      if (removed < left) garbage = garbage.slice(1);
      left -= removed;
    }
    this.#state = { ...this.#state, garbage };
  }
}

/** The merge's output takes the place of what it was made of. */
function merged({ runs, merges, garbage }: IndexState, { level, inputs, output }: Merge): IndexState {
  const at = runs.findIndex(({ id }) => id === inputs[0]);
  const to = runs[at + inputs.length - 1]?.to ?? 0;
  return { runs: runs.toSpliced(at, inputs.length, { id: output, level: level + 1, to }), merges, garbage: [...garbage, ...inputs] };
}
