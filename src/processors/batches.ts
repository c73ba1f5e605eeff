/** What may run at the same time. Pure. */

/**
 * Cuts a list into batches whose parts may be worked on together: no two parts of a batch share a key. Batches are worked on one after the
 * other, so parts that share a key keep their order, and what is done when a batch ends is always the beginning of the list.
 *
 * @param most parts in one batch
 */
export function batchesOf<Part>(parts: readonly Part[], keysOf: (part: Part) => Iterable<string>, most: number): Part[][] {
  const runs: Part[][] = [];
  let run: Part[] = [];
  let taken = new Set<string>();
  for (const part of parts) {
    const keys = [...keysOf(part)];
    if (run.length >= most || keys.some((key) => taken.has(key))) {
      runs.push(run);
      run = [];
      taken = new Set();
    }
    run.push(part);
    for (const key of keys) taken.add(key);
  }
  if (run.length > 0) runs.push(run);
  return runs;
}
