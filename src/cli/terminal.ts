/** What is printed: results on stdout, everything for the person alone on stderr. Colours only where a person looks. */

import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Whether a person looks at a stream. `NO_COLOR`: no-color.org. */
function isColoured(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && !process.env.NO_COLOR && process.env.TERM !== "dumb";
}

export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return isColoured(stream) ? styleText(style, text, { validateStream: false }) : text;
}

/** Characters with which data could steer a terminal, or show itself in another order. */
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const STEERING = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Data is shown, and never carried out: control characters become escapes. */
export function plain(text: string): string {
  return text.replaceAll(STEERING, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** One line of JSON, the same for people and programs. */
export function toJson(value: unknown): string {
  return plain(JSON.stringify(value));
}

/** A value in a line or a cell. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? plain(value) : toJson(value);
}

/** One line of results. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One line for the person. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** JSON that people read. */
export function printPretty(value: unknown): void {
  print(JSON.stringify(value, null, 2).split("\n").map(plain).join("\n"));
}

/** Rows as a table: as many columns as the rows have, each as wide as its widest cell. */
export function printTable(rows: readonly Readonly<Record<string, unknown>>[]): void {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = [columns, ...rows.map((row) => columns.map((column) => shown(row[column])))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]!.length)));
  for (const [number, line] of cells.entries()) {
    const text = line.map((cell, index) => cell.padEnd(widths[index]!)).join("  ");
    print(number === 0 ? paint("bold", text.trimEnd()) : text.trimEnd());
  }
}
