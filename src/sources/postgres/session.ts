/** A connection to the server: statements as text, answers as text. It lasts for some portions, and is given up at the first error. */

import pg from "pg";
import { type SourceContext, SourceStopped } from "../../definitions/sources/kind.ts";

/** Milliseconds. Ours: a server that does not answer for so long is tried again later. */
const CONNECT_MS = 10_000;
/** Milliseconds for a statement that looks something up or changes little. */
export const STATEMENT_MS = 30_000;
/** Milliseconds for a statement whose time grows with the log or a table. */
export const LONG_STATEMENT_MS = 300_000;
/** Milliseconds that this side waits longer than the server, whose own error says more. */
const GRACE_MS = 5_000;

export type Row = readonly (string | null)[];

/** The size of a row's values, in characters. */
export function bytesOf(row: Row): number {
  return row.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}

/** Quoted for SQL: a name, and a string. */
export const name = (text: string): string => pg.escapeIdentifier(text);
export const literal = (text: string): string => pg.escapeLiteral(text);

const RAW = { getTypeParser: () => (text: string) => text };

export class Session {
  readonly #client: pg.Client;
  #isOpen = true;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async open(bindingName: string, context: SourceContext): Promise<Session> {
    const connectionString = connectionStringOf(context.binding(bindingName), bindingName);
    let client: pg.Client;
    try {
      client = new pg.Client({
        connectionString,
        connectionTimeoutMillis: CONNECT_MS,
        application_name: `headspring ${context.store}/${context.source}`.slice(0, 63),
      });
    } catch {
      // The parser's own error may have parts of the string in it.
      throw new SourceStopped(`${bindingName} is no connection string of PostgreSQL (postgres://user:password@host:port/database)`);
    }
    // A connection that ends while nothing is asked says so here, and else nowhere. The next statement fails, which is enough.
    client.on("error", () => {});
    await client.connect();
    return new Session(client);
  }

  /** Runs statements in one round trip, with the simple protocol: what a pool of connections need not know more of. One list of rows for each. */
  async run(statements: readonly string[], withinMs = STATEMENT_MS): Promise<readonly (readonly Row[])[]> {
    if (!this.#isOpen) throw new Error("the connection to PostgreSQL is closed");
    const query = { text: statements.join(";\n"), rowMode: "array" as const, types: RAW, query_timeout: withinMs + GRACE_MS };
    // With several statements there are several results, which the types do not say.
    const answer = (await this.#client.query(query)) as unknown as { readonly rows: Row[] } | readonly { readonly rows: Row[] }[];
    return (Array.isArray(answer) ? answer : [answer]).map((result: { readonly rows: Row[] }) => result.rows);
  }

  /** The rows of the last of these statements, which run in a transaction of their own. */
  async transaction(statements: readonly string[], withinMs = STATEMENT_MS): Promise<readonly Row[]> {
    const results = await this.run(["BEGIN", limited(withinMs), ...statements, "COMMIT"], withinMs);
    return results.at(-2) ?? [];
  }

  /** After a statement that failed in a transaction. */
  async rollBack(): Promise<void> {
    if (this.#isOpen) await this.run(["ROLLBACK"]).catch(() => {});
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#client.end();
  }
}

/** `SET LOCAL`, because a pool may give the next transaction another connection. */
export function limited(withinMs: number): string {
  return `SET LOCAL statement_timeout = ${withinMs}; SET LOCAL lock_timeout = ${STATEMENT_MS}`;
}

function connectionStringOf(bound: unknown, bindingName: string): string {
  const text = typeof bound === "object" && bound !== null && "connectionString" in bound ? bound.connectionString : bound;
  if (typeof text === "string" && /^postgres(?:ql)?:\/\//.test(text)) return text;
  throw new SourceStopped(
    `${bindingName} is neither a connection string of PostgreSQL (postgres://user:password@host:port/database) nor a Hyperdrive binding`,
  );
}

/** What the server calls an error: its SQLSTATE; undefined: it is none of the server's. */
export function stateOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}
