/**
 * Reads a durable consumer: makes portions of the messages that `pulled.ts` brings in the order of the stream, and counts in the cursor how far
 * that is, and what was missing.
 */

import type { NatsConnection } from "@nats-io/nats-core";
import type { Change, Connection, Portion } from "../../definitions/sources/kind.ts";
import { isoTime } from "../../core/iso-time.ts";
import type { JsonObject } from "../../core/event.ts";
import { payloadOf } from "../payload.ts";
import type { NatsCursor, Ready } from "./consumer.ts";
import type { Given } from "./inbox.ts";
import { PulledMessages } from "./pulled.ts";
import { disconnect, type JetStream } from "./server.ts";
import type { NatsSettings } from "./settings.ts";

/** Numbers of the stream without a message of concern, after which the cursor passes them. Ours: a write each. */
const PASSED = 1_000;

/** Where a connection begins. */
export interface NatsPlace {
  readonly cursor: NatsCursor;
  /** The engine does not have this cursor yet. */
  readonly isCursorNew: boolean;
  readonly streamEnd: number;
}

export class NatsReading implements Connection {
  readonly #server: NatsConnection;
  readonly #api: JetStream;
  readonly #settings: NatsSettings;
  readonly #messages: PulledMessages;
  readonly #portions = new WeakMap<Portion, readonly Given[]>();
  #cursor: NatsCursor;
  #isCursorNew: boolean;
  /** Last number in a portion. */
  #read: number;
  /** The last number that the stream had, before the last pull began. */
  #streamEnd: number;

  constructor(server: NatsConnection, api: JetStream, settings: NatsSettings, ready: Ready, place: NatsPlace) {
    const { cursor, isCursorNew, streamEnd } = place;
    this.#streamEnd = streamEnd;
    this.#server = server;
    this.#api = api;
    this.#settings = settings;
    this.#cursor = cursor;
    this.#isCursorNew = isCursorNew;
    this.#read = cursor.through;
    this.#messages = new PulledMessages(server, api, settings, ready, () => this.#cursor.through);
  }

  async read(limit: number): Promise<Portion> {
    await this.#messages.fill(limit);
    const messages = this.#messages.take(limit);
    const last = messages.at(-1);
    if (last === undefined) return this.#nothing();
    const cursor = this.#cursorAfter(messages);
    const entries = this.#messages.left;
    const portion: Portion = {
      changes: messages.map((message) => this.#changeOf(message)),
      cursor: { ...cursor },
      position: String(last.sequence),
      hasMore: entries > 0 || this.#settings.stay === true,
      lag: lagOf(entries, this.#messages.next ?? last),
      ...warningOf(cursor, this.#settings),
    };
    this.#read = last.sequence;
    this.#cursor = cursor;
    this.#isCursorNew = false;
    this.#portions.set(portion, messages);
    return portion;
  }

  async acknowledge(portion: Portion): Promise<void> {
    const messages = this.#portions.get(portion) ?? [];
    if (messages.length > 0) await this.#messages.acknowledge(messages);
  }

  async close(): Promise<void> {
    try {
      this.#messages.close();
      await disconnect(this.#server);
    } catch {
      // It is closed already.
    }
  }

  /** What is stored after these messages, and how many were missing between them. */
  #cursorAfter(messages: readonly Given[]): NatsCursor {
    let { missed } = this.#cursor;
    let before = this.#read;
    for (const { sequence } of messages) {
      // With a filter, what is between two may be of other subjects.
      if (this.#settings.subjects === undefined) missed += Math.max(0, sequence - 1 - Math.max(before, this.#cursor.began));
      before = sequence;
    }
    return { ...this.#cursor, through: Math.max(before, this.#read), missed };
  }

  /** There is nothing new: what the stream had when it was last looked at is stored, of other subjects, or gone. */
  async #nothing(): Promise<Portion> {
    const { stay: isStaying = false, subjects } = this.#settings;
    if (this.#messages.isAcknowledged && (subjects === undefined ? this.#streamEnd > this.#read : this.#streamEnd >= this.#read + PASSED)) {
      const gone = subjects === undefined ? this.#streamEnd - Math.max(this.#read, this.#cursor.began) : 0;
      this.#cursor = { ...this.#cursor, through: this.#streamEnd, missed: this.#cursor.missed + Math.max(0, gone) };
      this.#read = this.#streamEnd;
      this.#isCursorNew = true;
    }
    if (isStaying) this.#streamEnd = (await this.#api.streamInfo()).state.last_seq;
    const cursor = this.#isCursorNew ? { cursor: { ...this.#cursor } } : {};
    this.#isCursorNew = false;
    return { changes: [], ...cursor, hasMore: isStaying, lag: { entries: 0 }, ...warningOf(this.#cursor, this.#settings) };
  }

  #changeOf({ subject, data, headers, sequence, timeMs }: Given): Change {
    const time = isoTime(timeMs);
    const { stream, created } = this.#cursor;
    const names = headers?.keys() ?? [];
    const value: JsonObject = {
      subject,
      sequence,
      // As entries: a header may be called __proto__.
      headers: Object.fromEntries(names.map((name) => [name, headers?.values(name).join(", ") ?? ""])),
      time,
      ...payloadOf(data),
    };
    return { id: `${stream}/${created}/${sequence}`, position: String(sequence), value, time };
  }
}

function lagOf(entries: number, next: Given): Portion["lag"] {
  return entries === 0 ? { entries } : { entries, seconds: Math.max(0, (Date.now() - next.timeMs) / 1_000) };
}

function warningOf({ missed, stream }: NatsCursor, { subjects }: NatsSettings): { warning?: string } {
  if (missed === 0) return {};
  const howMany = subjects === undefined ? `${missed} messages` : `up to ${missed} messages, some of which may be of other subjects,`;
  return {
    warning: `${howMany} left the stream ${stream} before this source had read them: by the stream's limits, a purge, or another reader`,
  };
}
