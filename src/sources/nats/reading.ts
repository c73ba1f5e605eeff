/** Reads a durable consumer: in the order of the stream, each message until it is acknowledged. */

import { createInbox, type NatsConnection } from "@nats-io/nats-core";
import { type Change, type Connection, type Portion } from "../../definitions/sources/kind.ts";
import { isoTime } from "../../core/iso-time.ts";
import { MiB } from "../../core/limits.ts";
import type { JsonObject } from "../../core/event.ts";
import { payloadOf } from "../payload.ts";
import { ACK_WAIT_MS, type NatsCursor, type Ready, redeliver } from "./consumer.ts";
import { type Given, Inbox } from "./inbox.ts";
import { disconnect, flush, type JetStream } from "./server.ts";
import type { NatsSettings } from "./settings.ts";

/** Milliseconds that a read waits for messages, if the source stays connected. Engine: at most 10 s. */
const WAIT_MS = 9_000;
/** Milliseconds after which a pull that says nothing more is over. Ours: its end is lost only where the connection is. */
const SILENCE_MS = 2_000;
/** Bytes of payloads in one portion, and in one pull. Ours: parsed, they take several times that of an object's 128 MB (platform). */
const PORTION_BYTES = 4 * MiB;
const PULL_BYTES = 8 * MiB;
/** Numbers of the stream without a message of concern, after which the cursor passes them. Ours: a write each. */
const PASSED = 1_000;
/** Looks for what an earlier connection has not acknowledged, and the milliseconds between two. Ours. */
const LOOKS = 12;
const LOOK_MS = 250;

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
  readonly #inbox: Inbox;
  readonly #isOurs: boolean;
  /** What came and was not part of a portion yet, in the stream's order. */
  #waiting: Given[] = [];
  /** By number: what this connection has and has not acknowledged. */
  readonly #held = new Map<number, string>();
  readonly #portions = new WeakMap<Portion, readonly Given[]>();
  #cursor: NatsCursor;
  #isCursorNew: boolean;
  /** Last number in a portion. */
  #read: number;
  #delivery: number;
  /** The consumer has given messages to an earlier connection, which come again: before them, nothing newer may be read. */
  #isUnsettled: boolean;
  #isFirst = true;
  /** The pull that is open at the server: until when (milliseconds since 1970), and how many more messages it brings. */
  #open = { until: 0, left: 0 };
  #last: Given | undefined;
  /** The last number that the stream had, before the last pull began. */
  #streamEnd: number;
  #info: Ready["info"];

  constructor(server: NatsConnection, api: JetStream, settings: NatsSettings, { info, isOurs }: Ready, place: NatsPlace) {
    const { cursor, isCursorNew, streamEnd } = place;
    this.#streamEnd = streamEnd;
    this.#server = server;
    this.#api = api;
    this.#settings = settings;
    this.#isOurs = isOurs;
    this.#info = info;
    this.#cursor = cursor;
    this.#isCursorNew = isCursorNew;
    this.#read = cursor.through;
    this.#delivery = info.delivered.consumer_seq;
    this.#isUnsettled = info.num_ack_pending > 0;
    this.#inbox = new Inbox(server, createInbox(settings.inbox));
  }

  async read(limit: number): Promise<Portion> {
    if (this.#isUnsettled) await this.#settle(limit);
    if (this.#waiting.length < limit) await this.#pull(limit);
    const messages = this.#portionOf(limit);
    const last = messages.at(-1);
    if (last === undefined) return this.#nothing();
    const cursor = this.#cursorAfter(messages);
    const entries = this.#waiting.length + (this.#last?.pending ?? 0);
    const portion: Portion = {
      changes: messages.map((message) => this.#changeOf(message)),
      cursor: { ...cursor },
      position: String(last.sequence),
      hasMore: entries > 0 || this.#settings.stay === true,
      lag: lagOf(entries, this.#waiting[0] ?? last),
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
    if (messages.length === 0) return;
    for (const { sequence, reply } of messages) this.#answer(sequence, this.#held.get(sequence) ?? reply, "+ACK");
    await flush(this.#server);
  }

  async close(): Promise<void> {
    try {
      // So that they come again at once, and not after the wait for acknowledgements.
      for (const [sequence, reply] of this.#held) this.#answer(sequence, reply, "-NAK");
      this.#inbox.close();
      await disconnect(this.#server);
    } catch {
      // It is closed already.
    }
  }

  #answer(sequence: number, reply: string, answer: string): void {
    this.#server.publish(reply, answer);
    this.#held.delete(sequence);
  }

  /**
   * Asks for messages, unless a pull is still open, and takes what comes.
   *
   * @param enough messages: then it need not wait for the pull's end
   */
  async #pull(limit: number, isAtOnce = this.#settings.stay !== true, enough = Number.POSITIVE_INFINITY): Promise<void> {
    let all = 0;
    const now = Date.now();
    const batch = limit - this.#waiting.length;
    if (now >= this.#open.until || this.#open.left <= 0 || this.#inbox.end) {
      this.#inbox.begin();
      this.#open = { until: isAtOnce ? 0 : now + WAIT_MS, left: batch };
      this.#api.pull(this.#inbox.subject, {
        batch,
        max_bytes: PULL_BYTES,
        ...(isAtOnce ? { no_wait: true } : { expires: WAIT_MS * 1_000_000 }),
      });
    }
    const until = isAtOnce ? Number.POSITIVE_INFINITY : now + WAIT_MS;
    let isSilent = false;
    while (!isSilent && !this.#inbox.end && Date.now() < until) {
      await this.#inbox.wait(isAtOnce ? SILENCE_MS : until - Date.now());
      const came = await this.#take();
      isSilent = came === 0;
      all += came;
      if (!isAtOnce && came > 0) return;
      // The last that there is: nothing says that a pull which asks for more has ended.
      const isLast = came > 0 && this.#last?.pending === 0 && !this.#isUnsettled;
      if (all >= enough || this.#waiting.length >= limit || isLast) return;
    }
    await this.#take();
    const { end } = this.#inbox;
    if (end?.code === 409 && /bytes/i.test(end.description) && this.#waiting.length === 0) {
      // One that is larger than all of a pull comes alone.
      this.#inbox.begin();
      this.#api.pull(this.#inbox.subject, { batch: 1, no_wait: true });
      await this.#inbox.wait(SILENCE_MS);
      await this.#take();
    } else if (end?.code === 409 && /deleted|not found/i.test(end.description))
      throw new Error(`the consumer ${this.#api.durable} was deleted`);
    else if (end?.code === 503) throw new Error(`the NATS server has no consumer ${this.#api.durable} any more, or it is not ready`);
  }

  /** Puts what came in order. */
  async #take(): Promise<number> {
    const came = this.#inbox.taken();
    this.#open.left -= came.length;
    for (const message of came) {
      const hasJumped = message.delivery !== this.#delivery + 1;
      this.#delivery = message.delivery;
      this.#last = message;
      const isHeld = this.#held.has(message.sequence);
      this.#held.set(message.sequence, message.reply);
      // Stored, and its acknowledgement was lost.
      if (message.sequence <= this.#cursor.through && !isHeld) this.#answer(message.sequence, message.reply, "+ACK");
      else if (!isHeld) this.#waiting.push(message);
      // At first the server's count may be behind, in a cluster.
      if (hasJumped && !(this.#isFirst || this.#isUnsettled)) throw new Error(this.#otherReader());
      this.#isFirst = false;
    }
    return came.length;
  }

  /** Collects all that an earlier connection was given and did not acknowledge, so that it is read in order. */
  async #settle(limit: number): Promise<void> {
    if (this.#isOurs) await redeliver(this.#api, this.#info);
    let open = this.#info.num_ack_pending;
    for (let look = 1; look <= LOOKS; look++) {
      await this.#pull(Math.max(limit, this.#waiting.length + open), true, open);
      await flush(this.#server);
      const info = await this.#api.consumerInfo();
      if (info === undefined) throw new Error(`the consumer ${this.#api.durable} was deleted`);
      if (info.num_ack_pending <= this.#held.size) {
        this.#waiting = this.#waiting.toSorted((a, b) => a.sequence - b.sequence);
        this.#isUnsettled = false;
        return;
      }
      open = info.num_ack_pending - this.#held.size;
      await scheduler.wait(LOOK_MS);
    }
    throw new Error(
      `messages that were given to an earlier connection have not come back yet: the consumer ${this.#api.durable} gives them again within ` +
        `${ACK_WAIT_MS / 1_000} s, or another client reads from it`,
    );
  }

  #otherReader(): string {
    return `another client reads from the consumer ${this.#api.durable}, which belongs to this source alone: name one of its own in \`durable\``;
  }

  #portionOf(limit: number): Given[] {
    let bytes = 0;
    let count = 0;
    while (count < limit && count < this.#waiting.length) {
      bytes += this.#waiting[count]?.data.length ?? 0;
      if (count > 0 && bytes > PORTION_BYTES) break;
      count++;
    }
    return this.#waiting.splice(0, count);
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
    if (this.#held.size === 0 && (subjects === undefined ? this.#streamEnd > this.#read : this.#streamEnd >= this.#read + PASSED)) {
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
