/**
 * What a source makes in the database, and the record of it: the table `headspring.source_slots` says which source each slot belongs to, so
 * that a second source cannot take changes from the first, and what was made and may be dropped again.
 */

import { SourceStopped } from "../../definitions/sources/kind.ts";
import { type Lsn, lsn } from "./lsn.ts";
import { LONG_STATEMENT_MS, type Row, type Session, literal, name, stateOf } from "./session.ts";
import { type FollowedTable, published } from "./tables.ts";

export interface Names {
  readonly slot: string;
  readonly publication: string;
  /** `store/source`, for people. */
  readonly source: string;
  /** Tells this source from every other, of any deployment. */
  readonly owner: string;
}

const INSUFFICIENT_PRIVILEGE = "42501";

export const RECORD = "headspring.source_slots";
const CREATE_RECORD = [
  "CREATE SCHEMA IF NOT EXISTS headspring",
  `CREATE TABLE IF NOT EXISTS ${RECORD} (
  slot text PRIMARY KEY,
  owner text NOT NULL,
  source text NOT NULL,
  made_slot boolean NOT NULL,
  made_publication text,
  claimed_at timestamptz NOT NULL DEFAULT now()
)`,
];

/** The server, as far as it matters here. @throws {SourceStopped} when it cannot be followed */
export async function serverOf(session: Session): Promise<{ readonly version: number; readonly role: string }> {
  const [row] = await session.transaction([
    "SELECT current_setting('server_version_num'), current_setting('wal_level'), pg_is_in_recovery(), current_user::text",
  ]);
  const [version, level, isStandby, role] = row!;
  if (Number(version) < 130_000) throw new SourceStopped("this server is older than PostgreSQL 13");
  if (isStandby === "t") throw new SourceStopped("this server is a standby: the source must connect to the primary");
  if (level !== "logical")
    throw new SourceStopped(
      `the server's log has not what a source needs: wal_level is ${level}. An administrator runs ALTER SYSTEM SET wal_level = logical, and restarts the server`,
    );
  return { version: Number(version), role: role! };
}

export interface Slot {
  /** All that is before it is read. */
  readonly confirmed: Lsn;
}

async function slotNow(session: Session, slot: string): Promise<Slot | undefined> {
  const [row] = await session.transaction([
    `SELECT plugin, database = current_database(), wal_status, confirmed_flush_lsn FROM pg_catalog.pg_replication_slots WHERE slot_name = ${literal(slot)}`,
  ]);
  if (!row) return undefined;
  const [plugin, isHere, status, confirmed] = row;
  if (plugin !== "pgoutput") throw new SourceStopped(`the slot ${slot} is not one of pgoutput, but ${plugin ?? "a physical one"}`);
  if (isHere !== "t") throw new SourceStopped(`the slot ${slot} belongs to another database of this server`);
  if (status === "lost") throw new SourceStopped(lost(slot));
  return { confirmed: lsn(confirmed!) };
}

export function lost(slot: string): string {
  return (
    `the server has removed the log that the slot ${slot} needs (its wal_status is lost), so changes are missing. ` +
    "A reset of the source begins again, with a snapshot" +
    `; if an administrator has made the slot, it has to be made again first: SELECT pg_drop_replication_slot(${literal(slot)}); SELECT pg_create_logical_replication_slot(${literal(slot)}, 'pgoutput')`
  );
}

/** The slot of a source that has claimed it. @throws {SourceStopped} when it is gone, or another's */
export async function heldSlot(session: Session, names: Names): Promise<Slot> {
  const rows = await records(session, names.slot);
  const [owner, source] = rows?.[0] ?? [];
  if (owner !== names.owner) throw new SourceStopped(taken(names, source ?? undefined));
  const slot = await slotNow(session, names.slot);
  if (slot) return slot;
  throw new SourceStopped(
    `the slot ${names.slot} was dropped, so changes are missing. A reset of the source begins again, with a snapshot`,
  );
}

/** Makes the slot this source's, whether or not it is there. May be repeated. @throws {SourceStopped} when it is another's */
export async function claim(session: Session, names: Names): Promise<void> {
  const slot = literal(names.slot);
  if ((await records(session, names.slot)) === undefined) await session.transaction(CREATE_RECORD);
  await session.transaction([
    `INSERT INTO ${RECORD} (slot, owner, source, made_slot) SELECT ${slot}, ${literal(names.owner)}, ${literal(names.source)},
  NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots WHERE slot_name = ${slot}) ON CONFLICT DO NOTHING`,
  ]);
  const [owner, source] = (await records(session, names.slot))?.[0] ?? [];
  if (owner !== names.owner) throw new SourceStopped(taken(names, source ?? undefined));
}

/** Makes the slot that was claimed, if it is missing. The publication must be there: the slot knows only what is older than itself. */
export async function makeSlot(session: Session, slot: string): Promise<Slot> {
  const existing = await slotNow(session, slot);
  if (existing) return existing;
  // It waits for the transactions that are running now.
  await session.transaction([`SELECT pg_create_logical_replication_slot(${literal(slot)}, 'pgoutput')`], LONG_STATEMENT_MS);
  return (await slotNow(session, slot))!;
}

