/**
 * Checks states in tests: finds a state that storage would not return unchanged, which otherwise a snapshot would find a hundred events
 * later.
 */

import { whyNotJson } from "../core/plain-json.ts";

/**
 * The state.
 *
 * @throws {TypeError} when it is not plain JSON, with the path
 */
export function plainState<State>({ name }: { readonly name: string }, what: string, state: State, within: unknown = state): State {
  const problem = whyNotJson(within, "state");
  if (problem) throw new TypeError(`${what} of "${name}" must be plain JSON, but ${problem.path} is ${problem.kind}`);
  return state;
}
