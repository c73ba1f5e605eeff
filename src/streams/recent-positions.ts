/** The positions that the log has lately given to a stream's versions, so that most answers need not ask for them. In memory only. */

/** Calls to the log whose positions are remembered: the latest. Ours. */
const REMEMBERED_RUNS = 64;

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

  /** The positions of versions `first`…`last`, by version, as far as they are remembered. */
  of(first: number, last: number): { readonly positions: Record<number, number>; readonly isComplete: boolean } {
    const positions: Record<number, number> = {};
    let missing = last - first + 1;
    // Begin with the latest, which is usually the one that is needed.
    for (let at = this.#runs.length - 1; at >= 0 && missing > 0; at--) {
      const run = this.#runs[at] as Run;
      for (let version = Math.max(first, run.first); version <= Math.min(last, run.last); version++) {
        positions[version] = run.position + (version - run.first);
        missing--;
      }
    }
    return { positions, isComplete: missing === 0 };
  }
}
