/** Changes what is stored, as tests of old and of broken data need it. */

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import type { LoggedEvent, StoredEvent } from "../../src/core/event.ts";
import { Pages } from "../../src/log/pages.ts";
import { RowTable } from "../../src/log/row-table.ts";

/** Changes events where a log has stored them. */
export async function changeLogged(log: DurableObjectStub, change: (event: LoggedEvent) => LoggedEvent): Promise<void> {
  await runInDurableObject(log, (_instance, { storage }) => {
    const pages = new Pages(storage.sql);
    for (const page of pages.between(1, Number.MAX_SAFE_INTEGER, "forward")) pages.replace({ ...page, events: page.events.map(change) });
  });
}

/** Makes an empty log one that version 0.1 began: a row for each event. */
export async function begunByVersion01(log: DurableObjectStub): Promise<void> {
  await runInDurableObject(log, (_instance, { storage }) => {
    new RowTable(storage.sql, 1).accept("made/1", [MADE]);
    storage.sql.exec(`DELETE FROM log`);
  });
  await evictDurableObject(log);
}

const MADE: StoredEvent = {
  version: 1,
  id: "00000000-0000-4000-8000-000000000000",
  type: "Made",
  data: "{}",
  meta: "{}",
  time: null,
  recordedAt: 0,
  schemaVersion: 1,
};
