/** Messages that have arrived over one connection and wait until they are read, in their order, as many as memory allows. */

import { MiB } from "../../core/limits.ts";
import type { PublishPacket } from "./packets.ts";

/** Bytes of messages that wait here. Ours: a quarter of an object's 128 MB (platform). What is beyond is not taken, and comes again. */
const WAITING_BYTES = 32 * MiB;

/** One for each connection. */
export class ArrivedMessages {
  #messages: PublishPacket[] = [];
  #bytes = 0;
  /** More came than can wait here: the rest comes again over the next connection. */
  isFull = false;

  get count(): number {
    return this.#messages.length;
  }

  /** Keeps a message, unless it is full. */
  add(message: PublishPacket): void {
    // From the first on that is not taken, none is: they come again in order.
    this.isFull ||= this.#bytes > WAITING_BYTES;
    if (this.isFull) return;
    this.#messages.push(message);
    this.#bytes += message.payload?.length ?? 0;
  }

  /** The next messages, of at most so many bytes, but one at least if there is one. */
  take(limit: number, bytes: number): PublishPacket[] {
    let count = 0;
    let size = 0;
    for (const message of this.#messages.slice(0, limit)) {
      size += message.payload?.length ?? 0;
      if (count > 0 && size > bytes) break;
      count++;
    }
    const taken = this.#messages.splice(0, count);
    for (const { payload } of taken) this.#bytes -= payload?.length ?? 0;
    return taken;
  }
}
