/** Changes what is stored, as tests of old and of broken data need it. */

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import type { LoggedEvent } from "../../src/core/event.ts";
import { Pages } from "../../src/log/pages.ts";

/** Changes events where a log has stored them. */
export async function changeLogged(log: DurableObjectStub, change: (event: LoggedEvent) => LoggedEvent): Promise<void> {
  await runInDurableObject(log, (_instance, { storage }) => {
    const pages = new Pages(storage.sql);
    for (const page of pages.between(1, Number.MAX_SAFE_INTEGER, "forward")) pages.replace({ ...page, events: page.events.map(change) });
  });
}

/** The table in which version 0.1 kept a log's events, a row each, and its one index. */
const ROWS = [
  `CREATE TABLE log (
    position       INTEGER PRIMARY KEY,
    stream         TEXT    NOT NULL,
    version        INTEGER NOT NULL,
    id             TEXT    NOT NULL,
    type           TEXT    NOT NULL,
    data           TEXT    NOT NULL,
    meta           TEXT    NOT NULL,
    time           TEXT,
    recorded_at    INTEGER NOT NULL,
    schema_version INTEGER NOT NULL,
    erased         INTEGER,             -- 1: data and meta were blanked
    trace          TEXT                 -- as the stream has it
  ) STRICT`,
  `CREATE UNIQUE INDEX log_by_stream ON log (stream, version)`,
];

/** Makes that table. */
export function makeRows(sql: SqlStorage): void {
  for (const statement of ROWS) sql.exec(statement);
}

/** Makes an empty segment of a log one that version 0.1 began. */
export async function begunByVersion01(segment: DurableObjectStub): Promise<void> {
  await runInDurableObject(segment, (_instance, { storage }) => makeRows(storage.sql));
  await evictDurableObject(segment);
}
