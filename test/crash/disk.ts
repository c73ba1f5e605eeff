/** The store's files, read without asking the store: a request to a stream makes it look after itself. */

import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deserialize } from "node:v8";
import type { LoggedEvent, StoredEvent } from "../../src/core/event.ts";
import { eventsOf as eventsOfLog } from "../../src/store/page-text.ts";
import { FORMAT_KEY, contentOf } from "../../src/store/stored-format.ts";
import { eventsOf } from "../../src/store/events-text.ts";
import type { Page } from "../../src/streams/page-form.ts";

export interface OnDisk {
  readonly id: string;
  readonly version: number;
  readonly type: string;
  readonly correlationId: string | undefined;
}

interface CheckpointRow {
  readonly store: string;
  readonly consumer: string;
  readonly position: number;
  readonly status: string;
  /** Empty: it is a processor's. */
  readonly generation: string;
  readonly rebuild: number;
  readonly erase_to: number;
  readonly born_at: number;
}

const CHECKPOINTS = `
  SELECT c.store, c.consumer, c.position, c.status, c.generation, v.rebuild, v.erase_to, c.born_at
  FROM headspring_checkpoints AS c LEFT JOIN headspring_views AS v ON v.store = c.store AND v.view = c.consumer
  WHERE c.generation = '' OR c.generation = v.serving`;

/** SQLite: a transaction must be rolled back first, and a reader may not. */
const SQLITE_READONLY_ROLLBACK = 776;

const STREAMS = "v3/do/headspring-StreamObject";
const LOGS = "v3/do/headspring-LogObject";
const D1 = "v3/d1/miniflare-D1DatabaseObject";

export class Disk {
  readonly #folder: string;

  /** @param folder what `--persist-to` names */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The events of every stream, by `store/category/id`. */
  streams(): Map<string, OnDisk[]> {
    const found = this.#each(STREAMS, (db) => {
      const name = nameOf(db);
      const events = eventsOn(db);
      if (name === undefined || events.length === 0) return undefined;
      const onDisk = events.map(({ id, version, type, meta }) => ({ id, version, type, correlationId: correlationOf(meta) }));
      return [name, onDisk] as const;
    });
    return new Map(found);
  }

  /** Ids of the events in the log of a store, by `category/id/version`. */
  log(store: string): Map<string, string> {
    const found = this.#each(LOGS, (db) => {
      return nameOf(db)?.split("#")[0] === store ? loggedIn(db) : undefined;
    });
    return new Map(found.flat().map(({ stream, version, id }) => [`${stream}/${version}`, id]));
  }

  /** How many objects the logs have come to be spread over. */
  segments(): number {
    return this.#each(LOGS, (db) => (has(db, "pages") ? true : undefined)).length;
  }

  /** Memos that can still be read, in streams and logs: `store stream`. */
  memos(): Set<string> {
    const inStreams = this.#each(STREAMS, (db) => {
      const [store = "", category, id] = (nameOf(db) ?? "").split("/");
      if (category !== "memo") return undefined;
      return eventsOn(db).some(({ data }) => data.includes("memo ")) ? [`${store} memo/${id}`] : undefined;
    });
    const inLogs = this.#each(LOGS, (db) => {
      const readable = loggedIn(db)?.filter(({ stream, data }) => stream.startsWith("memo/") && data.includes("memo "));
      return readable?.map(({ stream }) => `${nameOf(db)?.split("#")[0]} ${stream}`);
    });
    return new Set([...inStreams, ...inLogs].flat());
  }

  /** How far views (the table that answers) and processors are, in any store, and whether another table is to take over. */
  checkpoints(): { store: string; consumer: string; position: number; status: string; rebuilding: boolean }[] {
    return this.#each(D1, (db) => {
      if (!has(db, "headspring_checkpoints")) return undefined;
      const rows = db.prepare(CHECKPOINTS).all() as unknown as CheckpointRow[];
      return rows.map(({ generation, rebuild, erase_to, born_at, ...rest }) => {
        const built = Number(/_(\d+)$/.exec(generation)?.[1] ?? 0);
        return { ...rest, rebuilding: generation !== "" && (built !== rebuild || erase_to > born_at) };
      });
    }).flat();
  }

  #each<Found>(folder: string, look: (db: DatabaseSync) => Found | undefined): Found[] {
    const files = readdirSync(join(this.#folder, folder)).filter((file) => /^[0-9a-f]{64}\.sqlite$/.test(file));
    return files.flatMap((file) => {
      const path = join(this.#folder, folder, file);
      let found: Found | undefined;
      try {
        found = lookInto(path, true, look);
      } catch (error) {
        if ((error as { errcode?: number }).errcode !== SQLITE_READONLY_ROLLBACK) throw error;
        found = lookIntoCopy(path, look);
      }
      return found === undefined ? [] : [found];
    });
  }
}

/** Milliseconds to wait for a file that is locked. A write takes a few; a busy machine may take many times that. */
const LOCK_MS = 10_000;

function lookInto<Found>(path: string, readOnly: boolean, look: (db: DatabaseSync) => Found): Found {
  // The store may be writing to it at this moment.
  const db = new DatabaseSync(path, { readOnly, timeout: LOCK_MS });
  try {
    return look(db);
  } finally {
    db.close();
  }
}

/** The store died while it made this file, and nobody has opened it since: the first to do so cleans up. That must not be us. */
function lookIntoCopy<Found>(path: string, look: (db: DatabaseSync) => Found): Found {
  const folder = mkdtempSync(join(tmpdir(), "headspring-copy-"));
  try {
    for (const suffix of ["", "-journal", "-wal"])
      if (existsSync(path + suffix)) copyFileSync(path + suffix, join(folder, `copy.sqlite${suffix}`));
    return lookInto(join(folder, "copy.sqlite"), false, look);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The events of a stream: its first pages are one value in the object's key-value storage, the others rows of a table. */
function eventsOn(db: DatabaseSync): StoredEvent[] {
  const format = has(db, "_cf_KV") ? db.prepare(`SELECT value FROM _cf_KV WHERE key = ?`).get(FORMAT_KEY) : undefined;
  const beginning = format === undefined ? [] : ((contentOf(deserialize(format.value as Uint8Array)) as Page[] | undefined) ?? []);
  const others = has(db, "pages") ? db.prepare(`SELECT first, count, append, text FROM pages ORDER BY first`).all() : [];
  return [...beginning, ...(others as unknown as Page[])].flatMap((page) => eventsOf(page));
}

function correlationOf(meta: string): string | undefined {
  return (JSON.parse(meta) as { readonly correlationId?: string }).correlationId;
}

function has(db: DatabaseSync, table: string): boolean {
  return db.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?`).get(table) !== undefined;
}

/** The name under which the object was asked for; the local runtime keeps it with the object. */
function nameOf(db: DatabaseSync): string | undefined {
  if (!has(db, "__miniflare_do_name")) return undefined;
  const row = db.prepare(`SELECT * FROM __miniflare_do_name`).get();
  return Object.values(row ?? {}).find((value) => typeof value === "string");
}

/** The events that an object of a log has; undefined: it has none. */
function loggedIn(db: DatabaseSync): LoggedEvent[] | undefined {
  if (!has(db, "pages")) return undefined;
  const pages = db.prepare(`SELECT first, head, body FROM pages`).all() as unknown as { first: number; head: string; body: string }[];
  return pages.flatMap((page) => eventsOfLog(page, page.first));
}
