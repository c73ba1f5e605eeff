/** Methods of strings. What they count are characters, not UTF-16 units, so that none is cut in two. */

import { type Call, type Definition } from "./function.ts";
import { BOOLEAN, LIST, NUMBER, STRING } from "./kinds.ts";
import { EXPRESSION_ELEMENTS } from "./limits.ts";
import { allowCharacters } from "./operators.ts";
import { Fault } from "./run.ts";

/** Spends what finding a part takes at worst: each of its characters is compared at each place. */
function search({ run }: Call, text: string, part: string): void {
  run.spendCharacters(text.length * Math.max(1, part.length));
}

/** Characters, not UTF-16 units, before a unit. */
export function charactersBefore(text: string, end: number): number {
  let count = 0;
  for (let at = 0; at < end; at++) if ((text.charCodeAt(at) & 0xfc00) !== 0xdc00) count++;
  return count;
}

/** Where a found part begins, in characters; -1: nowhere. */
function indexIn(text: string, unit: number): number {
  return unit === -1 ? -1 : charactersBefore(text, unit);
}

/** Strings put together, if the whole is not too long. */
export function joined(call: Call, pieces: readonly string[], separator: string, what: string): string {
  const length = pieces.reduce((all, piece) => all + piece.length, (pieces.length - 1) * separator.length);
  call.run.spend(pieces.length);
  allowCharacters(length, what, call.at, call.run);
  return pieces.join(separator);
}

const TEST = { takes: [STRING, STRING], gives: BOOLEAN } as const;

export const STRING_METHODS: Readonly<Record<string, Definition>> = {
  contains: {
    ...TEST,
    shown: "string.contains(part)",
    apply: (call, text: string, part: string) => (search(call, text, part), text.includes(part)),
  },
  startsWith: {
    ...TEST,
    shown: "string.startsWith(part)",
    apply: ({ run }, text: string, part: string) => (run.spendCharacters(part.length), text.startsWith(part)),
  },
  endsWith: {
    ...TEST,
    shown: "string.endsWith(part)",
    apply: ({ run }, text: string, part: string) => (run.spendCharacters(part.length), text.endsWith(part)),
  },
  indexOf: {
    shown: "string.indexOf(part)",
    takes: [STRING, STRING],
    gives: NUMBER,
    apply: (call, text: string, part: string) => (search(call, text, part), indexIn(text, text.indexOf(part))),
  },
  lastIndexOf: {
    shown: "string.lastIndexOf(part)",
    takes: [STRING, STRING],
    gives: NUMBER,
    apply: (call, text: string, part: string) => (search(call, text, part), indexIn(text, text.lastIndexOf(part))),
  },
  substring: {
    shown: "string.substring(from, to?)",
    takes: [STRING, NUMBER, NUMBER],
    atLeast: 2,
    gives: STRING,
    apply: ({ run, at }, text: string, from: number, to?: number) => {
      run.spendCharacters(text.length);
      // By characters, so that none is cut in two.
      const characters = /[\ud800-\udfff]/.test(text) ? Array.from(text) : undefined;
      const length = characters?.length ?? text.length;
      const end = to ?? length;
      if (!Number.isInteger(from) || !Number.isInteger(end) || from < 0 || end < from || end > length)
        throw new Fault("`substring` takes whole numbers from 0 to the string's size, the smaller one first", at);
      return characters?.slice(from, end).join("") ?? text.slice(from, end);
    },
  },
  lowerAscii: {
    shown: "string.lowerAscii()",
    takes: [STRING],
    gives: STRING,
    apply: ({ run }, text: string) => (run.spendCharacters(text.length), text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase())),
  },
  upperAscii: {
    shown: "string.upperAscii()",
    takes: [STRING],
    gives: STRING,
    apply: ({ run }, text: string) => (run.spendCharacters(text.length), text.replaceAll(/[a-z]+/g, (part) => part.toUpperCase())),
  },
  trim: {
    shown: "string.trim()",
    takes: [STRING],
    gives: STRING,
    apply: ({ run }, text: string) => (run.spendCharacters(text.length), text.trim()),
  },
  replace: {
    shown: "string.replace(part, by)",
    takes: [STRING, STRING, STRING],
    gives: STRING,
    apply: (call, text: string, part: string, by: string) => {
      if (part === "") throw new Fault("`replace` takes a part that is not empty", call.at);
      search(call, text, part);
      const pieces = text.split(part);
      return joined(call, pieces, by, "`replace`");
    },
  },
  split: {
    shown: "string.split(separator)",
    takes: [STRING, STRING],
    gives: LIST,
    apply: (call, text: string, separator: string) => {
      search(call, text, separator);
      const pieces = separator === "" ? Array.from(text) : text.split(separator, EXPRESSION_ELEMENTS + 1);
      if (pieces.length > EXPRESSION_ELEMENTS)
        throw new Fault(`\`split\` makes a list of more than ${EXPRESSION_ELEMENTS} elements`, call.at, true);
      return pieces;
    },
  },
};
