/** A string that a JSON Schema accepts: named by what it is for where it can be, else of its format, or read off its pattern. Pure. */

import { FORMATS } from "../../core/formats.ts";
import { type Part, parsePattern } from "../../schemas/pattern.ts";

/** What a schema asks of a string. */
export interface TextRules {
  readonly format?: unknown;
  readonly pattern?: unknown;
  readonly minLength?: unknown;
  readonly maxLength?: unknown;
}

/** Characters that are tried where a pattern takes several, besides its own: those that people would type first. */
const CHARACTERS = Array.from("a1A0bcdefBCDEF23456789zZ-_. /:@é中");
/** How often a part is repeated at most. Ours: an example is short. */
const MAX_REPEATS = 64;
/** Which alternative of a pattern is taken first: so many are tried. */
const CHOICES = 3;
const DAY_MS = 86_400_000;

/**
 * @param name what the string is for; its first choice
 * @param turn another string for each number
 * @returns undefined: none was found
 */
export function exampleText(rules: TextRules, name: string, turn: number, now: Date): string | undefined {
  const { format, pattern, minLength, maxLength } = rules;
  const [min, max] = [numberOr(minLength, 0), numberOr(maxLength, Infinity)];
  const asked = typeof pattern === "string" ? regularExpression(pattern) : undefined;
  const checks = FORMATS.get(String(format));
  const fits = (text: string) => lengthOf(text) >= min && lengthOf(text) <= max && (asked?.test(text) ?? true) && (checks?.(text) ?? true);
  const named = turn === 0 ? name : `${name}-${turn + 1}`;
  const words = [...ofFormat(String(format), turn, now), named, named.toLowerCase(), ...sized(named, min, max)];
  const found = words.find(fits);
  if (found !== undefined || asked === undefined) return found;
  // Longer repeats, until it is as long as it has to be.
  for (let extra = turn; extra <= Math.min(min + turn, MAX_REPEATS); extra++) {
    for (let choice = 0; choice < CHOICES; choice++) {
      const text = ofPattern(String(pattern), extra, choice);
      if (text === undefined) continue;
      // The pattern may be about a part only.
      const whole = [...(turn === 0 ? [text] : []), text + named, named + text, text].find(fits);
      if (whole !== undefined) return whole;
    }
  }
  return undefined;
}

/** Times are those of tomorrow: a rule may ask for the future, seldom for the past. */
function ofFormat(format: string, turn: number, now: Date): string[] {
  const time = new Date(Math.ceil(now.getTime() / DAY_MS + 1 + turn) * DAY_MS).toISOString();
  const digits = String(turn).padStart(12, "0");
  const examples: Readonly<Record<string, string[]>> = {
    "date-time": [time.replace(".000", ""), time, time.replace("Z", ""), time.slice(0, 16)],
    date: [time.slice(0, 10)],
    time: [`0${9 + turn}:00:00Z`.slice(-9), `${10 + (turn % 10)}:00:00Z`, `${10 + (turn % 10)}:00:00`],
    duration: [`P${turn + 1}D`],
    email: [`somebody${turn || ""}@example.com`],
    hostname: [`host${turn || ""}.example.com`],
    ipv4: [`192.0.2.${turn + 1}`],
    ipv6: [`2001:db8::${turn + 1}`],
    uri: [`https://example.com/${turn || ""}`],
    "uri-reference": [`https://example.com/${turn || ""}`],
    "uri-template": [`/{id}/${turn || ""}`],
    // Of version 4, of version 7: some ask for one of them.
    uuid: [`01a1fd58-555f-4660-a8f2-${digits}`, `01a1fd58-555f-7660-a8f2-${digits}`],
    "json-pointer": [`/${turn}`],
    "relative-json-pointer": [`${turn}`],
    regex: [`^${"a".repeat(turn + 1)}$`],
    base64: ["aGVsbG8="],
    base64url: ["aGVsbG8"],
    cidrv4: [`192.0.2.${turn}/32`],
    cidrv6: [`2001:db8::${turn}/128`],
  };
  return Object.hasOwn(examples, format) ? examples[format]! : [];
}

/** The name, cut or repeated. */
function sized(name: string, min: number, max: number): string[] {
  const characters = Array.from(name);
  if (characters.length > max) return [characters.slice(0, max).join("")];
  if (characters.length === 0 || characters.length >= min || min > 1_000) return [];
  return [
    characters
      .join("")
      .repeat(Math.ceil(min / characters.length))
      .slice(0, Math.max(min, 0)),
  ];
}

function ofPattern(pattern: string, extra: number, choice: number): string | undefined {
  try {
    return textOf(parsePattern(pattern), { extra, choice, characters: [...CHARACTERS, ...Array.from(pattern)] });
  } catch {
    return undefined;
  }
}

interface Reading {
  readonly extra: number;
  readonly choice: number;
  readonly characters: readonly string[];
}

/** A string that a part reads; undefined: none of our characters will do. What lookaheads and boundaries want is left to the check afterwards. */
function textOf(part: Part, reading: Reading): string | undefined {
  switch (part.kind) {
    case "character":
      return reading.characters.find(part.test);
    case "assertion":
    case "lookahead":
      return "";
    case "sequence": {
      const texts = part.parts.map((one) => textOf(one, reading));
      return texts.includes(undefined) ? undefined : texts.join("");
    }
    case "choice": {
      const { length } = part.parts;
      const texts = part.parts.map((_one, index) => textOf(part.parts[(index + reading.choice) % length]!, reading));
      return texts.find((text) => text !== undefined);
    }
    case "repeat": {
      const count = Math.min(part.max, part.min + reading.extra, Math.max(part.min, MAX_REPEATS));
      return count === 0 ? "" : textOf(part.part, reading)?.repeat(count);
    }
  }
}

function regularExpression(source: string): RegExp | undefined {
  try {
    return new RegExp(source, "u");
  } catch {
    return undefined;
  }
}

/** As JSON Schema counts: in characters, not in units of UTF-16. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

function numberOr(value: unknown, other: number): number {
  return typeof value === "number" ? value : other;
}
