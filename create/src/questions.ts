/** Asks for what the arguments do not say. */

import { cancel, isCancel, select, text } from "@clack/prompts";
import { basename, resolve } from "node:path";
import { type Arguments, Mistake } from "./arguments.ts";
import { mistakeInName } from "./names.ts";
import { TEMPLATES, type Template } from "./templates.ts";
import { mistakeInFolder } from "./write.ts";

/** What a shell expects of a program that Ctrl-C has ended. */
const INTERRUPTED = 130;

export interface Answers {
  readonly folder: string;
  readonly name: string;
  readonly template: Template;
}

export async function answersTo(asked: Arguments): Promise<Answers> {
  const isComplete = asked.folder !== undefined && asked.template !== undefined;
  // Before the first question: nobody answers two of them to hear that the name was wrong.
  if (asked.folder !== undefined) throwIf(mistakeIn(asked.folder));
  if (!isComplete && !(process.stdin.isTTY && process.stdout.isTTY)) {
    throw new Mistake("there is nobody to ask: give a folder and a template, such as `npm create headspring my-app -- --template empty`");
  }
  const folder = asked.folder ?? (await askForFolder());
  const template = asked.template ?? (await askForTemplate());
  return { folder: resolve(folder), name: basename(resolve(folder)), template };
}

/** What is wrong with a folder as the place of a project; undefined: nothing. */
function mistakeIn(folder: string): string | undefined {
  return mistakeInName(basename(resolve(folder))) ?? mistakeInFolder(resolve(folder));
}

function throwIf(mistake: string | undefined): void {
  if (mistake !== undefined) throw new Mistake(mistake);
}

async function askForFolder(): Promise<string> {
  const initialValue = "my-app";
  const folder = await text({
    message: "What is the project called?",
    placeholder: initialValue,
    defaultValue: initialValue,
    validate: (folder) => mistakeIn(folder || initialValue),
  });
  return isCancel(folder) ? leave() : folder;
}

async function askForTemplate(): Promise<Template> {
  const options = (Object.keys(TEMPLATES) as Template[]).map((value) => ({ value, label: value, hint: TEMPLATES[value] }));
  const template = await select({ message: "What does it begin with?", options });
  return isCancel(template) ? leave() : template;
}

/** Ctrl-C at a question. */
function leave(): never {
  cancel("Nothing was written.");
  process.exit(INTERRUPTED);
}
