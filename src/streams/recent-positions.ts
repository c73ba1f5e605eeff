/** The positions that the log has lately given to a stream's versions, so that most answers need not ask for them. In memory only. */

/** Calls to the log whose positions are remembered: the latest. Ours. */
const REMEMBERED_RUNS = 64;

/** The position of a version; undefined: unknown. */
export type PositionOf = (version: number) => number | undefined;

/** Versions that went to the log in one call, and the first one's position. */
interface Run {
  readonly first: number;
  readonly last: number;
  readonly position: number;
}

/** One for each stream object. */
export class RecentPositions {
  /** No version is in two of them: the log takes each once. */
  readonly #runs: Run[] = [];

  /** The log has given positions without holes to the versions from the first one up to its head. */
  remember(first: { readonly version: number; readonly position: number }, head: number): void {
    this.#runs.push({ first: first.version, last: head, position: first.position });
    if (this.#runs.length > REMEMBERED_RUNS) this.#runs.shift();
  }

  /** The positions of versions `first`…`last`, as far as they are remembered. */
  of(first: number, last: number): { readonly positionOf: PositionOf; readonly isComplete: boolean } {
    const runs = this.#runs.filter((run) => run.first <= last && run.last >= first);
    const known = runs.reduce((sum, run) => sum + Math.min(last, run.last) - Math.max(first, run.first) + 1, 0);
    const positionOf = (version: number) => {
      const run = runs.find((one) => one.first <= version && version <= one.last);
      return run && run.position + version - run.first;
    };
    return { positionOf, isComplete: known === last - first + 1 };
  }
}
