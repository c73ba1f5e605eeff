/** The kind `postgres`: follows tables of a PostgreSQL database by its logical decoding, over plain SQL. docs/sources-postgres.md. */

import * as z from "zod";
import { type ReadKind, type SourceContext, SourceStopped } from "../../definitions/sources/kind.ts";
import { digest } from "./change.ts";
import { release } from "./claim.ts";
import { Cursor } from "./cursor.ts";
import { Following } from "./follow.ts";
import type { Wanted } from "./prepare.ts";
import { Session } from "./session.ts";
import { qualified } from "./tables.ts";

/** Tables of one source. Ours: one publication, one portion and one cursor have them all. */
const MOST_TABLES = 100;
/** What a name of the database may have, in bytes (NAMEDATALEN is 64). */
const NAME_BYTES = 63;
/** Milliseconds between two looks at a slot that had nothing new. */
const EVERY_MS = 5_000;

const Table = z.string().regex(/^[^.\0]+(?:\.[^\0]+)?$/, "must be a table, with its schema unless that is public: stock, sales.orders");

const Settings = z.strictObject({
  connection: z.string().min(1).describe("The name of a variable or secret that has the connection string, or of a Hyperdrive binding."),
  tables: z
    .array(Table)
    .min(1)
    .max(MOST_TABLES)
    .refine((tables) => new Set(tables.map(qualified)).size === tables.length, "has a table twice")
    .describe("The tables, with their schema unless that is `public`."),
  slot: z
    .string()
    .regex(/^[a-z0-9_]{1,63}$/, "must be 1 to 63 of a-z, 0-9 and _")
    .optional()
    .describe("The replication slot. Default: one of its own, which it makes."),
  publication: z
    .string()
    .min(1)
    .refine((name) => Buffer.byteLength(name) <= NAME_BYTES && !name.includes("\0"), `must have at most ${NAME_BYTES} bytes`)
    .optional()
    .describe("The publication. Default: one of its own, which it makes."),
  start: z
    .enum(["snapshot", "now"])
    .default("snapshot")
    .describe("`snapshot`: first the rows that are there, then the changes. `now`: only changes from now on."),
});

/** What {@link postgres} takes. */
export type PostgresSettings = z.input<typeof Settings>;

/** The part of a cursor that says what the source has made. A later version keeps it, so that a reset is possible behind newer code. */
const Made = Cursor.pick({ slot: true, epoch: true });

const row = { type: "object", additionalProperties: true };

export const postgresKind: ReadKind<PostgresSettings> = {
  name: "postgres",
  settings: Settings,
  change: ({ tables }) => ({
    type: "object",
    properties: {
      table: { enum: tables.map(qualified) },
      op: { enum: ["snapshot", "insert", "update", "delete", "truncate"] },
      key: row,
      before: row,
      after: row,
      unchanged: { type: "array", items: { type: "string" } },
      lsn: { type: "string" },
      committedAt: { type: "string", format: "date-time" },
    },
    required: ["table", "op", "key"],
    additionalProperties: false,
  }),
  needs: ({ connection }) => [connection],
  everyMs: EVERY_MS,

  async connect(settings, context) {
    const cursor = cursorOf(context) ?? { version: 1 as const, epoch: newEpoch(), slot: namesOf(settings, context).slot, tables: {} };
    const names = { ...namesOf(settings, context), source: `${context.store}/${context.source}`, owner: cursor.epoch };
    if (cursor.slot !== names.slot)
      throw new SourceStopped(
        `the source follows the slot ${cursor.slot}, and its definition now names ${names.slot}: a reset begins again there`,
      );
    const wanted: Wanted = { names, tables: settings.tables.map(qualified), start: settings.start ?? "snapshot" };
    return new Following(await Session.open(settings.connection, context), wanted, cursor);
  },

  async forget(settings, context) {
    // It has made nothing before it had a cursor.
    if (context.cursor === undefined || context.cursor === null) return;
    const made = Made.safeParse(context.cursor);
    if (!made.success)
      throw new SourceStopped("its progress was stored by newer code, and only that can remove what it has made: deploy it again");
    const session = await Session.open(settings.connection, context);
    try {
      await release(session, { slot: made.data.slot, owner: made.data.epoch });
    } finally {
      await session.close();
    }
  },
};

function newEpoch(): string {
  return digest(crypto.randomUUID()).slice(0, 12);
}

function cursorOf({ cursor }: SourceContext): Cursor | undefined {
  if (cursor === undefined || cursor === null) return undefined;
  const parsed = Cursor.safeParse(cursor);
  if (!parsed.success) throw new SourceStopped("its progress was stored by newer code: deploy that again, or reset the source");
  return parsed.data;
}

/** Made from the store and the source, and nothing else, so that an administrator can make them before. */
function namesOf(
  { slot, publication }: PostgresSettings,
  { store, source }: SourceContext,
): { readonly slot: string; readonly publication: string } {
  const plain = `headspring_${store}_${source}`.toLowerCase().replaceAll(/[^a-z0-9]/g, "_");
  const isSame = plain === `headspring_${store}_${source}` && plain.length <= NAME_BYTES;
  // Names that were changed to be valid could be another source's.
  const own = isSame
    ? plain
    : `${plain.slice(0, 50)}_${digest(`${store}/${source}`)
        .toLowerCase()
        .replaceAll(/[^a-z0-9]/g, "0")
        .slice(0, 8)}`;
  return { slot: slot ?? own, publication: publication ?? own };
}
