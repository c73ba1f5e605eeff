/**
 * The messages that the consumer has given to one connection: pulls them, keeps them in the order of the stream until they are read, and
 * acknowledges them. It keeps nothing beyond the connection.
 */

import { createInbox, type NatsConnection } from "@nats-io/nats-core";
import { MiB } from "../../core/limits.ts";
import { ACK_WAIT_MS, type Ready, redeliver } from "./consumer.ts";
import { type Given, Inbox } from "./inbox.ts";
import { flush, type JetStream } from "./server.ts";
import type { NatsSettings } from "./settings.ts";

/** Milliseconds that a read waits for messages, if the source stays connected. Engine: at most 10 s. */
const WAIT_MS = 9_000;
/** Milliseconds after which a pull that says nothing more is over. Ours: its end is lost only where the connection is. */
const SILENCE_MS = 2_000;
/** Bytes of payloads in one portion, and in one pull. Ours: parsed, they take several times that of an object's 128 MB (platform). */
const PORTION_BYTES = 4 * MiB;
const PULL_BYTES = 8 * MiB;
/** Looks for what an earlier connection has not acknowledged, and the milliseconds between two. Ours. */
const LOOKS = 12;
const LOOK_MS = 250;

/** One for each connection. */
export class PulledMessages {
  readonly #server: NatsConnection;
  readonly #api: JetStream;
  readonly #settings: NatsSettings;
  readonly #inbox: Inbox;
  readonly #isOurs: boolean;
  readonly #through: () => number;
  /** What came and was not read yet, in the stream's order. */
  #waiting: Given[] = [];
  /** By number: what this connection has and has not acknowledged. */
  readonly #held = new Map<number, string>();
  #delivery: number;
  /** The consumer has given messages to an earlier connection, which come again: before them, nothing newer may be read. */
  #isUnsettled: boolean;
  #isFirst = true;
  /** The pull that is open at the server: until when (milliseconds since 1970), and how many more messages it brings. */
  #open = { until: 0, left: 0 };
  #last: Given | undefined;
  readonly #info: Ready["info"];

  /** @param through up to this number, messages that come again are stored already */
  constructor(server: NatsConnection, api: JetStream, settings: NatsSettings, { info, isOurs }: Ready, through: () => number) {
    this.#server = server;
    this.#api = api;
    this.#settings = settings;
    this.#isOurs = isOurs;
    this.#through = through;
    this.#info = info;
    this.#delivery = info.delivered.consumer_seq;
    this.#isUnsettled = info.num_ack_pending > 0;
    this.#inbox = new Inbox(server, createInbox(settings.inbox));
  }

  /** Sees to it that so many messages can be taken, as far as there are any. */
  async fill(limit: number): Promise<void> {
    if (this.#isUnsettled) await this.#settle(limit);
    if (this.#waiting.length < limit) await this.#pull(limit);
  }

  /** The next messages for a portion: one at least, if there is one. */
  take(limit: number): Given[] {
    let bytes = 0;
    let count = 0;
    while (count < limit && count < this.#waiting.length) {
      bytes += this.#waiting[count]?.data.length ?? 0;
      if (count > 0 && bytes > PORTION_BYTES) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** How many messages the consumer still has to be read, as far as is known. */
  get left(): number {
    return this.#waiting.length + (this.#last?.pending ?? 0);
  }

  /** The one that is taken next, if it has come. */
  get next(): Given | undefined {
    return this.#waiting[0];
  }

  /** All that this connection was given is acknowledged. */
  get isAcknowledged(): boolean {
    return this.#held.size === 0;
  }

  async acknowledge(messages: readonly Given[]): Promise<void> {
    for (const { sequence, reply } of messages) this.#answer(sequence, this.#held.get(sequence) ?? reply, "+ACK");
    await flush(this.#server);
  }

  close(): void {
    // So that they come again at once, and not after the wait for acknowledgements.
    for (const [sequence, reply] of this.#held) this.#answer(sequence, reply, "-NAK");
    this.#inbox.close();
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
      const came = await this.#arrange();
      isSilent = came === 0;
      all += came;
      if (!isAtOnce && came > 0) return;
      // The last that there is: nothing says that a pull which asks for more has ended.
      const isLast = came > 0 && this.#last?.pending === 0 && !this.#isUnsettled;
      if (all >= enough || this.#waiting.length >= limit || isLast) return;
    }
    all += await this.#arrange();
    const { end } = this.#inbox;
    if (end?.code === 409 && /bytes/i.test(end.description) && this.#waiting.length === 0) {
      // One that is larger than all of a pull comes alone.
      this.#inbox.begin();
      this.#api.pull(this.#inbox.subject, { batch: 1, no_wait: true });
      await this.#inbox.wait(SILENCE_MS);
      await this.#arrange();
    } else if (end?.code === 409 && /deleted|not found/i.test(end.description))
      throw new Error(`the consumer ${this.#api.durable} was deleted`);
    else if (end?.code === 503 || (all === 0 && (await this.#isGone())))
      throw new Error(`the NATS server has no consumer ${this.#api.durable} any more, or it is not ready`);
  }

  /** NATS 2.9 does not answer a pull from a consumer that is gone. */
  async #isGone(): Promise<boolean> {
    return this.#inbox.end === undefined && (await this.#api.consumerInfo()) === undefined;
  }

  /** Puts what came in order. */
  async #arrange(): Promise<number> {
    const came = this.#inbox.taken();
    this.#open.left -= came.length;
    for (const message of came) {
      const hasJumped = message.delivery !== this.#delivery + 1;
      this.#delivery = message.delivery;
      this.#last = message;
      const isHeld = this.#held.has(message.sequence);
      this.#held.set(message.sequence, message.reply);
      // Stored, and its acknowledgement was lost.
      if (message.sequence <= this.#through() && !isHeld) this.#answer(message.sequence, message.reply, "+ACK");
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
}
