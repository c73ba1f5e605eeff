/** The program: its options, and its commands by what they are about. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { addCheckCommands } from "./check/command.ts";
import { addDevCommands } from "./dev/command.ts";
import { addCompletionCommands } from "./completion/command.ts";
import { addDoctorCommands } from "./doctor/command.ts";
import { addLogCommands } from "./log.ts";
import { addGlobalOptions } from "./session.ts";
import { addOperationCommands } from "./operations.ts";
import { addSourceCommands } from "./sources.ts";
import { addStreamCommands } from "./streams.ts";
import { addTokenCommands } from "./token.ts";
import { addTransferCommands } from "./transfer.ts";
import { addViewCommands } from "./views.ts";

export function createProgram(): Command {
  const program = addGlobalOptions(new Command("headspring"))
    .description("Reads and writes a Headspring store, and looks after it.")
    .version(versionOfPackage())
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(--help shows how it is called, with examples)")
    .exitOverride();
  for (const add of [
    addDevCommands,
    addStreamCommands,
    addViewCommands,
    addLogCommands,
    addOperationCommands,
    addSourceCommands,
    addTransferCommands,
    addTokenCommands,
    addDoctorCommands,
    addCheckCommands,
    addCompletionCommands,
  ])
    add(program);
  program.addHelpText(
    "after",
    `
Exit status: 0 done, 1 refused or failed, 2 called wrongly.
\`headspring help COMMAND\` has examples.`,
  );
  return program;
}

function versionOfPackage(): string {
  // From here and from dist it is equally far.
  const text = readFileSync(join(import.meta.dirname, "../../package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
