/** `completion`, which prints the script of a shell, and `complete`, which that script calls. */

import { Argument, type Command } from "commander";
import { withExamples } from "../examples.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

export function addCompletionCommands(program: Command): void {
  withExamples(
    program
      .command("completion")
      .description("prints a script that lets a shell complete commands, options, and the names that the store has")
      .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
      .action(async (shell: (typeof SHELLS)[number]) => {
        const { SCRIPTS } = await import("./scripts.ts");
        process.stdout.write(SCRIPTS[shell]);
      }),
    'completion bash  # in ~/.bashrc: eval "$(headspring completion bash)"',
    'completion zsh   # in ~/.zshrc, after compinit: eval "$(headspring completion zsh)"',
    "completion fish > ~/.config/fish/completions/headspring.fish",
  );
  program
    .command("complete", { hidden: true })
    .argument("[words...]")
    .action(async (words: string[]) => {
      const { candidatesFor } = await import("./candidates.ts");
      for (const line of await candidatesFor(program, words)) process.stdout.write(`${line}\n`);
    });
}
