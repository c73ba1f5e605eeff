/**
 * D1's read replicas. A replica may lag behind the primary, but it lags as a whole: rows and checkpoint that are read in one batch belong
 * together wherever they are read. So any replica may answer, and the checkpoint shows how far it is.
 */

export type ReadFrom = "anywhere" | "primary";

/** Another process writes to the file. Only on a developer's machine: there each of two workers is a process, and their database is a file. */
const BUSY = "SQLITE_BUSY";
/** Milliseconds between two attempts then, and how many there are. Ours: a commit takes less than one pause. */
const BUSY_PAUSE_MS = 20;
const BUSY_ATTEMPTS = 25;

/** Runs statements that only read, in one transaction. */
export async function readBatch<Row>(db: D1Database, from: ReadFrom, statements: D1PreparedStatement[]): Promise<D1Result<Row>[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readOnce<Row>(db, from, statements);
    } catch (error) {
      if (attempt === BUSY_ATTEMPTS || !String(error).includes(BUSY)) throw error;
      await scheduler.wait(BUSY_PAUSE_MS);
    }
  }
}

async function readOnce<Row>(db: D1Database, from: ReadFrom, statements: D1PreparedStatement[]): Promise<D1Result<Row>[]> {
  if (from === "primary") return db.batch<Row>(statements);
  try {
    return await db.withSession("first-unconstrained").batch<Row>(statements);
  } catch (error) {
    // The table may be too new for the replica; and if the statement is wrong, the primary fails as well.
    if (!/no such (?:table|column)/.test(String(error))) throw error;
    return db.batch<Row>(statements);
  }
}
