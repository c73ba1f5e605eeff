/**
 * The example examples/stock-from-postgres as a stranger gets it, on a real PostgreSQL: rows are there before it, change while it runs, and
 * change while it is dead. It needs the npm registry, so only the long run has it.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { app } from "../../examples/stock-from-postgres/src/app.ts";
import { until } from "../../scripts/client.ts";
import { createClient } from "../../src/client/index.ts";
import { postgresServer } from "../sources/servers/postgres.ts";
import type { RunningServer } from "../sources/servers/server.ts";
import { installExample } from "./example.ts";
import { Server } from "./server.ts";

const README = readFileSync(join(import.meta.dirname, "../../examples/stock-from-postgres/README.md"), "utf8");
/** The README's statements, in its order: as administrator, and as the source's role. The first is about `wal_level`, which this server has. */
const [, ROLE = "", DATABASE = "", TABLE = "", ROWS = "", SOLD = ""] = [...README.matchAll(/ -c "([^"]+)"/g)].map(
  ([, statement]) => statement,
);
/** The README's requests. */
const PATHS = [...README.matchAll(/curl -s '?localhost:8787([^\s']+)/g)].map(([, path = ""]) => path);
/** Rows that are there before the source. */
const BEFORE = 300;

/** One that has not connected never ends, so nobody gets it before. */
async function connected(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

describe.skipIf(!postgresServer.isInstalled())("the example of the stock from PostgreSQL", () => {
  const folder = mkdtempSync(join(tmpdir(), "headspring-stock-"));
  let project = "";
  let database: RunningServer | undefined;
  let url = "";
  let sql: pg.Client | undefined;
  let server: Server | undefined;

  beforeAll(async () => {
    project = await installExample("stock-from-postgres", folder);
    database = await postgresServer.start();
    const administrator = await connected(database.url);
    for (const statement of [ROLE, DATABASE]) await administrator.query(statement);
    await administrator.end();
    const address = new URL(database.url);
    address.username = "headspring";
    address.password = "only-on-this-machine"; // the role's, and Hyperdrive asks for one
    address.pathname = "/shop";
    url = address.href;
    sql = await connected(url);
  });
  afterAll(async () => {
    await server?.stop();
    await sql?.end();
    await database?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The example's configuration with a Hyperdrive binding, which here leads to the database itself. Answers with its file. */
  function hyperdrive(): string {
    const file = join(project, "wrangler.hyperdrive.jsonc");
    const bindings = [{ binding: "STOCK_DATABASE", id: "stock", localConnectionString: url }];
    const configuration = readFileSync(join(project, "wrangler.jsonc"), "utf8");
    writeFileSync(file, configuration.replace('"main":', `"hyperdrive": ${JSON.stringify(bindings)},\n  "main":`));
    return file;
  }

  it("has the rows that existed, follows each change, and misses none when it is killed", async () => {
    const change = (statement: string) => sql!.query(statement);
    await change(TABLE);
    await change(`INSERT INTO stock SELECT 'P-' || n, n, n + 0.10 FROM generate_series(1, ${BEFORE}) n`);
    await change(ROWS);
    await change("INSERT INTO stock VALUES ('JAR-1', 0, NULL), ('POT-1', 1, 30)");
    server = await Server.start({ project, variables: { HEADSPRING_ENV: "local", STOCK_DATABASE: url } });
    const store = createClient<typeof app>(server.client.url);
    /** Waits until the view is what the table is. */
    const same = async (what: string) => {
      const { rows: wanted } = await change('SELECT sku, units, price::text FROM stock ORDER BY sku COLLATE "C"');
      const expected = JSON.stringify(wanted);
      await until(
        what,
        async () => {
          const rows: unknown[] = [];
          for await (const row of store.views.available.all()) rows.push(row);
          return JSON.stringify(rows) === expected || undefined;
        },
        120,
      );
    };
    const announced = async (sku: string) => {
      const events: unknown[] = [];
      for await (const { type, data } of store.offer(sku).events()) events.push([type, data]);
      return events;
    };

    await same("the rows that were there");
    await change("UPDATE stock SET units = 3, price = 4.80 WHERE sku = 'TEA-1'");
    await change("INSERT INTO stock VALUES ('JAM-1', 2, 3.333)");
    await change("DELETE FROM stock WHERE sku = 'POT-1'");
    await same("the changes of a running store");

    // One transaction that changes everything, and the store is killed at once; then more while it is dead.
    await change("UPDATE stock SET units = units + 1 WHERE sku LIKE 'P-%'");
    await server.crash();
    await change(SOLD);
    await change("UPDATE stock SET units = 5 WHERE sku = 'TEA-1'");
    await change("DELETE FROM stock WHERE sku = 'P-1'");
    // It comes back with a Hyperdrive binding of the same name: the source goes on where it was.
    await server.startAgain({ project, configs: [hyperdrive()], variables: { HEADSPRING_ENV: "local" } });
    await same("the changes of before and after the kill");
    await change("UPDATE stock SET price = 5.10 WHERE sku = 'TEA-1'");
    await change("INSERT INTO stock SELECT 'Q-' || n, n, n FROM generate_series(1, 500) n");
    await same("the changes through Hyperdrive");

    // Each state of a row is one event, and what it means is announced once.
    const levels: unknown[] = [];
    for await (const { data } of store.streams["stock-level"]("TEA-1").events()) levels.push(data);
    expect(levels).toEqual([
      { units: 7, price: "4.50" },
      { units: 3, price: "4.80" },
      { units: 0, price: "4.80" },
      { units: 5, price: "4.80" },
      { units: 5, price: "5.10" },
    ]);
    const tea = [
      ["BecameAvailable", { units: 7 }],
      ["RanOut", {}],
      ["BecameAvailable", { units: 5 }],
    ];
    await until("the announcements", async () => (await announced("TEA-1")).length >= tea.length || undefined);
    expect(await announced("TEA-1")).toEqual(tea);
    await until("the announcement of what was deleted", async () => (await announced("P-1")).length >= 2 || undefined);
    expect(await announced("P-1")).toEqual([
      ["BecameAvailable", { units: 1 }],
      ["RanOut", {}],
    ]);
    expect(await server.client.get("/sources/stock-table")).toMatchObject({ status: "live" });
    expect(PATHS.length).toBeGreaterThan(3);
    for (const path of PATHS) await server.client.get(path);
  });
});
