/**
 * A subscription's WebSocket as server-sent events.
 *
 * The response lives in the worker, where waiting costs nothing; the log object sleeps at the other end of the socket.
 * The reader sets the pace: the log sends no further than a window beyond the checkpoints that are answered, and they
 * are answered as the reader takes what came before them.
 */

import { FEED_ANSWER_MS, FEED_HEARTBEAT_MS, FEED_RETRY_MS } from "../limits.ts";

/** The events of the socket, until one of the sides ends it, or the reader takes nothing for {@link FEED_ANSWER_MS}. */
export function serverSentEvents(socket: WebSocket): ReadableStream<Uint8Array> {
  const inbox = new Inbox(socket);
  const utf8 = new TextEncoder();
  let stuck: ReturnType<typeof setTimeout> | undefined;
  let head = `retry: ${FEED_RETRY_MS}\n\n`;
  let gone = false;

  return new ReadableStream<Uint8Array>(
    {
      /** Called when the reader has taken everything. */
      async pull(controller) {
        clearTimeout(stuck);
        const messages = head === "" ? await inbox.take(FEED_HEARTBEAT_MS) : [];
        if (gone) return;
        if (messages === "closed") {
          // A comment, for people who look at the stream. Browsers come back by themselves.
          if (inbox.reason !== "") controller.enqueue(utf8.encode(`: ${inbox.reason}\n\n`));
          return controller.close();
        }
        const { text, checkpoints } = toServerSentEvents(messages);
        controller.enqueue(utf8.encode(head + text || ":\n\n"));
        head = "";
        if (socket.readyState === WebSocket.OPEN) for (const checkpoint of checkpoints) socket.send(checkpoint);
        stuck = setTimeout(() => {
          socket.close();
          controller.error(new Error(`the reader has taken nothing for ${FEED_ANSWER_MS} ms`));
        }, FEED_ANSWER_MS);
      },
      cancel() {
        gone = true;
        clearTimeout(stuck);
        socket.close();
      },
    },
    { highWaterMark: 0 }, // else the stream would run one step ahead of its reader
  );
}

/**
 * An event keeps the type `message`, so that `onmessage` gets all of them: what it is stands in its data.
 * A checkpoint becomes an event without data, which by the HTML standard is not dispatched but moves `Last-Event-ID`:
 * a reader whose filter lets nothing through still resumes near the head.
 */
function toServerSentEvents(messages: readonly string[]): { text: string; checkpoints: string[] } {
  const checkpoints: string[] = [];
  const blocks = messages.map((message) => {
    const { position, checkpoint } = JSON.parse(message) as { position: number; checkpoint?: { position: number } };
    if (checkpoint) checkpoints.push(message);
    // JSON may have line breaks between its tokens. A reader puts the lines together again.
    return checkpoint ? `id: ${checkpoint.position}\n\n` : `id: ${position}\ndata: ${message.replaceAll(/\r\n?|\n/g, "\ndata: ")}\n\n`;
  });
  return { text: blocks.join(""), checkpoints };
}

/** A socket's messages, to be waited for. */
class Inbox {
  /** Why the other side closed the socket. */
  reason = "";
  #messages: string[] = [];
  #closed = false;
  #arrived = () => {};

  constructor(socket: WebSocket) {
    socket.addEventListener("message", ({ data }) => {
      this.#messages.push(data as string);
      this.#arrived();
    });
    socket.addEventListener("close", ({ reason }) => {
      this.reason = reason;
      this.#closed = true;
      this.#arrived();
    });
    socket.accept();
  }

  /** All messages that are there, once there is one; none when the time is over. */
  async take(waitMs: number): Promise<string[] | "closed"> {
    if (this.#messages.length === 0 && !this.#closed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#arrived = resolve;
      const timer = setTimeout(resolve, waitMs);
      await promise;
      clearTimeout(timer);
    }
    return this.#messages.length === 0 && this.#closed ? "closed" : this.#messages.splice(0);
  }
}
