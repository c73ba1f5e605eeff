/** Changes as the source's functions and expressions see them. */

import { createHash } from "node:crypto";
import type { JsonObject, JsonValue } from "../../core/event.ts";
import type { Change } from "../../definitions/sources/kind.ts";
import type { RowChange, Texts } from "./decode.ts";
import { shown } from "./lsn.ts";
import type { Row } from "./session.ts";
import type { FollowedTable } from "./tables.ts";
import type { Types } from "./values.ts";

/** A change of a row. Columns have the values that [the table of types](https://github.com/headspring/headspring/blob/main/docs/sources-postgres.md#types) says. */
export interface PostgresChange {
  /** With its schema: `public.stock`. */
  readonly table: string;
  /** `snapshot`: the row was there when the source began, or when the table was added to it. */
  readonly op: "snapshot" | "insert" | "update" | "delete" | "truncate";
  /** The columns of the primary key, or of the replica identity. A truncation has none. */
  readonly key: { readonly [column: string]: JsonValue };
  /** A deletion, and an update that changes the key, have the old key. With `REPLICA IDENTITY FULL`: all of the row before. */
  readonly before?: { readonly [column: string]: JsonValue };
  /** The row now. Absent: it is gone. */
  readonly after?: { readonly [column: string]: JsonValue };
  /** Columns that `after` does not have, because the log does not repeat large values that an update leaves as they are. */
  readonly unchanged?: readonly string[];
  /** Where the transaction is in the server's log. Absent: it is a row of a snapshot. */
  readonly lsn?: string;
  /** When the transaction was committed: RFC 3339 with microseconds. Absent: it is a row of a snapshot. */
  readonly committedAt?: string;
}

/** Characters of a key that `position` shows. */
const KEY_CHARACTERS = 200;

/** A short name for something: no two that ever meet have the same. */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}

/** Bytes of a key's hash: no two keys of a page have the same. */
export const KEY_HASH_BYTES = 8;

export function keyHash(key: Texts, columns: readonly string[]): string {
  const text = JSON.stringify(columns.map((column) => key[column] ?? null));
  return createHash("sha256").update(text).digest().subarray(0, KEY_HASH_BYTES).toString("base64url");
}

/** What a change of the log did, once it is known which changes a page of a snapshot has seen. */
export type Effect = Pick<RowChange, "op" | "key" | "old" | "new">;

export function changeOfLog(
  epoch: string,
  { transaction, number, part, relation, tooLarge: bytes }: RowChange,
  effect: Effect,
  key: readonly string[],
  types: Types,
): Change {
  const { commit, committedAt } = transaction;
  const place = `${number}${part === undefined || part === 0 ? "" : `.${part}`}`;
  const common = { id: `${epoch}/${commit}/${place}`, position: `${shown(commit)}/${place}`, time: `${committedAt.slice(0, 23)}Z` };
  const table = relation.table;
  const where = { lsn: shown(commit), committedAt };
  if (bytes !== undefined)
    return {
      ...common,
      value: { table, op: effect.op, key: {}, ...where },
      unreadable: tooLarge(table, bytes),
    };

  const read = (texts: Texts): JsonObject =>
    Object.fromEntries(
      relation.columns.flatMap(({ name, type }) => {
        const text = texts[name];
        return text === undefined ? [] : [[name, text === null ? null : types.reader(type)(text)]];
      }),
    );
  const after = effect.new && read(effect.new);
  const unchanged = effect.new ? relation.columns.map(({ name }) => name).filter((name) => effect.new![name] === undefined) : [];
  // With FULL an update repeats the whole row; without it there is a key before only if it changed.
  const before = effect.old ? read(effect.old) : effect.key && pick(read(effect.key), relation.keyColumns);
  return {
    ...common,
    value: {
      table,
      op: effect.op,
      key: effect.op === "truncate" ? {} : key.length === 0 ? (before ?? after ?? {}) : pick({ ...before, ...after }, key),
      ...(before ? { before } : {}),
      ...(after ? { after } : {}),
      ...(unchanged.length > 0 ? { unchanged } : {}),
      ...where,
    },
  };
}

/**
 * @param round how often the snapshot of the table has begun
 * @param row its columns, and its bytes if they are too many to be read
 */
export function changeOfSnapshot(epoch: string, round: number, table: FollowedTable, row: Row, types: Types): Change {
  const after = Object.fromEntries(
    table.columns.map(({ name, type }, at) => {
      const text = row[at];
      return [name, text === null || text === undefined ? null : types.reader(type)(text)];
    }),
  );
  const key = pick(after, table.key);
  const bytes = row[table.columns.length] ?? undefined;
  const value = { table: table.name, op: "snapshot", key, ...(bytes === undefined ? { after } : {}) };
  // After a crash a page is read again: a row that is as it was has its id again, and one that was changed has another.
  const id = `${epoch}/snapshot/${round}/${digest(JSON.stringify(value))}`;
  return {
    id,
    position: `${table.name}/${short(JSON.stringify(Object.values(key)))}`,
    value,
    ...(bytes === undefined ? {} : { unreadable: tooLarge(table.name, bytes) }),
  };
}

function tooLarge(table: string, bytes: number | string): string {
  return `the row of ${table} has ${bytes} bytes, which is more than an event can have`;
}

/** A long key ends in its digest: an operator names a change by its position. */
function short(key: string): string {
  return key.length <= KEY_CHARACTERS ? key : `${key.slice(0, KEY_CHARACTERS)}…${digest(key)}`;
}

function pick(row: JsonObject, columns: readonly string[]): JsonObject {
  return Object.fromEntries(columns.flatMap((column) => (column in row ? [[column, row[column]]] : [])));
}
