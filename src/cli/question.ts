/** A question before something that cannot be taken back. */

import { Cancelled, UsageError } from "./failure.ts";

/** Asks a person. A script says `--yes`. @throws {Cancelled} when the answer is no */
export async function ask(question: string, isYes: boolean | undefined): Promise<void> {
  if (isYes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw new UsageError(`${question} Nobody is here to answer: --yes does it`);
  // Loaded only when a question is asked: every call would wait for it.
  const { confirm, isCancel } = await import("@clack/prompts");
  const answer = await confirm({ message: question, initialValue: false, output: process.stderr });
  if (isCancel(answer) || !answer) throw new Cancelled();
}
