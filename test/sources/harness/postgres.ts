/** A table of PostgreSQL, whose rows count up. Some rows are there before the source begins, and the server dies without a checkpoint. */

import { Client } from "pg";
import { startPostgres } from "../servers/postgres.ts";
import type { Outside, Written } from "./outside.ts";

/** Rows that the snapshot finds. */
const BEFORE = 5_000;

export async function postgresOutside(): Promise<Outside> {
  const server = await startPostgres();
  let client: Client | undefined;
  const connected = async () => {
    if (client) return client;
    const fresh = new Client({ connectionString: server.url });
    fresh.on("error", () => (client = undefined));
    await fresh.connect();
    return (client = fresh);
  };
  const before = Array.from({ length: BEFORE }, (_, index) => ({ key: `b${index}`, n: 1 }));
  const first = await connected();
  await first.query(`CREATE TABLE changes (key text PRIMARY KEY, n int NOT NULL)`);
  await first.query(`INSERT INTO changes SELECT 'b' || at, 1 FROM generate_series(0, ${BEFORE - 1}) AS at`);
  return {
    kind: "postgres",
    variables: { DATABASE: server.url },
    isOrdered: true,
    before,
    // While the snapshot is read, every change counts.
    hasBegun: ({ changes = 0 }) => changes > 0,
    /** One transaction. Written again it changes nothing: each row says how far it is. */
    async write(changes: readonly Written[]) {
      const to = await connected();
      try {
        await to.query("BEGIN");
        for (const { key, n } of changes) {
          if (n === 1) await to.query(`INSERT INTO changes VALUES ($1, 1) ON CONFLICT DO NOTHING`, [key]);
          else await to.query(`UPDATE changes SET n = $2 WHERE key = $1 AND n = $2 - 1`, [key, n]);
        }
        await to.query("COMMIT");
      } catch (error) {
        client = undefined;
        await to.end().catch(() => {});
        throw error;
      }
    },
    restart: server.restart,
    async stop() {
      await client?.end().catch(() => {});
      await server.stop();
    },
  };
}
