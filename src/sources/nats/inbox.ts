/** What JetStream has given to one connection: messages in the order of the stream, whatever it gives twice. */

import type { Msg, NatsConnection, Subscription } from "@nats-io/nats-core";
import { SourceStopped } from "../../definitions/sources/kind.ts";

/** A message that JetStream gave. */
export interface Given {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Msg["headers"];
  /** Its number in the stream. */
  readonly sequence: number;
  /** The number of this delivery: the consumer counts them without gaps. */
  readonly delivery: number;
  readonly timeMs: number;
  /** Messages that the consumer had not given yet when it gave this one. */
  readonly pending: number;
  /** The subject that takes the acknowledgement. */
  readonly reply: string;
}

/** Why a pull ended before it had all. */
interface End {
  readonly code: number;
  readonly description: string;
}

export class Inbox {
  readonly #connection: NatsConnection;
  readonly #subscription: Subscription;
  readonly subject: string;
  #arrived: Given[] = [];
  #end: End | undefined;
  #broken: Error | undefined;
  #happens = Promise.withResolvers<void>();

  /** @param subject a new one, which nobody else gets */
  constructor(connection: NatsConnection, subject: string) {
    this.#connection = connection;
    this.subject = subject;
    this.#subscription = connection.subscribe(subject, { callback: (error, message) => this.#take(error, message) });
    void this.#watch();
    void connection.closed().then(() => this.#break(new Error("the connection to the NATS server broke")));
  }

  /** Forgets how the last pull ended. */
  begin(): void {
    this.#end = undefined;
  }

  /** What has arrived since the last call. @throws when nothing more can arrive */
  taken(): Given[] {
    if (this.#broken) throw this.#broken;
    const arrived = this.#arrived;
    this.#arrived = [];
    return arrived;
  }

  get end(): End | undefined {
    return this.#end;
  }

  /** Waits until something arrives, or the pull ends, or the connection breaks, or the time is over. */
  async wait(ms: number): Promise<void> {
    if (this.#arrived.length > 0 || this.#end || this.#broken) return;
    this.#happens = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.#happens.resolve(), ms);
    await this.#happens.promise;
    clearTimeout(timer);
  }

  close(): void {
    this.#subscription.unsubscribe();
  }

  #take(error: Error | void | null, message: Msg): void {
    if (error) {
      this.#break(
        new SourceStopped(
          `the NATS user may not subscribe to ${this.subject.slice(0, this.subject.lastIndexOf("."))}.>: allow it, or set \`inbox\``,
        ),
      );
      return;
    }
    const given = givenOf(message);
    if (given) this.#arrived.push(given);
    // 100: a sign of life.
    else if (message.headers && message.headers.code !== 100) this.#end = message.headers;
    this.#happens.resolve();
  }

  /** Refusals of what is published come on their own, without an answer. */
  async #watch(): Promise<void> {
    for await (const status of this.#connection.status())
      if (status.type === "error" && status.error.name === "PermissionViolationError" && "subject" in status.error)
        this.#break(new SourceStopped(`the NATS user may not use ${String(status.error.subject)}: allow it, then resume`));
  }

  #break(error: Error): void {
    this.#broken ??= error;
    this.#happens.resolve();
  }
}

/** Undefined: it is none of the stream's, but says how a pull ended. */
function givenOf({ subject, data, headers, reply = "" }: Msg): Given | undefined {
  const parts = reply.split(".");
  // $JS.ACK.<stream>.<consumer>.<attempt>.<sequence>.<delivery>.<time>.<pending>; with <domain>.<account> before the stream since 2.9, in some
  // servers, and something random behind it.
  if (parts[0] !== "$JS" || parts[1] !== "ACK") return undefined;
  const [sequence, delivery, time, pending] = parts.slice(parts.length === 9 ? 5 : 7);
  return {
    subject,
    data,
    headers,
    sequence: Number(sequence),
    delivery: Number(delivery),
    timeMs: Number(BigInt(time ?? 0) / 1_000_000n),
    pending: Number(pending),
    reply,
  };
}
