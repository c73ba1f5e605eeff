/** The one assertion of the kit. */

import { AssertionError, deepStrictEqual } from "node:assert/strict";

/**
 * @param sentence what was given and done, shown above the difference
 * @throws {AssertionError} with the difference, when the two are not the same
 */
export function same(sentence: string, actual: unknown, expected: unknown): void {
  try {
    deepStrictEqual(actual, expected);
  } catch (error) {
    throw new AssertionError({ message: `${sentence}\n${(error as Error).message}`, actual, expected, stackStartFn: same });
  }
}
