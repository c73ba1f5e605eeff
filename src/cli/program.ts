/** The program: its options, and its commands by what they are about. */

import { Command } from "commander";
import { addLogCommands } from "./log.ts";
import { addGlobalOptions } from "./session.ts";
import { addOperationCommands } from "./operations.ts";
import { addStreamCommands } from "./streams.ts";
import { addTokenCommands } from "./token.ts";
import { addViewCommands } from "./views.ts";

export function createProgram(): Command {
  const program = addGlobalOptions(new Command("headspring"))
    .description("Reads and writes a Headspring store, and looks after it.")
    // The package's own would have to be read from its files: npm says it, too.
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(--help shows how it is called, with examples)")
    .exitOverride();
  for (const add of [addStreamCommands, addViewCommands, addLogCommands, addOperationCommands, addTokenCommands]) add(program);
  program.addHelpText(
    "after",
    `
Exit status: 0 done, 1 refused or failed, 2 called wrongly.
\`headspring help COMMAND\` has examples.`,
  );
  return program;
}
