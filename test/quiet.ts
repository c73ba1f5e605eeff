/**
 * A run prints its tests and nothing else. workerd prints every exception that leaves an object or a request, also those that tests throw
 * on purpose, and does not say which test they belong to. They are held back, and printed when the run has failed.
 */

import type { Reporter } from "vitest/node";

/**
 * How workerd begins its report of an exception, its stack, an alarm that was set again while it ran and a body that a test reads as
 * text, and how vite says that a package has no sources for its source map.
 */
const NOISE =
  /^(?:uncaught exception; (?:source|exception) = |exception = |stack: \S+workerd|NOSENTRY |console warning; |Sourcemap for ".+" points to missing source files)/;
/** Chunks that are held back at most: the last ones. Ours: more than anybody reads. */
const HELD = 2_000;

type Output = Pick<NodeJS.WriteStream, "write">;

export class Quiet implements Reporter {
  readonly #held: (() => void)[] = [];
  /** The run has failed: what is said from now on is wanted. */
  #isOpen = false;

  /** @param outputs where a run prints; the plugin's pool writes what workerd says to either */
  constructor(outputs: readonly Output[] = [process.stdout, process.stderr]) {
    for (const output of outputs) {
      const write = output.write.bind(output);
      output.write = (chunk: string | Uint8Array, ...rest: []) => {
        if (this.#isOpen || typeof chunk !== "string" || !NOISE.test(chunk)) return write(chunk, ...rest);
        this.#held.push(() => void write(chunk));
        if (this.#held.length > HELD) this.#held.shift();
        return true;
      };
    }
  }

  onTestRunStart(): void {
    this.#isOpen = false;
  }

  onTestRunEnd(_modules: unknown, errors: readonly unknown[], reason: "passed" | "failed" | "interrupted"): void {
    const held = this.#held.splice(0);
    this.#isOpen = reason !== "passed" || errors.length > 0;
    if (this.#isOpen) for (const print of held) print();
  }
}
