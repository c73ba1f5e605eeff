/** What a person has typed so far, by the program's own commands and options. */

import type { Argument, Command, Option } from "commander";

/** The word before which the cursor is. */
export interface Typed {
  /** What there is of it. */
  readonly current: string;
  /** Undefined: the command's name is still to come. */
  readonly command: Command | undefined;
  /** Positional arguments before it. */
  readonly before: readonly string[];
  /** The argument that it is; undefined: the command takes no further one. */
  readonly argument: Argument | undefined;
  /** The option whose value it is. */
  readonly option: Option | undefined;
  /** The part of the word before the value: `--type=`. */
  readonly prefix: string;
  /** Values of options so far, by the options' names. */
  readonly values: ReadonlyMap<string, string>;
}

/** Undefined: the line names a command that does not exist. */
export function typedIn(program: Command, words: readonly string[]): Typed | undefined {
  const values = new Map<string, string>();
  const before: string[] = [];
  let command: Command | undefined;
  let pending: Option | undefined;
  let areOperands = false;
  const optionOf = (word: string) =>
    [...(command?.options ?? []), ...program.options].find(({ long, short }) => word === long || word === short);
  for (const word of words.slice(0, -1)) {
    if (pending !== undefined) {
      values.set(pending.attributeName(), word);
      pending = undefined;
    } else if (!areOperands && word === "--") areOperands = true;
    else if (!areOperands && word.startsWith("-") && word !== "-") {
      const [name = "", ...rest] = word.split("=");
      const option = optionOf(name);
      if (rest.length > 0 && option) values.set(option.attributeName(), rest.join("="));
      else if (option && takesValue(option)) pending = option;
    } else if (command === undefined && word === "help") {
      // A command's name follows, as without it.
    } else if (command === undefined) {
      command = program.commands.find((one) => one.name() === word);
      if (command === undefined) return undefined;
    } else before.push(word);
  }
  const last = words.at(-1) ?? "";
  const [, name, value] = (!areOperands && pending === undefined && /^(--[a-z-]+)=(.*)$/s.exec(last)) || [];
  const given = name === undefined ? undefined : optionOf(name);
  const isValue = given !== undefined && takesValue(given);
  return {
    current: isValue ? value! : last,
    command,
    before,
    argument: argumentAt(command, before.length),
    option: pending ?? (isValue ? given : undefined),
    prefix: isValue ? `${name}=` : "",
    values,
  };
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** The last one may take all that follow. */
function argumentAt(command: Command | undefined, index: number): Argument | undefined {
  const all = command?.registeredArguments ?? [];
  const last = all.at(-1);
  return all[index] ?? (last?.variadic ? last : undefined);
}
