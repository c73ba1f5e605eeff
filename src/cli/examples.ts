/** Examples below a command's help. */

import type { Command } from "commander";

/** @param calls what follows `headspring` in each of them */
export function withExamples(command: Command, ...calls: string[]): Command {
  return command.addHelpText("after", `\nExamples:\n${calls.map((call) => `  headspring ${call}`).join("\n")}`);
}
