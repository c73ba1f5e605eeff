/** A table of PostgreSQL that benchmarks of sources follow, and what fills it. */

import pg from "pg";
import { TABLE } from "./postgres-table-name.ts";

export async function makeTable(url: string): Promise<void> {
  await run(
    url,
    `CREATE TABLE ${TABLE} (id bigserial PRIMARY KEY, sensor int NOT NULL, value float8 NOT NULL, room text NOT NULL, at timestamptz NOT NULL DEFAULT now())`,
  );
}

/** Inserts rows in transactions of so many, for so many sensors in turns. */
export async function fillTable(
  url: string,
  { rows, perTransaction = 10, sensors = 1_000 }: { rows: number; perTransaction?: number; sensors?: number },
): Promise<void> {
  await run(
    url,
    `DO $$ BEGIN FOR batch IN 1..${Math.ceil(rows / perTransaction)} LOOP
  INSERT INTO ${TABLE} (sensor, value, room) SELECT i % ${sensors}, i / 7.0, repeat('n', 60) FROM generate_series((batch - 1) * ${perTransaction}, batch * ${perTransaction} - 1) AS i;
  COMMIT;
END LOOP; END $$`,
  );
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}
