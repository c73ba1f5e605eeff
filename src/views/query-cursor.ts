/**
 * Cursors: where a page ended, as an opaque string. Pure.
 *
 * A cursor holds the values by which the last row is sorted, including its key, instead of a number of rows: so rows that appear, disappear
 * or change between two pages neither repeat other rows in the next page nor hide them.
 */

import * as z from "zod";
import type { SortColumn, SqlValue } from "./query-sql.ts";
import type { ColumnKind } from "../rows/layout.ts";

export interface Cursor {
  /** Values of the last row, in the order of the sort's columns. */
  readonly values: readonly SqlValue[];
  /** The position that the page was read at: the next page is not read at an earlier one. */
  readonly position: number;
}

const BASE64URL = /^[A-Za-z0-9_-]+$/;
const Content = z.tuple([z.string(), z.int().nonnegative()], z.union([z.string(), z.number(), z.null()]));

const VALUE: Record<ColumnKind, (value: SqlValue) => boolean> = {
  text: (value) => typeof value === "string",
  integer: (value) => typeof value === "number",
  real: (value) => typeof value === "number",
  boolean: (value) => value === 0 || value === 1,
  json: () => false, // never in a sort
};

export function encodeCursor(sort: readonly SortColumn[], { values, position }: Cursor): string {
  return Buffer.from(JSON.stringify([signatureOf(sort), position, ...values]), "utf8").toString("base64url");
}

/** @returns why the string is not a cursor for this sort, if it is not */
export function decodeCursor(sort: readonly SortColumn[], text: string): Cursor | "not-a-cursor" | "of-another-sort" {
  const content = Content.safeParse(jsonOf(text));
  if (!content.success) return "not-a-cursor";
  const [signature, position, ...values] = content.data;
  if (signature !== signatureOf(sort)) return "of-another-sort";
  const fits = sort.every(({ kind }, index) => {
    const value = values[index];
    // The last column is the key: it is never empty.
    return value !== undefined && (value === null ? index < sort.length - 1 : VALUE[kind](value));
  });
  return fits && values.length === sort.length ? { values, position } : "not-a-cursor";
}

function jsonOf(text: string): unknown {
  if (!BASE64URL.test(text)) return undefined;
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Names the sort: columns, directions, and the types of the values. */
function signatureOf(sort: readonly SortColumn[]): string {
  return sort.map(({ name, kind, descending }) => `${descending ? "-" : ""}${name}:${kind}`).join(",");
}
