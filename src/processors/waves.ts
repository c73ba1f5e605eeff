/** What may go on at the same time. Pure. */

/**
 * Cuts a list into runs whose parts may be worked on together: no two of a run share a lane. Runs are taken one after the
 * other, so whatever shares a lane keeps its order, and what is done of the list when a run ends is always its beginning.
 *
 * @param most parts in one run
 */
export function waves<Part>(parts: readonly Part[], lanesOf: (part: Part) => Iterable<string>, most: number): Part[][] {
  const runs: Part[][] = [];
  let run: Part[] = [];
  let taken = new Set<string>();
  for (const part of parts) {
    const lanes = [...lanesOf(part)];
    if (run.length >= most || lanes.some((lane) => taken.has(lane))) {
      runs.push(run);
      run = [];
      taken = new Set();
    }
    run.push(part);
    for (const lane of lanes) taken.add(lane);
  }
  if (run.length > 0) runs.push(run);
  return runs;
}
