/** `dev`: its options. What else is given goes to `wrangler dev` as it is. */

import { type Command, Option } from "commander";
import { UsageError } from "../failure.ts";
import { withExamples } from "../examples.ts";
import { several } from "../input.ts";
import type { GlobalOptions } from "../session.ts";
import type { DevFlags } from "./dev.ts";

export function addDevCommands(program: Command): void {
  withExamples(
    program
      .command("dev")
      .description("the store of the project in this folder, on this machine: the project's own `wrangler dev`, and the first calls to try")
      .argument("[script]", "the file of the worker; without it the configuration's `main`")
      .argument("[options...]", "options of `wrangler dev`; those that are not listed here may also be written like others")
      .addOption(new Option("--port <port>", "where it listens; without it 8787").env("PORT").argParser(portOf))
      .option("--ip <address>", "the address that it listens on; without it 127.0.0.1")
      .option("--local-protocol <protocol>", "http or https; without it http")
      .addOption(new Option("--persist-to <folder>", "where it keeps its data; without it .wrangler/state").env("PERSIST_TO"))
      .option(
        "--var <name[:value]>",
        "a variable of the worker; without a value the one that the environment has. May be repeated",
        several,
      )
      .option("-c, --config <file>", "the configuration; may be repeated, for other workers that run next to it", several)
      .addOption(new Option("-e, --env <name>", "the environment of the configuration that is meant").env("CLOUDFLARE_ENV"))
      .allowUnknownOption()
      .action(async (script: string | undefined, rest: string[], flags: DevFlags, command: Command) => {
        // Loaded only now: no other call needs it.
        const { dev } = await import("./dev.ts");
        // An option of wrangler's may come first.
        const args = script === undefined ? rest : [script, ...rest];
        await dev(command.optsWithGlobals<GlobalOptions>(), flags, args);
      }),
    "dev",
    "dev --port 9000 --persist-to /tmp/rooms",
    "dev -c wrangler.jsonc -c wrangler.queries.jsonc",
    "dev --var API_TOKENS --local-protocol https",
    "dev -- --live-reload",
  );
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new UsageError(`--port, or PORT, takes a number from 1 to 65535, not "${text}"`);
  return port;
}
