/** From the messages of the server's decoder to changes, still without the values' types: transactions, numbered within themselves. */

import { PgoutputPlugin } from "pg-logical-replication";
import type { Lsn } from "./lsn.ts";

/** A row as text, column by column. Undefined: a large value that the update did not touch, which the log does not repeat. */
export type Texts = Readonly<Record<string, string | null | undefined>>;

export interface Relation {
  readonly oid: number;
  /** With its schema. */
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly type: number }[];
  /** The columns of its replica identity; with the identity FULL all columns. */
  readonly keyColumns: readonly string[];
}

export interface Transaction {
  readonly commit: Lsn;
  readonly xid: number;
  /** RFC 3339, with microseconds. */
  readonly committedAt: string;
}

export interface RowChange {
  readonly transaction: Transaction;
  /** Its number within the transaction, and, of a truncation of several tables, the table's. */
  readonly number: number;
  readonly part?: number;
  readonly op: "insert" | "update" | "delete" | "truncate";
  readonly relation: Relation;
  /** The key before, when it changed or the row is gone. */
  readonly key?: Texts;
  /** The whole row before: with the replica identity FULL. */
  readonly old?: Texts;
  readonly new?: Texts;
  /** Bytes of a change that is too large to be read. */
  readonly tooLarge?: number;
}

export interface Commit {
  readonly transaction: Transaction;
  /** Behind the commit: as far as the slot may be moved then. */
  readonly end: Lsn;
}

export type Item = { readonly change: RowChange } | { readonly commit: Commit };

/** As pg-logical-replication's parser has them. */
interface Column {
  readonly name: string;
  readonly typeOid: number;
  parser: (text: string) => unknown;
}
interface ParsedRelation {
  readonly relationOid: number;
  readonly schema: string;
  readonly name: string;
  readonly columns: Column[];
  readonly keyColumns: string[];
}
type Message =
  | { readonly tag: "begin"; readonly commitLsn: string; readonly commitTime: bigint; readonly xid: number }
  | { readonly tag: "commit"; readonly commitEndLsn: string }
  | ({ readonly tag: "relation" } & ParsedRelation)
  | { readonly tag: "insert"; readonly relation: ParsedRelation; readonly new: Texts }
  | {
      readonly tag: "update";
      readonly relation: ParsedRelation;
      readonly key: Texts | null;
      readonly old: Texts | null;
      readonly new: Texts;
    }
  | { readonly tag: "delete"; readonly relation: ParsedRelation; readonly key: Texts | null; readonly old: Texts | null }
  | { readonly tag: "truncate"; readonly relations: readonly ParsedRelation[] }
  | { readonly tag: "origin" | "type" | "message" };

const TAGS = { 0x49: "insert", 0x55: "update", 0x44: "delete" } as const;

/** Decodes one reading of the slot, from its begin. */
export class Decoder {
  readonly #parser = new PgoutputPlugin({ protoVersion: 1, publicationNames: [] });
  readonly #relations = new Map<number, Relation>();
  #transaction: Transaction | undefined;
  #count = 0;

  /** All types of columns that it has met. */
  readonly types = new Set<number>();

  /**
   * @param data the message, as `bytea` is written: `\x42…`. Of one that is too large only its beginning.
   * @param bytes its size
   */
  items(data: string, bytes: number): readonly Item[] {
    const buffer = Buffer.from(data.slice(2), "hex");
    if (buffer.length < bytes) return [this.#tooLarge(buffer, bytes)];
    const message = this.#parser.parse(buffer) as unknown as Message;
    switch (message.tag) {
      case "begin":
        this.#count = 0;
        this.#transaction = { commit: message.commitLsn, xid: message.xid >>> 0, committedAt: timeOf(message.commitTime) };
        return [];
      case "commit":
        return [{ commit: { transaction: this.#transaction!, end: message.commitEndLsn } }];
      case "relation":
        this.#learn(message);
        return [];
      case "insert":
        return [this.#change("insert", message.relation, { new: message.new })];
      case "update":
      case "delete": {
        const { key, old } = message;
        const after = message.tag === "update" ? { new: message.new } : {};
        return [this.#change(message.tag, message.relation, { ...(key ? { key } : {}), ...(old ? { old } : {}), ...after })];
      }
      case "truncate": {
        const number = this.#count++;
        // Absent are the tables that this publication does not have.
        return message.relations.map((relation, part) => ({
          change: { transaction: this.#transaction!, number, part, op: "truncate", relation: this.#relations.get(relation.relationOid)! },
        }));
      }
      case "origin":
      case "type":
      case "message":
        return [];
    }
  }

  #change(op: RowChange["op"], { relationOid }: ParsedRelation, more: Partial<RowChange>): Item {
    return { change: { transaction: this.#transaction!, number: this.#count++, op, relation: this.#relations.get(relationOid)!, ...more } };
  }

  /** Only the table is known of it: its number follows the first byte. */
  #tooLarge(buffer: Buffer, bytes: number): Item {
    const op = TAGS[buffer[0] as keyof typeof TAGS] as (typeof TAGS)[keyof typeof TAGS] | undefined;
    if (op === undefined) throw new Error(`a message of the decoder has ${bytes} bytes`);
    return this.#change(op, { relationOid: buffer.readUInt32BE(1) } as ParsedRelation, { tooLarge: bytes });
  }

  #learn({ relationOid, schema, name, columns, keyColumns }: ParsedRelation): void {
    // The values stay text here: what their types mean is for values.ts to say.
    for (const column of columns) column.parser = (text) => text;
    for (const column of columns) this.types.add(column.typeOid >>> 0);
    this.#relations.set(relationOid, {
      oid: relationOid,
      table: `${schema}.${name}`,
      columns: columns.map((column) => ({ name: column.name, type: column.typeOid >>> 0 })),
      keyColumns,
    });
  }
}

/** Microseconds since 1970. */
function timeOf(microseconds: bigint): string {
  const milliseconds = new Date(Number(microseconds / 1000n)).toISOString().slice(0, -1);
  return `${milliseconds}${String(microseconds % 1000n).padStart(3, "0")}Z`;
}
