/**
 * An error in the logs is asserted: a line that `logger.error` writes fails the test in which it comes. A test that provokes one says so,
 * by `expectErrors` or `allowErrors`, or by a mock of its own in place of `console.error`. Warnings are free: what recovers by itself depends on how busy a
 * machine is. So is what the consumers of an earlier test's store still log.
 */

import { afterEach, assert, onTestFinished, vi } from "vitest";

/** Stores of the test that runs, of those that are over, and of files that are over. Names are not used twice. */
const [own, over, left] = [new Set<string>(), new Set<string>(), new Set<string>()];
let unexpected: string[] = [];

/** This store is made by the test that runs. */
export function ownStore(store: string): void {
  own.add(store);
}

/** The file of tests is over: nobody looks at its stores any more. */
export function leaveStores(): void {
  for (const store of over) left.add(store);
}

/** Whether a store is one of a file that is over. */
export function isLeft(store: string): boolean {
  return left.has(store);
}

/** The test provokes these errors: each comes at least once, and no other. */
export function expectErrors(...expected: readonly RegExp[]): void {
  const seen = allowErrors(...expected);
  onTestFinished(() => {
    for (const pattern of expected)
      assert(
        seen.some((line) => pattern.test(line)),
        `no error in the logs is like ${pattern}`,
      );
  });
}

/** The test may provoke these errors, and no other: which of them come is a matter of chance, or of the test among several. Answers with those that have come. */
export function allowErrors(...allowed: readonly RegExp[]): readonly string[] {
  const seen: string[] = [];
  vi.spyOn(console, "error").mockImplementation((...said: unknown[]) => {
    const line = JSON.stringify(said);
    seen.push(line);
    if (!allowed.some((pattern) => pattern.test(line))) note(said);
  });
  return seen;
}

/** For each file of tests, before its first one. */
export function failOnErrors(): void {
  const print = console.error;
  console.error = (...said: unknown[]) => {
    note(said);
    print(...said);
  };
  afterEach(() => {
    const lines = unexpected;
    unexpected = [];
    for (const store of own) over.add(store);
    own.clear();
    assert.deepEqual(lines, [], "the test logs errors that it does not expect");
  });
}

function note(said: readonly unknown[]): void {
  const [line] = said as readonly [{ store?: string; error?: string } | undefined];
  const isOfAnother = over.has(line?.store ?? "");
  // What begins between two files: test/workers/quiet-end.ts.
  const isOfNone = line?.error?.startsWith("EnvironmentTeardownError") ?? false;
  if (!isOfAnother && !isOfNone) unexpected.push(JSON.stringify(said));
}
