/** What must be so before a connection reads: the claim, the publication and the slot, and which tables there are. */

import { SourceStopped } from "../../definitions/sources/kind.ts";
import { type Names, claim, heldSlot, isRefused, makeSlot, publish, serverOf, sqlForAdministrator } from "./claim.ts";
import type { Cursor } from "./cursor.ts";
import { lsn } from "./lsn.ts";
import type { Session } from "./session.ts";
import { type FollowedTable, tablesNow } from "./tables.ts";

export interface Prepared {
  readonly cursor: Cursor;
  /** Those that are there, by name. */
  readonly tables: ReadonlyMap<string, FollowedTable>;
  /** Looks at them again. */
  readonly look: () => Promise<ReadonlyMap<string, FollowedTable>>;
  readonly warnings: readonly string[];
}

export interface Wanted {
  readonly names: Names;
  readonly tables: readonly string[];
  readonly start: "snapshot" | "now";
}

/** May be repeated, from any point at which it failed. @throws {SourceStopped} */
export async function prepare(session: Session, wanted: Wanted, cursor: Cursor): Promise<Prepared> {
  const { names } = wanted;
  const isNew = cursor.at === undefined;
  const { version, role } = await serverOf(session);
  const look = () => tablesNow(session, { tables: wanted.tables, publication: names.publication, version });
  let tables = await look();
  const gone = wanted.tables.filter((table) => !tables.has(table));
  const unknown = gone.filter((table) => cursor.tables[table] === undefined);
  if (unknown.length > 0) throw new SourceStopped(`the database has no table ${unknown.join(", ")}`);
  const unordered = [...tables.values()].find((table) => table.key.length === 0);
  if (unordered && wanted.start === "snapshot")
    throw new SourceStopped(
      `${unordered.name} has no primary key, so there can be no snapshot of it: give it one, or begin with the changes alone (start: "now")`,
    );

  let slot;
  try {
    if (isNew) await claim(session, names);
    else slot = await heldSlot(session, names);
    await publish(session, names, [...tables.values()]);
    slot ??= await makeSlot(session, names.slot);
  } catch (error) {
    if (!isRefused(error)) throw error;
    const sql = sqlForAdministrator(names, role, [...tables.values()]);
    throw new SourceStopped(`the role ${role} may not prepare the database (${(error as Error).message}). An administrator runs: ${sql}`);
  }
  // What the publication lets through is known only now.
  tables = await look();
  const [now] = await session.transaction(["SELECT pg_current_snapshot(), pg_current_wal_insert_lsn()"]);
  const from = { snapshot: now![0]!, until: lsn(now![1]!) };

  return {
    cursor: { ...cursor, at: cursor.at ?? slot.confirmed, tables: { ...statesOf(wanted, cursor, tables, from) } },
    tables,
    look,
    warnings: gone.map((table) => `${table} is not there any more (dropped or renamed), so no changes of it come`),
  };
}

/** Where each snapshot is. A table that is new in the definition, or new under its name, has one of its own. */
function statesOf(
  { tables, start }: Wanted,
  cursor: Cursor,
  now: ReadonlyMap<string, FollowedTable>,
  from: { readonly snapshot: string; readonly until: string },
): Cursor["tables"] {
  return Object.fromEntries(
    tables.flatMap((name) => {
      const state = cursor.tables[name];
      const { oid, file } = now.get(name) ?? {};
      if (state && (oid === undefined || oid === state.oid)) return [[name, state]];
      return oid === undefined
        ? []
        : [
            [
              name,
              { oid, round: (state?.round ?? 0) + 1, isDone: start === "now", from: { ...from, ...(file === undefined ? {} : { file }) } },
            ],
          ];
    }),
  );
}
