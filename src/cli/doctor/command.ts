/** `doctor`: its options. */

import type { Command } from "commander";
import { withExamples } from "../examples.ts";
import { acting } from "../session.ts";

export function addDoctorCommands(program: Command): void {
  withExamples(
    program
      .command("doctor")
      .description(
        "compares the worker's configuration in this folder with what the package needs; with --url also whether the deployment has tokens",
      )
      .option("--fix", "writes what can be written; comments stay")
      .action(
        acting(async (session, args: [], flags: { readonly fix?: boolean }) => {
          // Loaded only now: no other call needs the parsers.
          const { doctor } = await import("./doctor.ts");
          await doctor(session, args, flags);
        }),
      ),
    "doctor",
    "doctor --fix",
    "doctor --url https://shop.example.com",
  );
}
