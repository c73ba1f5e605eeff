/** What a source of this kind keeps between two connections. */

import * as z from "zod";

const Key = z.array(z.string());

/** How far the snapshot of a table is. */
const TableState = z.object({
  /** Its number in the catalog: another table may get its name. */
  oid: z.number(),
  /** Counts how often its snapshot began: ids of a later one must not be those of an earlier one. */
  round: z.number(),
  /** The key of the last row that was read, column by column. */
  after: Key.optional(),
  isDone: z.boolean(),
  /** When the snapshot is true. Changes of transactions that it shows are left out, up to the end of the log at that time. */
  from: z.object({ snapshot: z.string(), until: z.string(), file: z.string().optional() }).optional(),
});
export type TableState = z.infer<typeof TableState>;

/** Takes the place of changes that a page of a snapshot had seen already: see seen.ts. */
const Seen = z.object({
  table: z.string(),
  /** As `pg_current_snapshot()` writes it. */
  snapshot: z.string(),
  /** Behind all that the page can have seen. */
  until: z.string(),
  /** Hashes of the keys of the page's rows, 8 bytes each, in base64. */
  keys: z.string(),
});
export type Seen = z.infer<typeof Seen>;

export const Cursor = z.object({
  version: z.literal(1),
  /** Made at random when the source begins. Ids of changes begin with it, and the claim of the slot has it. */
  epoch: z.string(),
  slot: z.string(),
  /** The slot has never been moved beyond this. Absent: the source has not claimed it yet. */
  at: z.string().optional(),
  /** Where the last transaction committed of which all is read. */
  last: z.string().optional(),
  /** The transaction of which a part is read: where it commits, and how many of its changes. */
  open: z.object({ commit: z.string(), done: z.number() }).optional(),
  tables: z.record(z.string(), TableState),
  seen: Seen.optional(),
});
export type Cursor = z.infer<typeof Cursor>;
