/** What a command takes from its arguments and from stdin. */

import { readFileSync } from "node:fs";
import { UsageError } from "./failure.ts";

/** `category/id`. */
export function streamOf(text: string): { readonly category: string; readonly id: string } {
  const [category = "", ...rest] = text.split("/");
  const id = rest.join("/");
  if (category === "" || id === "") throw new UsageError(`a stream is named category/id, such as order/42, not "${text}"`);
  return { category, id };
}

/** A number of zero or more, such as a position or a version. */
export function countOf(option: string): (text: string) => number {
  return (text) => {
    if (!/^\d{1,16}$/.test(text)) throw new UsageError(`${option} takes a number of zero or more, not "${text}"`);
    return Number(text);
  };
}

/** An option that may be given several times. */
export function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** JSON of an argument, or of stdin when it is `-`. */
export function jsonOf(argument: string): unknown {
  const text = textOf(argument);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`${nameOf(argument)} is not JSON: ${(error as Error).message}`);
  }
}

/** JSON values: one value, or one a line. */
export function jsonValuesOf(argument: string): unknown {
  const lines = textOf(argument).trim().split("\n");
  try {
    return JSON.parse(lines.join("\n")) as unknown;
  } catch (error) {
    if (lines.length === 1) throw new UsageError(`${nameOf(argument)} is not JSON: ${(error as Error).message}`);
  }
  return lines.filter((line) => line.trim() !== "").map((line) => jsonOf(line));
}

function textOf(argument: string): string {
  return argument === "-" ? readFileSync(0, "utf8") : argument;
}

function nameOf(argument: string): string {
  return argument === "-" ? "stdin" : `"${argument.length > 60 ? `${argument.slice(0, 60)}…` : argument}"`;
}

/** `--if-match`: what a stream must be like. */
export function ifMatchOf(text: string): number | "*" | "absent" {
  if (text === "*" || text === "absent") return text;
  if (!/^\d{1,16}$/.test(text)) throw new UsageError(`--if-match takes a version, * or absent, not "${text}"`);
  return Number(text);
}
