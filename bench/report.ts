/** One figure, and how it is shown. */

export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly store: number;
  readonly floor?: number;
  /** The store's part of the floor: above 1 it is better where more is better. */
  readonly ratio?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

export type Note = (figure: Figure) => void;

const WIDTHS = [58, 12, 12, 8, 9, 9];

export const HEADER = row(["", "store", "floor", "ratio", "p50 ms", "p99 ms"]);

export function line({ what, unit, store, floor, ratio, p50Ms, p99Ms }: Figure): string {
  return row([`${what}, ${unit}`, count(store), count(floor), ratio?.toFixed(2), p50Ms?.toFixed(1), p99Ms?.toFixed(1)]);
}

function row(cells: readonly (string | undefined)[]): string {
  return cells.map((cell = "", index) => (index === 0 ? cell.padEnd(WIDTHS[0]!) : cell.padStart(WIDTHS[index]!))).join("");
}

function count(number: number | undefined): string | undefined {
  if (number === undefined) return undefined;
  return number < 100 ? number.toFixed(1) : Math.round(number).toLocaleString("en");
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
