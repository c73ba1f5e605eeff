/** `export` and `import`: a store's log as a file, piece by piece, so that both can be interrupted and called again. */

import type { Command } from "commander";
import { exportTo } from "./export.ts";
import { withExamples } from "./examples.ts";
import { importFrom } from "./import.ts";
import { acting } from "./session.ts";
import { note, print, shown, toJson } from "./terminal.ts";

export function addTransferCommands(program: Command): void {
  withExamples(
    program
      .command("export <file>")
      .description(
        "adds to a file what the log has taken since the last time: an event a line. Continues after an interruption. What was declared over HTTP goes to <file>.definitions",
      )
      .action(
        acting(async (session, [file]: [string]) => {
          const { position, added, definitions } = await exportTo(file, session);
          if (session.isJson) print(toJson({ file, position, added, definitions }));
          else
            note(
              `${shown(file)} has the log up to position ${position}, ${added} of it new; ${shown(file)}.definitions has ${definitions} definitions`,
            );
        }),
      ),
    "export backup.ndjson --url https://shop.example.com --store live",
  );
  withExamples(
    program
      .command("import <file>")
      .description(
        "takes events of another store or system, one a line; - for stdin. Called again it skips what the store has. Also declares what <file>.definitions has",
      )
      .option("--key <key>", "for lines without an id: names this import, so that it can be called again")
      .option("--validate", "refuses lines that the schema of their type refuses or would change")
      .action(
        acting(async (session, [file]: [string], flags: { readonly key?: string; readonly validate?: boolean }) => {
          const done = await importFrom(file, flags, session);
          if (session.isJson) print(toJson(done));
          else note(`${done.lines} lines: ${done.imported} are new, ${done.known} were there already`);
        }),
      ),
    "import backup.ndjson --store restored",
    "import facts.ndjson --key facts-2026-11 --validate",
  );
}
