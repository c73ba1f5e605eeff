/** One call of the command line: what it does, and with which status it ends. */

import { CommanderError } from "commander";
import { Cancelled, EXIT, UsageError, reportFailure } from "./failure.ts";
import { createProgram } from "./program.ts";

/** @returns the exit status */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: "user" });
    return typeof process.exitCode === "number" ? process.exitCode : EXIT.done;
  } catch (error) {
    // Commander has printed its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof Cancelled) return EXIT.interrupted;
    reportFailure(error, args.includes("--json"));
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}
