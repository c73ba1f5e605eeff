/** Methods of strings. What they count are characters, not UTF-16 units, so that none is cut in two. */

import { type Call, type Definition } from "./function.ts";
import { BOOLEAN, LIST, NUMBER, STRING } from "./kinds.ts";
import { EXPRESSION_ELEMENTS } from "./limits.ts";
import { allowCharacters } from "./operators.ts";
import { Fault, type Run } from "./run.ts";

/** Spends what finding a part takes at worst: each of its characters is compared at each place. */
function search({ run }: Call, text: string, part: string): void {
  run.spendCharacters(text.length * Math.max(1, part.length));
}

/** Whether a UTF-16 unit is the second half of a character. */
function isSecondHalf(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}

/** Characters before a unit. */
export function charactersBefore(text: string, end: number, run: Run): number {
  run.spend(1 + end);
  let count = 0;
  for (let at = 0; at < end; at++) if (!isSecondHalf(text.charCodeAt(at))) count++;
  return count;
}

/** The unit that a character begins at; beyond the last one: undefined. */
function unitOf(text: string, character: number): number | undefined {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    if (isSecondHalf(text.charCodeAt(at))) continue;
    if (count++ === character) return at;
  }
  return count === character ? text.length : undefined;
}

/** Where a found part begins, in characters; -1: nowhere. */
function indexIn(text: string, unit: number, run: Run): number {
  return unit === -1 ? -1 : charactersBefore(text, unit, run);
}

/** Units that are put together at once: arguments of a call. */
const AT_ONCE = 8_192;

/** The string with the ASCII letters from `first` on, of which there are 26, moved by so many units. */
function moved(text: string, first: string, by: number, run: Run): string {
  run.spend(1 + text.length);
  const begin = first.charCodeAt(0);
  const pieces: string[] = [];
  for (let from = 0; from < text.length; from += AT_ONCE) {
    const units: number[] = [];
    for (let at = from; at < Math.min(text.length, from + AT_ONCE); at++) {
      const unit = text.charCodeAt(at);
      units.push(unit >= begin && unit < begin + 26 ? unit + by : unit);
    }
    pieces.push(String.fromCharCode(...units));
  }
  return pieces.join("");
}

/** Strings put together, if the whole is not too long. */
export function joined(call: Call, pieces: readonly string[], separator: string, what: string): string {
  const length = pieces.reduce((all, piece) => all + piece.length, (pieces.length - 1) * separator.length);
  call.run.spend(2 * pieces.length);
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
    apply: (call, text: string, part: string) => (search(call, text, part), indexIn(text, text.indexOf(part), call.run)),
  },
  lastIndexOf: {
    shown: "string.lastIndexOf(part)",
    takes: [STRING, STRING],
    gives: NUMBER,
    apply: (call, text: string, part: string) => (search(call, text, part), indexIn(text, text.lastIndexOf(part), call.run)),
  },
  substring: {
    shown: "string.substring(from, to?)",
    takes: [STRING, NUMBER, NUMBER],
    atLeast: 2,
    gives: STRING,
    apply: ({ run, at }, text: string, from: number, to?: number) => {
      run.spend(1 + 2 * text.length);
      const begin = unitOf(text, from);
      const end = to === undefined ? text.length : unitOf(text, to);
      if (begin === undefined || end === undefined || end < begin)
        throw new Fault("`substring` takes whole numbers from 0 to the string's size, the smaller one first", at);
      return text.slice(begin, end);
    },
  },
  lowerAscii: {
    shown: "string.lowerAscii()",
    takes: [STRING],
    gives: STRING,
    apply: ({ run }, text: string) => moved(text, "A", 32, run),
  },
  upperAscii: {
    shown: "string.upperAscii()",
    takes: [STRING],
    gives: STRING,
    apply: ({ run }, text: string) => moved(text, "a", -32, run),
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
      const isMany = separator === "" && charactersBefore(text, text.length, call.run) > EXPRESSION_ELEMENTS;
      const pieces = isMany ? undefined : separator === "" ? Array.from(text) : text.split(separator, EXPRESSION_ELEMENTS + 1);
      if (pieces === undefined || pieces.length > EXPRESSION_ELEMENTS)
        throw new Fault(`\`split\` makes a list of more than ${EXPRESSION_ELEMENTS} elements`, call.at, true);
      call.run.spend(2 * pieces.length);
      return pieces;
    },
  },
};
