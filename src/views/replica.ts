/**
 * D1's read replicas. A replica may lag behind the primary, but it lags as a whole: rows and checkpoint that are read in one batch belong
 * together wherever they are read. So any replica may answer, and the checkpoint shows how far it is.
 */

export type ReadFrom = "anywhere" | "primary";

/** Runs statements that only read, in one transaction. */
export async function readBatch<Row>(db: D1Database, from: ReadFrom, statements: D1PreparedStatement[]): Promise<D1Result<Row>[]> {
  if (from === "primary") return db.batch<Row>(statements);
  try {
    return await db.withSession("first-unconstrained").batch<Row>(statements);
  } catch (error) {
    // The table may be too new for the replica; and if the statement is wrong, the primary fails as well.
    if (!/no such (?:table|column)/.test(String(error))) throw error;
    return db.batch<Row>(statements);
  }
}