/** Undefined: there is no table of records. */
async function records(session: Session, slot: string): Promise<readonly Row[] | undefined> {
  const [there] = await session.transaction([`SELECT to_regclass(${literal(RECORD)}) IS NOT NULL, pg_current_wal_lsn()`]);
  if (there?.[0] !== "t") return undefined;
  return session.transaction([
    `SELECT owner, source, made_slot, made_publication, pg_current_wal_lsn() FROM ${RECORD} WHERE slot = ${literal(slot)}`,
  ]);
}

export function taken({ slot, source }: Names, by: string | undefined): string {
  if (by === undefined)
    return `the slot ${slot} is not this source's any more: its record in ${RECORD} is gone. A reset of the source begins again`;
  const other = by === source ? `a source of the same name (${by}) of another deployment, or from before` : `the source ${by}`;
  return `the slot ${slot} belongs to ${other}: each source needs a slot of its own. If that source is gone: DELETE FROM ${RECORD} WHERE slot = ${literal(slot)}`;
}

/** Sees to it that the publication has exactly these tables, if it is this source's, and at least these, if it is not. */
export async function publish(session: Session, names: Names, tables: readonly FollowedTable[]): Promise<void> {
  const publication = name(names.publication);
  const [found] = await session.transaction([
    `SELECT pubviaroot, puballtables, (SELECT made_publication = pubname FROM ${RECORD} WHERE slot = ${literal(names.slot)}),
  (SELECT json_agg(format('%I.%I', schemaname, tablename)) FROM pg_catalog.pg_publication_tables AS part WHERE part.pubname = publication.pubname)
FROM pg_catalog.pg_publication AS publication WHERE pubname = ${literal(names.publication)}`,
  ]);
  if (!found) {
    await session.transaction([
      `CREATE PUBLICATION ${publication} FOR TABLE ${tables.map(published).join(", ")} WITH (publish_via_partition_root = true)`,
      `UPDATE ${RECORD} SET made_publication = ${literal(names.publication)} WHERE slot = ${literal(names.slot)}`,
    ]);
    return;
  }
  const [isViaRoot, isForAll, isOurs, listed] = found;
  const partitioned = tables.find((table) => table.isPartitioned);
  if (isViaRoot !== "t" && partitioned)
    throw new SourceStopped(
      `the publication ${names.publication} names partitions instead of ${partitioned.name}: ALTER PUBLICATION ${publication} SET (publish_via_partition_root = true)`,
    );
  const missing = tables.filter((table) => !table.isPublished);
  const add = `ALTER PUBLICATION ${publication} ADD TABLE ${missing.map(published).join(", ")}`;
  if (missing.length > 0) {
    if (isOurs !== "t") throw new SourceStopped(`the publication ${names.publication} has not all of these tables: ${add}`);
    await session.transaction([add]);
  }
  const wanted = new Set(tables.map((table) => table.sql));
  const extra =
    isOurs === "t" && isForAll !== "t" ? (JSON.parse(listed ?? "[]") as string[]).filter((table) => !wanted.has(requoted(table))) : [];
  // Without ONLY it would drop the tables that inherit from these, too.
  const drop = extra.map((table) => `ONLY ${table}`).join(", ");
  if (extra.length > 0) await session.transaction([`ALTER PUBLICATION ${publication} DROP TABLE ${drop}`]);
}

/** `format('%I')` quotes only where it must. */
function requoted(table: string): string {
  return table
    .match(/"(?:[^"]|"")*"|[^.]+/g)!
    .map((part) => (part.startsWith('"') ? part : `"${part}"`))
    .join(".");
}

/** Drops what this source has made, and nothing else. May be repeated. */
export async function release(session: Session, names: Pick<Names, "slot" | "owner">): Promise<void> {
  const [record] = (await records(session, names.slot)) ?? [];
  if (!record || record[0] !== names.owner) return;
  const [, , madeSlot, madePublication] = record;
  if (madeSlot === "t")
    await session.transaction([
      `SELECT pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = ${literal(names.slot)} AND database = current_database()`,
    ]);
  await session.transaction([
    ...(typeof madePublication === "string" ? [`DROP PUBLICATION IF EXISTS ${name(madePublication)}`] : []),
    `DELETE FROM ${RECORD} WHERE slot = ${literal(names.slot)} AND owner = ${literal(names.owner)}`,
  ]);
}

/** What an administrator runs for a role that may not do it itself. */
export function sqlForAdministrator(names: Names, role: string, tables: readonly FollowedTable[]): string {
  const who = name(role);
  return [
    ...CREATE_RECORD.map((statement) => statement.replaceAll(/\s+/g, " ")),
    `GRANT USAGE ON SCHEMA headspring TO ${who}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${RECORD} TO ${who}`,
    `GRANT SELECT ON ${tables.map((table) => table.sql).join(", ")} TO ${who}`,
    `CREATE PUBLICATION ${name(names.publication)} FOR TABLE ${tables.map(published).join(", ")} WITH (publish_via_partition_root = true)`,
    `ALTER ROLE ${who} REPLICATION`,
  ]
    .map((statement) => `${statement};`)
    .join(" ");
}

export function isRefused(error: unknown): boolean {
  return stateOf(error) === INSUFFICIENT_PRIVILEGE;
}
