/** States in tests: one that storage would not give back is found here, and not by a snapshot a hundred events later. */

import { whyNotJson } from "../core/plain-json.ts";

/**
 * The state.
 *
 * @throws {TypeError} when it is no plain JSON, with the place
 */
export function plainState<State>({ name }: { readonly name: string }, what: string, state: State, within: unknown = state): State {
  const problem = whyNotJson(within, "state");
  if (problem) throw new TypeError(`${what} of "${name}" must be plain JSON, but ${problem.path} is ${problem.kind}`);
  return state;
}
