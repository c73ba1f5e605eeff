/** What a source's object keeps: how far it is, what it fails at, what an operator has decided, and messages that wait. Synchronous. */

import type { JsonValue } from "../core/event.ts";
import { newId } from "../core/ids.ts";
import { hasTable } from "../core/sqlite.ts";
import type { SourceLag } from "../definitions/sources/kind.ts";
import type { BroughtMessage, SourceError } from "../store/source-protocol.ts";
import { SKIPPED_REMEMBERED } from "./limits.ts";

/** How far the source is. Stored under one key: names may be added, never changed. */
export interface Place {
  /** The kind's own, of the last portion that is stored as a whole. */
  readonly cursor?: JsonValue;
  /** The id of the last change that is settled, of the portion after that. */
  readonly ahead?: string;
  readonly position?: string;
  readonly changes: number;
  readonly appended: number;
  readonly ended: number;
  /** Milliseconds since 1970. */
  readonly progressAt?: number;
}

/** Why it does not go on. */
export interface Trouble {
  readonly attempts: number;
  readonly error: SourceError;
  /** When it tries again (milliseconds since 1970); undefined: not by itself. */
  readonly nextAt?: number;
}

export interface SkippedChange {
  readonly change: string;
  readonly message: string;
  readonly skippedAt: string;
}

/** The place without the mark of a portion that is stored in part. */
export function withoutAhead({ ahead: _ahead, ...place }: Place): Place {
  return place;
}

const BEGINNING: Place = { changes: 0, appended: 0, ended: 0 };
const [PLACE, TROUBLE, PAUSED, SALT, SKIPPED] = ["place", "trouble", "paused", "salt", "skipped"];

const CREATE_WAITING = `
  CREATE TABLE IF NOT EXISTS waiting (
    number  INTEGER PRIMARY KEY,
    id      TEXT    NOT NULL,
    sent_at INTEGER NOT NULL,   -- milliseconds since 1970
    body    TEXT    NOT NULL    -- JSON
  ) STRICT`;

export interface WaitingMessage extends BroughtMessage {
  readonly number: number;
}

export class SourceLedger {
  readonly #storage: DurableObjectStorage;
  /** What was seen last is not stored: at rest nothing is written. */
  lag: SourceLag | undefined;
  /** When that was (milliseconds since 1970). */
  lagAt: number | undefined;
  warning: string | undefined;
  /** There was nothing new at the last look. */
  isAtEnd = false;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  get place(): Place {
    return this.#storage.kv.get<Place>(PLACE) ?? BEGINNING;
  }

  get trouble(): Trouble | undefined {
    return this.#storage.kv.get<Trouble>(TROUBLE);
  }

  get isPaused(): boolean {
    return this.#storage.kv.get<boolean>(PAUSED) === true;
  }

  get skipped(): readonly SkippedChange[] {
    return this.#storage.kv.get<SkippedChange[]>(SKIPPED) ?? [];
  }

  /**
   * Part of every id that the source gives, and known to nobody else: so no client can give an event such an id first. It outlives a reset and a
   * removal, so that what was read before is known when it is read again.
   */
  get salt(): string {
    const known = this.#storage.kv.get<string>(SALT);
    if (known !== undefined) return known;
    const salt = newId();
    this.#storage.kv.put(SALT, salt);
    return salt;
  }

  /** Changes are settled. `numbers`: the messages that wait no more. */
  settle(place: Place, numbers: readonly number[] = []): void {
    this.#storage.transactionSync(() => {
      this.#storage.kv.put(PLACE, place);
      const through = numbers.at(-1);
      if (through !== undefined) this.#storage.sql.exec(`DELETE FROM waiting WHERE number <= ?`, through);
    });
  }

  fail(trouble: Trouble): void {
    this.#storage.kv.put(TROUBLE, trouble);
  }

  /** Whatever it failed at is behind it. */
  forgetTrouble(): void {
    if (this.#storage.kv.get(TROUBLE) !== undefined) this.#storage.kv.delete(TROUBLE);
  }

  pause(): void {
    this.#storage.kv.put(PAUSED, true);
  }

  resume(): void {
    this.#storage.kv.delete(PAUSED);
  }

  /** The change is to be passed over when it comes again. */
  skip(change: SkippedChange): void {
    this.#storage.transactionSync(() => {
      this.#storage.kv.put(SKIPPED, [change, ...this.skipped].slice(0, SKIPPED_REMEMBERED));
      this.forgetTrouble();
    });
  }

  /** It begins again. What has been counted, and whether it is paused, stays. */
  reset(): void {
    const { changes, appended, ended } = this.place;
    this.#storage.transactionSync(() => {
      this.#storage.kv.put(PLACE, { changes, appended, ended });
      this.#storage.kv.delete(SKIPPED);
      this.forgetTrouble();
    });
    [this.lag, this.lagAt, this.warning, this.isAtEnd] = [undefined, undefined, undefined, false];
  }

  async forget(): Promise<void> {
    const { salt } = this;
    await this.#storage.deleteAll();
    this.#storage.kv.put(SALT, salt);
    [this.lag, this.lagAt, this.warning, this.isAtEnd] = [undefined, undefined, undefined, false];
  }

  keep(messages: readonly BroughtMessage[]): void {
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec(CREATE_WAITING);
      for (const { id, timestamp, body } of messages)
        this.#storage.sql.exec(`INSERT INTO waiting (id, sent_at, body) VALUES (?, ?, ?)`, id, timestamp, body);
    });
  }

  get waiting(): number {
    if (!hasTable(this.#storage.sql, "waiting")) return 0;
    return Number(this.#storage.sql.exec(`SELECT count(*) AS count FROM waiting`).one().count);
  }

  /** The first messages that wait. */
  waitingMessages(limit: number): WaitingMessage[] {
    if (!hasTable(this.#storage.sql, "waiting")) return [];
    const select = `SELECT number, id, sent_at AS timestamp, body FROM waiting ORDER BY number LIMIT ?`;
    return this.#storage.sql.exec(select, limit).toArray() as unknown as WaitingMessage[];
  }
}
