/**
 * `npm run bench:postgres`: how many changes a second come from a table of PostgreSQL, read by the kind alone, and through the whole source into the store. ROWS (20000)
 * says how many in a table's transaction, SENSORS (50) over how many streams.
 */

import { startPostgres } from "../test/sources/servers/postgres.ts";
import { fillTable, makeTable } from "./postgres-table.ts";
import { startRuntime } from "./runtime.ts";

const ROWS = Number(process.env["ROWS"] ?? 20_000);
const SENSORS = Number(process.env["SENSORS"] ?? 50);

const database = await startPostgres();
try {
  await makeTable(database.url);
  const runtime = await startRuntime("bench/postgres-worker.ts", { variables: { DATABASE: database.url } });
  try {
    const kind = (changes: number) =>
      fetch(`${runtime.url}/kind?changes=${changes}`).then(
        async (answer) => JSON.parse(await answer.text()) as { changes: number; seconds: number },
      );
    await kind(0);
    for (const perTransaction of [1, 10, ROWS]) {
      await fillTable(database.url, { rows: ROWS, perTransaction, sensors: SENSORS });
      const { changes, seconds } = await kind(ROWS);
      show(`the kind alone, ${perTransaction} changes in a transaction`, changes, seconds);
    }
    // Its snapshot has the earlier rows.
    let rows = 3 * ROWS;
    await measure(`into the store: the snapshot, ${SENSORS} streams in turns`, runtime.url, rows);
    for (const perTransaction of [1, 10]) {
      await fillTable(database.url, { rows: ROWS, perTransaction, sensors: SENSORS });
      await measure(`into the store: changes, ${perTransaction} in a transaction`, runtime.url, (rows += ROWS));
    }
  } finally {
    await runtime.stop();
  }
} finally {
  await database.stop();
}

/** Wakes the source, as the cron does, and waits for the log's head. */
async function measure(what: string, url: string, wanted: number): Promise<void> {
  const from = await head(url);
  const begun = performance.now();
  await fetch(`${url}/sweep`);
  while ((await head(url)) < wanted) await new Promise((resolve) => setTimeout(resolve, 50));
  show(what, wanted - from, (performance.now() - begun) / 1_000);
}

async function head(url: string): Promise<number> {
  const answer = await fetch(`${url}/log/head`);
  return (JSON.parse(await answer.text()) as { readonly head: number }).head;
}

function show(what: string, changes: number, seconds: number): void {
  console.log(
    `${what.padEnd(60)}${Math.round(changes / seconds)
      .toLocaleString("en")
      .padStart(10)} changes/s`,
  );
}
