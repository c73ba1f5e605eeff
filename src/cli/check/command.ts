/** `check`: its options. */

import type { Command } from "commander";
import { withExamples } from "../examples.ts";
import { countOf, several } from "../input.ts";
import { acting } from "../session.ts";
import type { CheckFlags } from "./check.ts";

export function addCheckCommands(program: Command): void {
  withExamples(
    program
      .command("check")
      .description(
        "loads the project's app and names every mistake; with --against also what it would break in what a store has. Changes nothing",
      )
      .option("--against <url>", "the deployment whose store is compared; its token needs the right to read")
      .option("--app <file>", "the file of the worker or of the app; without it `main` of wrangler's configuration")
      .option("--sample <count>", "reads about so many events, spread over the log, instead of all", countOf("--sample"))
      .option("--since <time>", "reads only what the log has taken since, such as 2026-11-01T00:00:00Z")
      .option("--allow <finding>", "a finding that is meant, by its code or as code:part; may be repeated", several)
      .action(
        acting(async (session, _args: [], { against: _url, ...flags }: CheckFlags & { readonly against?: string }) => {
          // Loaded only now: no other call needs it.
          const { check } = await import("./check.ts");
          await check(session.isUrlGiven ? session : undefined, flags, String(program.version()), session.isJson);
        }, "against"),
      ),
    "check",
    "check --against https://shop.example.com",
    "check --against https://shop.example.com --store live --sample 10000",
    "check --against https://shop.example.com --allow view-removed:old-orders --json",
  );
}
