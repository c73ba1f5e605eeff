/**
 * The floor that figures are compared with: a bare Durable Object behind a bare worker. It parses what it is sent, stores it by
 * one INSERT for each event and answers when that is durable. No checks, no order, no log, no views.
 */

import { DurableObject } from "cloudflare:workers";

interface FloorEnv {
  readonly STREAMS: DurableObjectNamespace<StreamObject>;
}

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/health") return new Response("ok");
    const object = env.STREAMS.getByName(pathname);
    if (request.method === "GET") return new Response(await object.read(Number(searchParams.get("limit") ?? 100)));
    return Response.json(await object.insert(await request.text()));
  },
} satisfies ExportedHandler<FloorEnv>;

export class StreamObject extends DurableObject {
  #head: number;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as never);
    ctx.storage.sql.exec(`CREATE TABLE IF NOT EXISTS events (version INTEGER PRIMARY KEY, data TEXT NOT NULL) STRICT`);
    this.#head = Number(ctx.storage.sql.exec(`SELECT COALESCE(MAX(version), 0) AS head FROM events`).one().head);
  }

  insert(body: string): { version: number } {
    const parsed = JSON.parse(body) as { events?: unknown[] };
    const { sql } = this.ctx.storage;
    for (const event of parsed.events ?? [parsed]) {
      sql.exec(`INSERT INTO events (version, data) VALUES (?, ?)`, ++this.#head, JSON.stringify(event));
    }
    return { version: this.#head };
  }

  read(limit: number): string {
    const rows = this.ctx.storage.sql.exec<{ data: string }>(`SELECT version, data FROM events ORDER BY version LIMIT ?`, limit);
    return `{"events":[${rows
      .toArray()
      .map(({ data }) => data)
      .join(",")}]}`;
  }
}

/** The configuration is the store's, so its other classes must be there. */
export class LogObject extends DurableObject {}
export class WebhookObject extends DurableObject {}
export class CatalogObject extends DurableObject {}
export class SourceObject extends DurableObject {}
