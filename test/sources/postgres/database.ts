/** A database of its own for each test, and a source that follows it. */

import pg from "pg";
import { inject, onTestFinished } from "vitest";
import type { Change } from "../../../src/definitions/sources/kind.ts";
import type { PostgresChange, PostgresSettings } from "../../../src/sources/postgres/index.ts";
import { postgresKind } from "../../../src/sources/postgres/kind.ts";
import { Follower } from "../kind-contract.ts";

export const isMissing = inject("servers").postgres === undefined;

let made = 0;

export class Database {
  readonly url: string;
  readonly #name: string;
  readonly #clients: pg.Client[] = [];

  private constructor(name: string, on: string) {
    this.#name = name;
    this.url = `${on}${name}`;
  }

  /** Removed with the test, and its slots with it. `on` is a server of the test's own. */
  static async make(sql?: string, on = serverUrl()): Promise<Database> {
    const database = new Database(`test_${++made}_${crypto.randomUUID().slice(0, 8)}`, on);
    const server = await clientOf(`${on}postgres`);
    await server.query(`CREATE DATABASE ${database.#name}`);
    onTestFinished(async () => {
      await Promise.all(database.#clients.map((client) => client.end().catch(() => {})));
      await server.query(
        `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = '${database.#name}' AND active_pid IS NOT NULL`,
      );
      await server.query(`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '${database.#name}'`);
      await server.query(`DROP DATABASE ${database.#name} WITH (FORCE)`);
      await server.end();
    });
    if (sql !== undefined) await database.run(sql);
    return database;
  }

  async client(url = this.url): Promise<pg.Client> {
    const client = await clientOf(url);
    this.#clients.push(client);
    return client;
  }

  #own: pg.Client | undefined;

  /** @returns the rows of the last statement */
  async run(sql: string): Promise<Record<string, unknown>[]> {
    this.#own ??= await this.client();
    const answer = (await this.#own.query(sql)) as pg.QueryResult | pg.QueryResult[];
    return (Array.isArray(answer) ? answer.at(-1)! : answer).rows as Record<string, unknown>[];
  }

  /** Ends the connections of sources. */
  async breakConnections(): Promise<void> {
    await this.run(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'headspring %'",
    );
  }

  follow(
    settings: Partial<PostgresSettings> & { readonly tables: string[] },
    names?: { readonly store: string; readonly source: string },
    bound: unknown = this.url,
  ): Follower {
    const follower = new Follower(
      postgresKind,
      { settings: { connection: "DATABASE", ...settings }, variables: { DATABASE: bound } },
      names ?? { store: "tests", source: this.#name },
    );
    onTestFinished(() => follower.disconnect());
    return follower;
  }
}

/** Ends with a slash. */
export function serverUrl(url = inject("servers").postgres!): string {
  return url.replace(/postgres$/, "");
}

async function clientOf(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: "test" });
  client.on("error", () => {});
  await client.connect();
  return client;
}

export function valueOf(change: Change): PostgresChange {
  return change.value as unknown as PostgresChange;
}

/** In short: `insert 1 {"id":1}`. */
export function told(changes: readonly Change[]): string[] {
  return changes
    .map(valueOf)
    .map(({ op, key, before, after }) =>
      [op, ...Object.values(key).map((part) => JSON.stringify(part)), ...[before, after].map((row) => JSON.stringify(row) ?? "-")].join(
        " ",
      ),
    );
}
