/** `doctor`: its options. */

import { type Command, Option } from "commander";
import { withExamples } from "../examples.ts";
import { acting } from "../session.ts";
import type { DoctorFlags } from "./doctor.ts";

export function addDoctorCommands(program: Command): void {
  withExamples(
    program
      .command("doctor")
      .description(
        "compares the worker's configuration in this folder with what the package needs; with --url also whether the deployment has tokens",
      )
      .option("--fix", "writes what can be written; comments stay")
      .option("-c, --config <file>", "the configuration; without it wrangler.json, wrangler.jsonc or wrangler.toml")
      .addOption(new Option("-e, --env <name>", "the environment of the configuration that is meant").env("CLOUDFLARE_ENV"))
      .action(
        acting(async (session, args: [], flags: DoctorFlags) => {
          // Loaded only now: no other call needs the parsers.
          const { doctor } = await import("./doctor.ts");
          await doctor(session, args, flags);
        }),
      ),
    "doctor",
    "doctor --fix",
    "doctor --env staging",
    "doctor --config wrangler.queries.jsonc",
    "doctor --url https://shop.example.com",
  );
}
